/* SPDX-License-Identifier: Apache-2.0 */
/* follow: see follow.h. Folders and journals are watched by inotify(7); no folder stays open. */
#include "follow.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/path.h"
#include "id.h"
#include "record/journal.h"

/* A folder's own end is not told while somebody has it open: the root tells of it. */
#define ROOT_EVENTS (IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM | IN_ONLYDIR)
#define FOLDER_EVENTS (IN_CREATE | IN_MOVED_TO | IN_ONLYDIR)
#define FILE_EVENTS IN_MODIFY

static int follow_watch(const struct follow *f, int fd, uint32_t events)
{
	struct path_fd_name name = path_of_fd(fd);

	return inotify_add_watch(f->inotify, name.text, events);
}

struct passing {
	struct follow *f;
	const char *id;
};

static int pass(const char *line, size_t len, void *arg, struct err *e)
{
	struct passing *p = arg;

	return p->f->line(p->id, line, len, p->f->arg, e);
}

static int read_on(struct follow *f, struct followed *one, int dir_fd, struct err *e)
{
	struct passing p = { f, one->id };
	int r = journal_tail_read(&one->tail, dir_fd, pass, &p, e);

	/* Watched from now on; what was written before that is read once more. */
	if (r > 0 || (one->file_watch < 0 && one->tail.fd >= 0)) {
		one->file_watch = follow_watch(f, one->tail.fd, FILE_EVENTS);
		r = journal_tail_read(&one->tail, dir_fd, pass, &p, e);
	}
	return r;
}

static int follow_open_folder(const struct follow *f, const char *id)
{
	return openat(f->rt->root_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* -- who is followed -------------------------------------------------------------------------- */

/* What is left of its journal comes first. */
static int drop(struct follow *f, size_t i, struct err *e)
{
	struct followed *one = &f->v[i];
	int r = read_on(f, one, FD_NONE, e);

	if (one->folder_watch >= 0)
		inotify_rm_watch(f->inotify, one->folder_watch);
	journal_tail_close(&one->tail);
	free(one->id);
	*one = f->v[--f->n];
	return r;
}

static int follow_add(struct follow *f, const char *id, bool from_oldest, struct err *e)
{
	_cleanup_fd_ int dir_fd = follow_open_folder(f, id);

	if (dir_fd < 0)
		return 0; /* gone again */
	int folder_watch = follow_watch(f, dir_fd, FOLDER_EVENTS);
	if (folder_watch < 0)
		return err_set(e, errno, "watch the folder of %s", id);
	/* A folder has one watch: that one is followed already. */
	for (size_t i = 0; i < f->n; i++)
		if (f->v[i].folder_watch == folder_watch)
			return 0;
	struct followed *v = reallocarray(f->v, f->n + 1, sizeof *v);
	char *name = v ? strdup(id) : NULL;
	f->v = v ? v : f->v;
	if (!name)
		return err_set(e, ENOMEM, "follow %s", id);
	struct followed *one = &v[f->n++];
	*one = (struct followed){ name, folder_watch, -1, JOURNAL_TAIL_INIT };
	journal_tail_open(&one->tail, dir_fd, from_oldest);
	return read_on(f, one, dir_fd, e);
}

static int drop_id(struct follow *f, const char *id, struct err *e)
{
	int r = 0;

	for (size_t i = f->n; r >= 0 && i-- > 0;)
		if (!strcmp(f->v[i].id, id))
			r = drop(f, i, e);
	return r;
}

static bool is_wanted(const struct follow *f, const char *id)
{
	struct err ignored;

	return f->only ? !strcmp(id, f->only) : id_check(id, &ignored) >= 0;
}

/* -- the first look, and one after too much has happened at once ------------------------------------ */

struct looking {
	struct follow *f;
	bool from_oldest;
	struct err *e;
	int result;
};

static int look_at(struct runtime *rt, const char *id, void *arg)
{
	struct looking *l = arg;

	(void)rt;
	for (size_t i = 0; i < l->f->n; i++) {
		struct followed *one = &l->f->v[i];
		if (strcmp(one->id, id))
			continue;
		_cleanup_fd_ int dir_fd = follow_open_folder(l->f, id);
		l->result = read_on(l->f, one, dir_fd, l->e);
		return l->result < 0;
	}
	if (is_wanted(l->f, id))
		l->result = follow_add(l->f, id, l->from_oldest, l->e);
	return l->result < 0;
}

static int follow_look(struct follow *f, bool from_oldest, struct err *e)
{
	struct looking l = { f, from_oldest, e, 0 };
	int r = runtime_each(f->rt, look_at, &l, e);

	return r < 0 ? r : l.result < 0 ? l.result : 0;
}

/* A descriptor a service. */
static void raise_limit(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) < 0)
		return;
	l.rlim_cur = l.rlim_max;
	setrlimit(RLIMIT_NOFILE, &l);
}

