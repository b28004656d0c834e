/* SPDX-License-Identifier: Apache-2.0 */
/* logpipe: see logpipe.h. */
#include "record/logpipe.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "record/logfile.h"

#define READS_A_ROUND 16 /* a flood of output starves nobody */
#define HEAD_MAX 160

static void write_record(struct logpipe *p)
{
	char record[HEAD_MAX + LOG_LINE_MAX + 1], time[CLOCK_TEXT_SIZE];
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	clock_format_utc(&now, time);
	int n = snprintf(record, HEAD_MAX, "%s %s %s %llu ", time, p->of.stream, p->of.member,
			 (unsigned long long)p->generation);
	memcpy(record + n, p->line, p->len);
	record[(size_t)n + p->len] = '\n';
	logfile_write(p->of.file, record, (size_t)n + p->len + 1);
	p->len = 0;
}

static void logpipe_take(struct logpipe *p, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] == '\n') {
			write_record(p);
			continue;
		}
		p->line[p->len++] = data[i];
		if (p->len == LOG_LINE_MAX)
			write_record(p);
	}
}

/* How much it was: 0 or less when there is nothing left for now. */
static ssize_t pump(struct logpipe *p)
{
	char chunk[4096];
	ssize_t n = read(p->read_fd, chunk, sizeof chunk);

	if (n > 0)
		logpipe_take(p, chunk, (size_t)n);
	return n;
}

static void on_output(struct source *s, uint32_t events)
{
	struct logpipe *p = LOOP_OWNER(s, struct logpipe, source);
	int rounds = READS_A_ROUND;

	while (rounds-- && pump(p) > 0)
		;
	/* Nobody holds the other end: what is left was read. */
	if (events & EPOLLHUP && !(events & EPOLLIN))
		loop_del(p->loop, s);
}

static int open_ends(struct logpipe *p, int dir_fd, const char *name, int *ret_write_fd)
{
	if (mkfifoat(dir_fd, name, 0600) < 0 && errno != EEXIST)
		return -errno;
	p->read_fd = openat(dir_fd, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (p->read_fd < 0)
		return -errno;
	if (!ret_write_fd)
		return 0;
	*ret_write_fd = openat(dir_fd, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	return *ret_write_fd < 0 ? -errno : 0;
}

int logpipe_open(struct logpipe *p, struct loop *l, int dir_fd, const struct logpipe_of *of, int *ret_write_fd, struct err *e)
{
	char name[96];

	logpipe_close(p);
	char *line = malloc(LOG_LINE_MAX);
	if (!line)
		return err_set(e, ENOMEM, "open the log of %s", of->member);
	*p = (struct logpipe){ .source = SOURCE_INIT, .loop = l, .of = *of, .read_fd = FD_NONE, .line = line };
	snprintf(name, sizeof name, "%s.%s", of->member, of->stream);
	int r = open_ends(p, dir_fd, name, ret_write_fd);
	if (r < 0)
		r = err_set(e, -r, "open the fifo %s", name);
	else
		r = loop_add(l, &p->source, p->read_fd, EPOLLIN, on_output, e);
	if (r < 0) {
		fd_close(&p->read_fd);
		p->line = NULL;
		free(line);
	}
	return r;
}

void logpipe_close(struct logpipe *p)
{
	int left = 0;

	if (p->read_fd >= 0) {
		loop_del(p->loop, &p->source);
		/* What is in it now: another process that was given the other end may write on for ever. */
		ssize_t n = ioctl(p->read_fd, FIONREAD, &left) < 0 ? 0 : 1;
		for (; n > 0 && left > 0; left -= (int)n)
			n = pump(p);
		if (p->len)
			write_record(p);
	}
	fd_close(&p->read_fd);
	free(p->line);
	p->line = NULL;
}
