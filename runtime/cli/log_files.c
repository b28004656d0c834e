/* SPDX-License-Identifier: Apache-2.0 */
/* log_files: see log_files.h. */
#include "log_files.h"

#include <fcntl.h>
#include <stdio.h>

#include "base/err.h"
#include "base/fd.h"

/* From the newest on: a rotation moves files to higher numbers, so that one may be met twice but none is missed.
 * While it goes on a number is free. */
int log_files_open(struct log_files *f, int dir_fd, int after, struct err *e)
{
	f->n = 0;
	for (int i = 0; i < LOG_FILES_MAX; i++) {
		char name[16];
		snprintf(name, sizeof name, i ? "log.%d" : "log", i);
		_cleanup_fd_ int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0 && errno != ENOENT)
			return err_set(e, errno, "open %s of the service", name);
		if (fd >= 0 && fd_is_same_file(fd, after))
			return 0;
		if (fd >= 0 && !(f->n && fd_is_same_file(fd, f->fd[f->n - 1])))
			f->fd[f->n++] = fd_take(&fd);
	}
	return 0;
}

void log_files_close(struct log_files *f)
{
	while (f->n)
		fd_close(&f->fd[--f->n]);
}
