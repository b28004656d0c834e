/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/wait: freezing, thawing, waiting for the last process. Must not sleep: every wait is a
 * poll(2) on cgroup.events or a pidfd. */
#include "cgroup/cgroup.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/sys.h"
#include "cgroup/tree.h"

#define FREEZE_TIMEOUT_MS 10000

/* The value of `key` in an opened cgroup.events; reading also arms the next poll(2). */
static int read_event(int fd, const char *key)
{
	char text[256];
	size_t len = strlen(key);
	ssize_t n = pread(fd, text, sizeof text - 1, 0);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, key, len) && line[len] == ' ')
			return line[len + 1] == '1';
	}
	return -ENOENT;
}

/* A process of the cgroup itself to watch besides: the kernel may hold back a change of
 * cgroup.events for 10 ms after the one before, a pidfd tells at once. */
static int open_one_process(int fd)
{
	char text[256];

	if (io_read_small(fd, "cgroup.procs", text, sizeof text, NULL) <= 0)
		return FD_NONE;
	int pid = atoi(text);
	return pid > 0 ? sys_pidfd_open(pid, 0) : FD_NONE;
}

int cgroup_wait_empty(struct cgroup *cg, int timeout_ms, struct err *e)
{
	_cleanup_fd_ int events = openat(cg->fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	long long deadline_ms = timeout_ms < 0 ? -1 : clock_now_ms() + timeout_ms;

	if (events < 0)
		return cgroup_is_gone(-errno) ? 0 : err_set(e, errno, "open cgroup.events");
	for (;;) {
		int r = read_event(events, "populated");
		if (r == 0 || (r < 0 && cgroup_is_gone(r)))
			return 0;
		if (r < 0)
			return err_set(e, -r, "read cgroup.events");
		_cleanup_fd_ int pidfd = open_one_process(cg->fd);
		struct pollfd p[] = { { .fd = events, .events = POLLPRI },
				      { .fd = pidfd, .events = POLLIN } };
		r = poll(p, 2, clock_left_ms(deadline_ms));
		if (r < 0 && errno != EINTR)
			return err_set(e, errno, "wait for cgroup.events");
		if (r == 0)
			return err_msg(e, ETIMEDOUT, "cgroup %s still has processes", cg->path);
	}
}

int cgroup_end(struct cgroup *cg, struct err *e)
{
	int r = cgroup_kill(cg, e);

	return r < 0 ? r : cgroup_wait_empty(cg, KILL_TIMEOUT_MS, e);
}

static int wait_frozen(int events, const char *path, struct err *e)
{
	long long deadline_ms = clock_now_ms() + FREEZE_TIMEOUT_MS;

	for (;;) {
		int r = read_event(events, "frozen");
		if (r < 0)
			return err_set(e, -r, "read cgroup.events");
		if (r == 1)
			return 0;
		struct pollfd p = { .fd = events, .events = POLLPRI };
		r = poll(&p, 1, clock_left_ms(deadline_ms));
		if (r < 0 && errno != EINTR)
			return err_set(e, errno, "wait for cgroup.events");
		if (r == 0)
			return err_msg(e, ETIMEDOUT,
				       "cgroup %s did not freeze within %d seconds", path,
				       FREEZE_TIMEOUT_MS / 1000);
	}
}

int cgroup_freeze(struct cgroup *cg, bool frozen, struct err *e)
{
	_cleanup_fd_ int events = openat(cg->fd, "cgroup.events", O_RDONLY | O_CLOEXEC);

	if (events < 0)
		return err_set(e, errno, "open cgroup.events of %s", cg->path);
	int r = io_write_at(cg->fd, "cgroup.freeze", frozen ? "1" : "0", 1, e);
	if (r < 0)
		return err_in(e, "%s cgroup %s", frozen ? "freeze" : "thaw", cg->path);
	/* A thaw waits for an ancestor's freezer alone, which is not ours to wait for. */
	if (!frozen)
		return 0;
	r = wait_frozen(events, cg->path, e);
	if (r == -ETIMEDOUT)
		io_write_at(cg->fd, "cgroup.freeze", "0", 1, NULL);
	return r;
}

int cgroup_frozen(struct cgroup *cg, struct err *e)
{
	char text[16];
	ssize_t n = io_read_small(cg->fd, "cgroup.freeze", text, sizeof text, e);

	return n < 0 ? (int)n : text[0] == '1';
}
