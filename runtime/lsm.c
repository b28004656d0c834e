/* lsm: see lsm.h. */
#include "lsm.h"

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

/* AppArmor's own file, or on kernels before 5.8 the one that modules share. */
static int apply_apparmor(int procfd, const char *profile, struct err *e)
{
	_cleanup_fd_ int fd = procfd_openat(procfd, "self/attr/apparmor/exec", O_WRONLY, e);
	char text[512];
	int n = snprintf(text, sizeof text, "exec %s", profile);

	if (n >= (int)sizeof text)
		return err_set(e, ENAMETOOLONG, "apparmor profile \"%s\"", profile);
	if (fd == -ENOENT)
		fd = procfd_openat(procfd, "self/attr/exec", O_WRONLY, e);
	if (fd < 0)
		return fd;
	/* One write: the kernel takes no part of a name. */
	return write(fd, text, (size_t)n) < 0 ? err_set(e, errno, "change to it at exec") : 0;
}

int lsm_apply_exec(int procfd, const char *apparmor, const char *selinux, struct err *e)
{
	if (is_label(selinux) && procfd_write(procfd, "self/attr/exec", selinux, e) < 0)
		return err_in(e, "apply selinux label \"%s\"", selinux);
	if (is_profile(apparmor) && apply_apparmor(procfd, apparmor, e) < 0)
		return err_in(e, "apply apparmor profile \"%s\"", apparmor);
	return 0;
}
