/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/procs: the processes of a cgroup and those below: list, kill, signal. Must not signal a
 * pid that may have been recycled. */
#include "cgroup/cgroup.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/io.h"
#include "base/sys.h"
#include "cgroup/tree.h"

#define PROCS_MAX_BYTES ((size_t)64 << 20)
#define PROCS_MAX_DEPTH 256 /* a descriptor and a stack frame each */
#define SIGNAL_BATCH 128 /* pidfds open at a time */

struct pids {
	struct arena *arena;
	pid_t *v;
	size_t n;
};

static int add_pids(struct pids *p, const char *text, struct err *e)
{
	char *end;

	for (long pid; (pid = strtol(text, &end, 10)), end != text; text = end) {
		if (pid == 0) /* of a PID namespace that we do not see */
			continue;
		p->v = arena_grow(p->arena, p->v, p->n, sizeof *p->v);
		if (!p->v)
			return err_set(e, ENOMEM, "list processes");
		p->v[p->n++] = (pid_t)pid;
	}
	return 0;
}

static int read_procs(struct pids *p, int fd, bool top, struct err *e)
{
	struct err why = ERR_INIT;
	char *text;
	size_t len;
	int r = io_read_file(p->arena, fd, "cgroup.procs", PROCS_MAX_BYTES, &text, &len, &why);

	/* The processes of a threaded cgroup are listed by the domain above it. */
	if (r == -EOPNOTSUPP && !top)
		return 0;
	if (r == -EOPNOTSUPP)
		r = io_read_file(p->arena, fd, "cgroup.threads", PROCS_MAX_BYTES, &text, &len,
				 &why);
	if (cgroup_is_gone(r))
		return 0;
	return r < 0 ? err_msg(e, -r, "%s", why.text) : add_pids(p, text, e);
}

static int collect(struct pids *p, int fd, int depth, struct err *e)
{
	struct cgroup_subdirs it = { .fd = fd };
	const char *name;
	int r = read_procs(p, fd, depth == 0, e);

	while (r >= 0 && (name = cgroup_subdirs_next(&it))) {
		_cleanup_fd_ int sub =
			openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (sub < 0 && cgroup_is_gone(-errno))
			continue;
		if (sub < 0)
			return err_set(e, errno, "open %s", name);
		if (depth == PROCS_MAX_DEPTH)
			return err_msg(e, ELOOP, "cgroups nested deeper than %d", depth);
		r = collect(p, sub, depth + 1, e);
	}
	return r;
}

static int compare_pids(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

int cgroup_procs(struct cgroup *cg, struct arena *a, pid_t **ret, size_t *ret_n, struct err *e)
{
	struct pids p = { .arena = a };
	_cleanup_fd_ int fd = openat(cg->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t n = 0;

	if (fd < 0 && !cgroup_is_gone(-errno))
		return err_set(e, errno, "open cgroup %s", cg->path);
	if (fd >= 0 && collect(&p, fd, 0, e) < 0)
		return err_in(e, "list the processes of cgroup %s", cg->path);
	if (p.n)
		qsort(p.v, p.n, sizeof *p.v, compare_pids);
	for (size_t i = 0; i < p.n; i++)
		if (i == 0 || p.v[i] != p.v[n - 1])
			p.v[n++] = p.v[i];
	*ret = p.v;
	*ret_n = n;
	return 0;
}

/*
 * Signals those of `v` that are still what the list means: a pid that is still in the cgroup after
 * its pidfd was opened was not recycled in between.
 */
static int signal_batch(struct cgroup *cg, const pid_t *v, size_t n, int sig, struct err *e)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	int pidfd[SIGNAL_BATCH], r;
	size_t n_now = 0;
	pid_t *now = NULL;

	for (size_t i = 0; i < n; i++)
		pidfd[i] = sys_pidfd_open(v[i], 0);
	r = cgroup_procs(cg, &a, &now, &n_now, e);
	for (size_t i = 0; i < n; i++) {
		bool same = n_now && bsearch(&v[i], now, n_now, sizeof *now, compare_pids);
		if (r >= 0 && same && pidfd[i] >= 0 &&
		    sys_pidfd_send_signal(pidfd[i], sig) < 0 && errno != ESRCH)
			r = err_set(e, errno, "signal process %d", v[i]);
		fd_close(&pidfd[i]);
	}
	return r;
}

int cgroup_signal(struct cgroup *cg, int sig, struct err *e)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	pid_t *v;
	size_t n = 0;
	int r = cgroup_procs(cg, &a, &v, &n, e);

	for (size_t i = 0; r >= 0 && i < n; i += SIGNAL_BATCH)
		r = signal_batch(cg, v + i, n - i < SIGNAL_BATCH ? n - i : SIGNAL_BATCH, sig, e);
	return r;
}

#define ROUNDS_OF_KILLS 100 /* before cgroup.kill what is killed may have forked meanwhile */

/* Linux before 5.14. */
static int kill_each(struct cgroup *cg, struct err *e)
{
	int r = 0;

	for (int i = 0; r >= 0 && i < ROUNDS_OF_KILLS; i++) {
		if (cgroup_read_key(cg->fd, "cgroup.events", "populated", NULL) <= 0)
			return 0;
		r = cgroup_signal(cg, SIGKILL, e);
	}
	return r;
}

int cgroup_kill(struct cgroup *cg, struct err *e)
{
	struct err why = ERR_INIT;
	int r = io_write_at(cg->fd, "cgroup.kill", "1", 1, &why);

	if (r == -ENOENT && faccessat(cg->fd, "cgroup.procs", F_OK, 0) == 0)
		return kill_each(cg, e);
	if (r >= 0 || cgroup_is_gone(r))
		return 0;
	return err_msg(e, -r, "kill cgroup %s: %s", cg->path, why.text);
}
