/* SPDX-License-Identifier: Apache-2.0 */
/* program: see program.h. */
#include "process/program.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/sys.h"

/* 0 when `path` is something that execve may take, else the errno. */
static int program_check(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	/* As execve will look at it: with the capabilities that are in force, which access(2) leaves out for
	 * a user other than root. A sandbox that does not know the call leaves that to execve. */
	if (sys_faccessat2(AT_FDCWD, path, X_OK, AT_EACCESS) == 0)
		return 0;
	if (errno == ENOSYS || errno == EPERM)
		return access(path, X_OK) < 0 ? errno : 0;
	return errno;
}

static int program_refuse(const char *name, int errnum, struct err *e)
{
	switch (errnum) {
	case ENOENT:
	case ENOTDIR:
		return err_msg(e, ENOENT, "exec: \"%s\": stat %s: no such file or directory", name,
			       name);
	case EISDIR:
		return err_msg(e, EISDIR, "exec: \"%s\": is a directory: permission denied", name);
	case EACCES:
	case EPERM:
		return err_msg(e, errnum, "exec: \"%s\": permission denied", name);
	default:
		return err_set(e, errnum, "exec: \"%s\"", name);
	}
}

static const char *search_path(char *const *env)
{
	for (; *env; env++)
		if (!strncmp(*env, "PATH=", 5))
			return *env + 5;
	return PROGRAM_PATH;
}

int program_find(struct arena *a, const char *name, char *const *env, char **ret, struct err *e)
{
	int denied = 0;

	if (!*name)
		return err_msg(e, ENOENT, "exec: \"\": executable file not found in $PATH");
	if (strchr(name, '/')) {
		int errnum = program_check(name);
		*ret = arena_strdup(a, name);
		return errnum ? program_refuse(name, errnum, e) : *ret ? 0 : err_set(e, ENOMEM, "exec");
	}
	for (const char *dir = search_path(env);; dir++) {
		int n = (int)strcspn(dir, ":");
		char *path = n ? arena_printf(a, "%.*s/%s", n, dir, name)
			       : arena_printf(a, "./%s", name);
		if (!path)
			return err_set(e, ENOMEM, "search \"%s\" in $PATH", name);
		int errnum = program_check(path);
		*ret = path;
		if (!errnum)
			return 0;
		if (errnum == EACCES)
			denied = errnum;
		dir += n;
		if (!*dir)
			break;
	}
	return denied ? program_refuse(name, denied, e)
		      : err_msg(e, ENOENT, "exec: \"%s\": executable file not found in $PATH", name);
}
