/* lsm: see lsm.h. */
#include "lsm.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/procfd.h"

static bool apparmor_enabled(void)
{
	char text[8];
	struct err ignored;

	return io_read_small(AT_FDCWD, "/sys/module/apparmor/parameters/enabled", text, sizeof text,
			     &ignored) > 0 && text[0] == 'Y';
}

bool lsm_enabled(enum lsm which)
{
	struct stat st;

	return which == LSM_APPARMOR ? apparmor_enabled()
				     : stat("/sys/fs/selinux/enforce", &st) == 0;
}

/* "exec PROFILE": AppArmor's own file where there is one, else the file that LSMs share. */
static int apply_apparmor(int procfd, const char *profile, struct err *e)
{
	char text[512];
	struct err own;

	if (snprintf(text, sizeof text, "exec %s", profile) >= (int)sizeof text)
		return err_set(e, ENAMETOOLONG, "apparmor profile \"%s\"", profile);
	int r = procfd_write(procfd, "self/attr/apparmor/exec", text, &own);
	if (r == -ENOENT)
		r = procfd_write(procfd, "self/attr/exec", text, e);
	else if (r < 0)
		*e = own;
	if (r < 0 && !apparmor_enabled())
		return err_msg(e, ENOTSUP, "apply apparmor profile \"%s\": this kernel has apparmor not "
			       "enabled", profile);
	return r < 0 ? err_in(e, "apply apparmor profile \"%s\"", profile) : 0;
}

int lsm_apply_exec(int procfd, const char *apparmor, const char *selinux, struct err *e)
{
	int r = 0;

	if (selinux && *selinux) {
		r = procfd_write(procfd, "self/attr/exec", selinux, e);
		if (r < 0)
			return err_in(e, "apply selinux label \"%s\" (is SELinux enabled?)", selinux);
	}
	if (apparmor && *apparmor && strcmp(apparmor, "unconfined"))
		r = apply_apparmor(procfd, apparmor, e);
	return r;
}
