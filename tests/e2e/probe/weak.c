/*
 * weak: hart with one defence switched off, which HART_WEAK names, so that tests can show that their attack
 * works when nothing stands in its way. Linked with --wrap; never installed.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"
#include "rootfs/mount.h"

static char off[32];

/* At the start: hart forgets its environment before content runs. */
__attribute__((constructor)) static void read_environment(void)
{
	const char *name = getenv("HART_WEAK");

	if (name)
		strncpy(off, name, sizeof off - 1);
}

static bool is_off(const char *defence)
{
	return !strcmp(off, defence);
}

int __real_fd_close_from(unsigned first, const int *keep, size_t n, struct err *e);
int __wrap_fd_close_from(unsigned first, const int *keep, size_t n, struct err *e);

/* "cloexec": descriptors are only marked to be closed at execve. */
int __wrap_fd_close_from(unsigned first, const int *keep, size_t n, struct err *e)
{
	if (!is_off("cloexec"))
		return __real_fd_close_from(first, keep, n, e);
	return sys_close_range(first, ~0U, CLOSE_RANGE_CLOEXEC) < 0 ? -errno : 0;
}

int __real_null_clone(struct err *e);
int __wrap_null_clone(struct err *e);
int __real_null_reopen(struct err *e);
int __wrap_null_reopen(struct err *e);

/* "null": the host's /dev/null itself. */
int __wrap_null_clone(struct err *e)
{
	return is_off("null") ? mount_clone(AT_FDCWD, "/dev/null", false, e) : __real_null_clone(e);
}

int __wrap_null_reopen(struct err *e)
{
	return is_off("null") ? 0 : __real_null_reopen(e);
}
