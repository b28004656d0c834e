/* SPDX-License-Identifier: Apache-2.0 */
/* pidfile: see pidfile.h. Callers read the file as soon as it appears, so it appears whole. */
#include "pidfile.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "wire/fdsocket.h"

static int pidfile_open_folder(const char *path, const char *name)
{
	char folder[PATH_MAX];
	size_t n = (size_t)(name - path);

	if (n >= sizeof folder) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(folder, path, n);
	folder[n] = '\0';
	return open(n ? folder : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int pidfile_write(const char *path, pid_t pid, struct err *e)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	_cleanup_fd_ int dir = pidfile_open_folder(path, name);
	char text[16];

	if (dir < 0)
		return err_set(e, errno, "write pid file %s", path);
	int n = snprintf(text, sizeof text, "%d", pid);
	int r = io_replace_at(dir, name, text, (size_t)n, 0644, e);
	return r < 0 ? err_in(e, "write pid file %s", path) : 0;
}

int pidfile_give_pidfd(const char *path, int pidfd, const char *text, struct err *e)
{
	return fdsocket_give(path, pidfd, text, strlen(text), "pidfd socket", e);
}
