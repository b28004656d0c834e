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

static bool is_off(const char *defence)
{
	const char *off = getenv("HART_WEAK");

	return off && !strcmp(off, defence);
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
