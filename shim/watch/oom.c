/* SPDX-License-Identifier: Apache-2.0 */
/* oom: see oom.h. Changes of memory.events are EPOLLPRI on the open file. */
#include "watch/oom.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"

uint64_t oom_kills(struct oom *o)
{
	static const char key[] = "oom_kill ";
	char text[512];
	ssize_t n = o->fd < 0 ? 0 : pread(o->fd, text, sizeof text - 1, 0);

	if (n <= 0)
		return 0;
	text[n] = '\0';
	for (char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, key, sizeof key - 1))
			return strtoull(line + sizeof key - 1, NULL, 10);
	}
	return 0;
}

static void on_oom_change(struct source *s, uint32_t events)
{
	struct oom *o = LOOP_OWNER(s, struct oom, source);
	uint64_t now = oom_kills(o);

	(void)events;
	if (now <= o->kills)
		return;
	o->kills = now;
	o->killed(o, now);
}

int oom_open(struct oom *o, struct loop *l, int cgroup_fd, void (*killed)(struct oom *o, uint64_t kills),
	     struct err *e)
{
	int fd = openat(cgroup_fd, "memory.events", O_RDONLY | O_CLOEXEC);

	*o = OOM_INIT;
	if (fd < 0)
		return err_set(e, errno, "watch memory.events");
	int r = loop_add(l, &o->source, fd, EPOLLPRI, on_oom_change, e);
	if (r < 0) {
		close(fd);
		return r;
	}
	o->fd = fd;
	o->loop = l;
	o->killed = killed;
	o->kills = oom_kills(o);
	return 0;
}

void oom_close(struct oom *o)
{
	if (o->fd < 0)
		return;
	loop_del(o->loop, &o->source);
	fd_close(&o->fd);
}
