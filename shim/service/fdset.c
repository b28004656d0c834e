/* SPDX-License-Identifier: Apache-2.0 */
/* fdset: see fdset.h. */
#include "service/fdset.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "loop/aside.h"

#define KCMP_FILE_ 0 /* <linux/kcmp.h> */

void fdset_init(struct fdset *s)
{
	s->n = 0;
	s->hangup_fd = FD_NONE;
}

/* Files that cannot be watched cannot hang up either. */
static void fdset_watch(struct fdset *s, int fd)
{
	struct epoll_event ev = { .events = 0, .data.fd = fd }; /* EPOLLHUP and EPOLLERR come unasked */

	if (s->hangup_fd < 0)
		s->hangup_fd = epoll_create1(EPOLL_CLOEXEC);
	if (s->hangup_fd >= 0)
		epoll_ctl(s->hangup_fd, EPOLL_CTL_ADD, fd, &ev);
}

static void fdset_drop(struct fdset *s, unsigned i)
{
	/* The member may hold the same file: closing our descriptor would not end the watch. */
	if (s->v[i].poll && s->hangup_fd >= 0)
		epoll_ctl(s->hangup_fd, EPOLL_CTL_DEL, s->v[i].fd, NULL);
	aside_close(&s->v[i].fd);
	free(s->v[i].name);
	memmove(&s->v[i], &s->v[i + 1], (s->n - i - 1) * sizeof s->v[0]);
	s->n--;
}

void fdset_clear(struct fdset *s)
{
	while (s->n)
		fdset_drop(s, s->n - 1);
	fd_close(&s->hangup_fd);
}

unsigned fdset_drop_hung_up(struct fdset *s)
{
	struct epoll_event ev;
	unsigned before = s->n;

	while (s->hangup_fd >= 0 && epoll_wait(s->hangup_fd, &ev, 1, 0) == 1) {
		unsigned i = 0;
		while (i < s->n && s->v[i].fd != ev.data.fd)
			i++;
		if (i == s->n)
			break;
		fdset_drop(s, i);
	}
	return before - s->n;
}

/* As sd_notify(3) asks of FDNAME. */
static bool is_name(const char *name)
{
	size_t n = 0;

	for (; name[n]; n++)
		if ((unsigned char)name[n] < 0x20 || name[n] == 0x7f || name[n] == ':')
			return false;
	return n <= FDSET_NAME_MAX;
}

static bool is_same_file(int a, int b)
{
	struct stat x, y;

	if (fstat(a, &x) < 0 || fstat(b, &y) < 0 || x.st_dev != y.st_dev || x.st_ino != y.st_ino)
		return false;
	/* Two open files of one inode are two; kcmp may be left out of a kernel. */
	long r = syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE_, a, b);
	return r == 0;
}

static unsigned count_stored(const struct fdset *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->n; i++)
		n += s->v[i].stored;
	return n;
}

static int add(struct fdset *s, int fd, const char *name, bool stored, bool poll, unsigned max)
{
	if (!is_name(name))
		return -EINVAL;
	for (unsigned i = 0; stored && i < s->n; i++)
		if (s->v[i].stored && !strcmp(s->v[i].name, name) && is_same_file(s->v[i].fd, fd))
			return 0;
	if (s->n == FDSET_MAX || (stored && count_stored(s) >= max))
		return -E2BIG;
	char *copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	s->v[s->n++] = (struct fdset_entry){ .fd = fd, .name = copy, .stored = stored,
							.poll = stored && poll };
	if (stored && poll)
		fdset_watch(s, fd);
	return 1;
}

int fdset_add(struct fdset *s, int fd, const char *name, bool stored, bool poll, unsigned max)
{
	int r = add(s, fd, name ? name : "stored", stored, poll, max);

	if (r <= 0)
		aside_close(&fd);
	return r < 0 ? r : 0;
}

unsigned fdset_remove(struct fdset *s, const char *name)
{
	unsigned before = s->n;

	for (unsigned i = 0; i < s->n;)
		if (s->v[i].stored && !strcmp(s->v[i].name, name))
			fdset_drop(s, i);
		else
			i++;
	return before - s->n;
}

int fdset_names(const struct fdset *s, unsigned n, char *text, size_t size)
{
	size_t at = 0;

	if (size)
		*text = '\0';
	for (unsigned i = 0; i < n; i++) {
		int len = snprintf(text + at, size - at, "%s%s", i ? ":" : "", s->v[i].name);
		if (len < 0 || (size_t)len >= size - at)
			return -E2BIG;
		at += (size_t)len;
	}
	return 0;
}
