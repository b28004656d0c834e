/* SPDX-License-Identifier: Apache-2.0 */
/* logfile: the file of logpipe.h, rotated by size: log, log.1, … log.N. */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "record/logfile.h"
#include "record/logpipe.h"
#include "record/rotate.h"

static int logfile_open_file(struct logfile *f)
{
	struct stat st;
	int fd = io_open_log(f->dir_fd, f->name, 0640);

	f->fd = fd < 0 ? FD_NONE : fd;
	if (fd < 0)
		return fd;
	f->size = fstat(f->fd, &st) == 0 ? st.st_size : 0;
	return 0;
}

int logfile_open(struct logfile *f, int dir_fd, const char *name, int64_t max_bytes, unsigned keep,
		 struct err *e)
{
	*f = (struct logfile){ .dir_fd = dir_fd, .name = name, .fd = FD_NONE, .max_bytes = max_bytes,
			       .keep = keep };
	int r = logfile_open_file(f);

	return r == -EINVAL ? err_msg(e, EINVAL, "the log is not a regular file") :
	       r < 0	    ? err_set(e, -r, "open the log") :
			      0;
}

void logfile_close(struct logfile *f)
{
	fd_close(&f->fd);
}

/* A rename that fails leaves the file as it is, to grow by as much again: rather that than nothing. */
static void logfile_rotate(struct logfile *f)
{
	int r = rotate_names(f->dir_fd, f->name, f->keep);

	fd_close(&f->fd);
	if (logfile_open_file(f) < 0)
		f->lost++;
	else if (r < 0)
		f->size = 0;
	/* What was cut off lies in the file that has gone. */
	f->torn &= r < 0;
}

void logfile_write(struct logfile *f, const char *record, size_t len)
{
	if (f->max_bytes && f->size && f->size + (int64_t)len > f->max_bytes)
		logfile_rotate(f);
	if (f->fd < 0 && logfile_open_file(f) < 0) {
		f->lost++;
		return;
	}
	/* What a full disk has cut off ends with a line of its own. */
	struct iovec parts[] = { { (char *)"\n", f->torn }, { (char *)record, len } };
	ssize_t n = writev(f->fd, parts, 2);
	if (n > 0)
		f->size += n;
	if (n == (ssize_t)(len + f->torn)) {
		f->torn = false;
		return;
	}
	f->torn |= n > 0;
	f->lost++;
}
