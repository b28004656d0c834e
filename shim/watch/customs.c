/* SPDX-License-Identifier: Apache-2.0 */
/* customs: see customs.h. What may come in is listed; the default is refusal. */
#include "watch/customs.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/path.h"
#include "loop/aside.h"

#define DATAGRAMS_A_TRIP 16
#define PATIENCE_NS 1000000000LL
#define MEMORY_DEVICES 1 /* major number: null, zero, full, random */
#define XFS_MAGIC 0x58465342
#define PIDFS_MAGIC_ 0x50494446

union control {
	char bytes[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int) * CUSTOMS_FDS_MAX)];
	struct cmsghdr align;
};

struct label {
	pid_t pid;
	unsigned n_refused;
};

struct trip { /* of the child */
	int from, to;
};

/* -- in the child ---------------------------------------------------------------------------- */

/* Those that are no files: by what the kernel calls them, which no path can be. */
static int is_listed_object(const char *name)
{
	static const char *const listed[] = { "socket:[", "pipe:[", "anon_inode:[eventfd]", "anon_inode:[timerfd]",
					      "anon_inode:[signalfd]", "anon_inode:[pidfd]", "anon_inode:inotify" };

	for (size_t i = 0; i < sizeof listed / sizeof *listed; i++)
		if (!strncmp(name, listed[i], strlen(listed[i])))
			return 1;
	return *name != '/' ? 0 : -1;
}

/* Files of the kernel's own memory, and of local disks. */
static bool is_listed_file_system(long type)
{
	static const long listed[] = { TMPFS_MAGIC, RAMFS_MAGIC, HUGETLBFS_MAGIC, EXT4_SUPER_MAGIC, XFS_MAGIC,
				       BTRFS_SUPER_MAGIC, F2FS_SUPER_MAGIC, NSFS_MAGIC, PIDFS_MAGIC_ };

	for (size_t i = 0; i < sizeof listed / sizeof *listed; i++)
		if (type == listed[i])
			return true;
	return false;
}

bool customs_may_enter(int fd)
{
	struct path_fd_name link = path_of_fd(fd);
	char name[64];
	struct statfs fs;
	struct stat st;
	ssize_t n = readlink(link.text, name, sizeof name - 1);

	if (n < 0)
		return false;
	name[n] = '\0';
	int listed = is_listed_object(name);
	if (listed >= 0)
		return listed;
	if (fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return false;
	if (S_ISCHR(st.st_mode))
		return major(st.st_rdev) == MEMORY_DEVICES;
	return !S_ISBLK(st.st_mode) && is_listed_file_system((long)fs.f_type);
}

static void take_control(struct msghdr *msg, int *fds, unsigned *n_fds, pid_t *pid)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SCM_CREDENTIALS) {
			struct ucred cred;
			memcpy(&cred, CMSG_DATA(c), sizeof cred);
			*pid = cred.pid;
		} else if (c->cmsg_type == SCM_RIGHTS) {
			*n_fds = (unsigned)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
			memcpy(fds, CMSG_DATA(c), *n_fds * sizeof(int));
		}
	}
}

static int pass_on(int to, struct label *label, const char *text, size_t len, const int *fds, unsigned n, struct err *e)
{
	union control control = { 0 };
	struct iovec iov[] = { { label, sizeof *label }, { (char *)text, len } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };

	if (n) {
		struct cmsghdr *c;
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	}
	return sendmsg(to, &msg, MSG_NOSIGNAL) < 0 ? err_set(e, errno, "pass descriptors on") : 0;
}

static bool brings_fds(int from)
{
	char text[1];
	struct iovec iov = { text, sizeof text };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	return recvmsg(from, &msg, MSG_PEEK | MSG_DONTWAIT) >= 0 && msg.msg_flags & MSG_CTRUNC;
}

/* What is refused stays open until our end: that may wait. */
static int look_at_next(const struct trip *trip, struct err *e)
{
	char text[CUSTOMS_TEXT_MAX];
	union control control;
	struct iovec iov = { text, sizeof text };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes,
			      .msg_controllen = sizeof control };
	struct label label = { 0 };
	int fds[CUSTOMS_FDS_MAX];
	unsigned n = 0, kept = 0;
	ssize_t len = recvmsg(trip->from, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	/* One that was cut is none. */
	if (len < 0 || msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		return 0;
	take_control(&msg, fds, &n, &label.pid);
	for (unsigned i = 0; i < n; i++)
		if (customs_may_enter(fds[i]))
			fds[kept++] = fds[i];
	label.n_refused = n - kept;
	return pass_on(trip->to, &label, text, (size_t)len, fds, kept, e);
}

/* Several at once, as each trip costs a process; no more than the way back has room for. */
static int customs_look_at(void *arg, struct err *e)
{
	const struct trip *trip = arg;
	int r = 0;

	for (int i = 0; r >= 0 && i < DATAGRAMS_A_TRIP && (i == 0 || brings_fds(trip->from)); i++)
		r = look_at_next(trip, e);
	return r;
}

/* -- in the shim ----------------------------------------------------------------------------- */

static bool customs_receive(struct customs *c, struct customs_goods *goods)
{
	union control control;
	struct label label;
	struct iovec iov[] = { { &label, sizeof label }, { goods->text, CUSTOMS_TEXT_MAX } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2, .msg_control = control.bytes,
			      .msg_controllen = sizeof control };
	pid_t ours = 0;
	ssize_t n = recvmsg(c->goods_fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n < (ssize_t)sizeof label)
		return false;
	take_control(&msg, goods->fds, &goods->n_fds, &ours);
	goods->len = (size_t)n - sizeof label;
	goods->pid = label.pid;
	goods->n_refused = label.n_refused;
	return true;
}

static void on_customs_done(struct worker *w, int result, const struct err *why)
{
	struct customs *c = LOOP_OWNER(w, struct customs, worker);
	struct customs_goods goods = { .len = 0 };

	(void)result;
	(void)why;
	loop_timer_stop(w->loop, &c->timeout);
	while (c->goods_fd >= 0 && customs_receive(c, &goods)) {
		c->take(c, &goods);
		goods.n_fds = 0;
	}
	if (c->goods_fd < 0)
		return; /* stopped by what took something */
	fd_close(&c->goods_fd);
	c->ended(c, true);
}

static void on_customs_timeout(struct timer *t)
{
	struct customs *c = LOOP_OWNER(t, struct customs, timeout);

	customs_stop(c);
	c->ended(c, false);
}

int customs_begin(struct customs *c, struct loop *l, int socket_fd, struct err *e)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_set(e, errno, "make a socket pair");
	struct trip trip = { socket_fd, ends[1] };
	int *const keep[] = { &trip.from, &trip.to, NULL };
	int r = worker_start(&c->worker, l, keep, customs_look_at, &trip, on_customs_done, e);
	close(ends[1]);
	if (r < 0) {
		close(ends[0]);
		return r;
	}
	c->goods_fd = ends[0];
	loop_timer(l, &c->timeout, PATIENCE_NS, on_customs_timeout);
	return 0;
}

void customs_stop(struct customs *c)
{
	if (worker_is_busy(&c->worker)) {
		loop_timer_stop(c->worker.loop, &c->timeout);
		worker_abandon(&c->worker);
	}
	aside_close(&c->goods_fd); /* with descriptors that nobody has taken */
}