int follow_open(struct follow *f, bool from_oldest, struct err *e)
{
	raise_limit();
	f->v = NULL;
	f->n = 0;
	f->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (f->inotify < 0)
		return err_set(e, errno, "watch folders");
	f->root_watch = follow_watch(f, f->rt->root_fd, ROOT_EVENTS);
	if (f->root_watch < 0)
		return err_set(e, errno, "watch the state root %s", f->rt->root);
	return follow_look(f, from_oldest, e);
}

void follow_close(struct follow *f)
{
	for (size_t i = 0; i < f->n; i++) {
		journal_tail_close(&f->v[i].tail);
		free(f->v[i].id);
	}
	free(f->v);
	fd_close(&f->inotify);
}

bool follow_is_over(const struct follow *f)
{
	return f->only && !f->n;
}

/* -- what inotify says ------------------------------------------------------------------------- */

static int on_follow_root(struct follow *f, const struct inotify_event *ev, struct err *e)
{
	if (!(ev->mask & IN_ISDIR) || !is_wanted(f, ev->name))
		return 0;
	return ev->mask & (IN_DELETE | IN_MOVED_FROM) ? drop_id(f, ev->name, e) : follow_add(f, ev->name, true, e);
}

static int on_follow_folder(struct follow *f, size_t i, const struct inotify_event *ev, struct err *e)
{
	_cleanup_fd_ int dir_fd = FD_NONE;

	if (!ev->len || strcmp(ev->name, JOURNAL_FILE))
		return 0;
	dir_fd = follow_open_folder(f, f->v[i].id);
	return read_on(f, &f->v[i], dir_fd, e);
}

static int on_follow_event(struct follow *f, const struct inotify_event *ev, struct err *e)
{
	int r = 0;

	if (ev->mask & IN_Q_OVERFLOW)
		return follow_look(f, true, e);
	if (ev->wd == f->root_watch)
		return on_follow_root(f, ev, e);
	/* Several services may write to one journal. */
	for (size_t i = f->n; r >= 0 && i-- > 0;) {
		if (ev->wd == f->v[i].folder_watch)
			return on_follow_folder(f, i, ev, e);
		if (ev->wd == f->v[i].file_watch && ev->mask & IN_MODIFY)
			r = read_on(f, &f->v[i], FD_NONE, e);
	}
	return r;
}

int follow_wait(struct follow *f, struct err *e)
{
	struct pollfd p = { .fd = f->inotify, .events = POLLIN };

	if (poll(&p, 1, -1) < 0 && errno != EINTR)
		return err_set(e, errno, "follow the journals");
	return follow_round(f, e);
}

int follow_round(struct follow *f, struct err *e)
{
	char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n = read(f->inotify, events, sizeof events);
	int r = 0;

	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : err_set(e, errno, "follow the journals");
	for (char *at = events; r >= 0 && at < events + n;) {
		const struct inotify_event *ev = (const struct inotify_event *)(void *)at;
		r = on_follow_event(f, ev, e);
		at += sizeof *ev + ev->len;
	}
	return r < 0 ? r : 0;
}
