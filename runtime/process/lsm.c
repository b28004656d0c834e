/* SPDX-License-Identifier: Apache-2.0 */
/* lsm: see lsm.h. */
#include "process/lsm.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/procfd.h"

static bool is_profile(const char *apparmor)
{
	return apparmor && *apparmor && strcmp(apparmor, "unconfined");
}

static bool is_label(const char *selinux)
{
	return selinux && *selinux;
}

static bool has_apparmor(void)
{
	char text[8];
	struct err ignored;

	return io_read_small(AT_FDCWD, "/sys/module/apparmor/parameters/enabled", text, sizeof text,
			     &ignored) > 0 && text[0] == 'Y';
}

int lsm_check(const char *apparmor, const char *selinux, struct err *e)
{
	if (is_profile(apparmor) && !has_apparmor())
		return err_msg(e, ENOTSUP, "apparmor profile \"%s\" is specified in config, but apparmor "
			       "is not enabled or not supported", apparmor);
	if (is_label(selinux) && access("/sys/fs/selinux/enforce", F_OK) < 0)
		return err_msg(e, ENOTSUP, "selinux label \"%s\" is specified in config, but selinux is "
			       "disabled or not supported", selinux);
	return 0;
}

/* A runtime that is in a profile itself gives it on: leaving it must be asked for. */
static bool is_confined(int procfd)
{
	struct err ignored;
	_cleanup_fd_ int fd = procfd_openat(procfd, "self/attr/apparmor/current", O_RDONLY, &ignored);
	char text[16];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

	if (n < 0)
		return false;
	text[n] = '\0';
	return strcmp(text, "unconfined\n") && strcmp(text, "unconfined");
}

static bool has_file(int procfd, const char *path)
{
	struct err ignored;
	_cleanup_fd_ int fd = procfd_openat(procfd, path, O_WRONLY, &ignored);

	return fd >= 0;
}

static bool is_change(int procfd, const char *apparmor)
{
	return is_profile(apparmor) || (apparmor && *apparmor && is_confined(procfd));
}

/* AppArmor's own file, or on kernels before 5.8 the one that modules share. */
static int apply_apparmor(int procfd, const char *profile, struct err *e)
{
	char text[4096];
	int n = snprintf(text, sizeof text, "exec %s", profile);

	if (n >= (int)sizeof text)
		return err_msg(e, ENAMETOOLONG, "the name is too long");
	/* One write: the kernel takes no part of a name. */
	int r = procfd_write(procfd, "self/attr/apparmor/exec", text, e);
	if (r == -ENOENT && !has_file(procfd, "self/attr/apparmor/exec"))
		r = procfd_write(procfd, "self/attr/exec", text, e);
	return r;
}

int lsm_apply_exec(int procfd, const char *apparmor, const char *selinux, struct err *e)
{
	if (is_label(selinux) && procfd_write(procfd, "self/attr/exec", selinux, e) < 0)
		return err_in(e, "apply selinux label \"%s\"", selinux);
	if (is_change(procfd, apparmor) && apply_apparmor(procfd, apparmor, e) < 0)
		return err_in(e, "apply apparmor profile \"%s\"", apparmor);
	return 0;
}
