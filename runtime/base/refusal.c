/* SPDX-License-Identifier: Apache-2.0 */
/* refusal: see refusal.h. */
#include "base/refusal.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/sys.h"

static const struct known {
	long call;
	const char *name;
	const char *since; /* version of Linux */
	long args[6]; /* the kernel says EINVAL, or EBADF */
	bool is_privileged; /* EPERM may be the kernel's */
} known[] = {
	{ SYS_clone3, "clone3", "5.3", { 0 }, false },
	{ SYS_openat2, "openat2", "5.6", { -1 }, false },
	{ SYS_close_range, "close_range", "5.9", { 1, 0 }, false },
	{ SYS_pidfd_open, "pidfd_open", "5.3", { -1 }, false },
	{ SYS_pidfd_getfd, "pidfd_getfd", "5.6", { -1, -1, -1 }, false },
	{ SYS_pidfd_send_signal, "pidfd_send_signal", "5.1", { -1, 0, 0, -1 }, false },
	{ SYS_mount_setattr, "mount_setattr", "5.12", { -1, 0, -1 }, false },
	{ SYS_open_tree, "open_tree", "5.2", { -1, 0, -1 }, false },
	{ SYS_move_mount, "move_mount", "5.2", { -1, 0, -1, 0, -1 }, true },
	{ SYS_fsopen, "fsopen", "5.2", { 0, -1 }, true },
	{ SYS_fspick, "fspick", "5.2", { -1, 0, -1 }, true },
	{ SYS_fsmount, "fsmount", "5.2", { -1, -1, 0 }, true },
	{ SYS_fsconfig, "fsconfig", "5.2", { -1 }, false },
};

static bool is_refused(const struct known *k, bool is_capable)
{
	const long *a = k->args;

	if (syscall(k->call, a[0], a[1], a[2], a[3], a[4], a[5]) >= 0)
		return false;
	return errno == ENOSYS || (errno == EPERM && (is_capable || !k->is_privileged));
}

bool refusal_is(long call)
{
	int errnum = errno;
	bool refused = false;

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (known[i].call == call)
			refused = is_refused(&known[i], true);
	errno = errnum;
	return refused;
}

void refusal_explain(struct err *e)
{
	bool is_root = geteuid() == 0;
	char names[256] = "";

	if (e->code != EPERM && e->code != ENOSYS)
		return;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		const struct known *k = &known[i];
		size_t used = strlen(names);
		if (is_refused(k, is_root))
			snprintf(names + used, sizeof names - used, "%s%s (Linux %s)", used ? ", " : "", k->name, k->since);
	}
	if (!*names)
		return;
	struct err first = *e;
	err_msg(e, first.code, "%s (this system refuses %s: allow it in the seccomp profile that hart runs under, or "
			       "use a newer kernel)", first.text, names);
}
