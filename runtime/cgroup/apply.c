/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/apply: puts linux.resources in force on an open cgroup: what cgroup_limits converted, and
 * the device filter. Must not write a file that nothing was asked for. */
#include "cgroup/cgroup.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/io.h"
#include "cgroup/devices.h"
#include "cgroup/limits.h"

#define BEFORE_MAX_BYTES ((size_t)1 << 20)

/* A number or "max" (-1) from the start of a file; not set when there is no such file. */
static struct opt_i64 read_value(int dirfd, const char *file)
{
	struct opt_i64 v = { 0 };
	char text[64], *end;

	if (io_read_small(dirfd, file, text, sizeof text, NULL) <= 0)
		return v;
	v.v = strncmp(text, "max", 3) ? strtoll(text, &end, 10) : -1;
	v.set = true;
	return v;
}

static void read_current(int dirfd, const struct oci_resources *r, struct cgroup_current *now)
{
	if (r->memory && !r->memory->limit.v != !r->memory->swap.v) {
		now->memory_max = read_value(dirfd, "memory.max");
		now->swap_max = read_value(dirfd, "memory.swap.max");
	}
	if (r->cpu && r->cpu->period_us.v && !r->cpu->quota_us.v)
		now->quota_us = read_value(dirfd, "cpu.max");
}

/* memory.checkBeforeUpdate: rather no update than one that ends in the OOM killer. */
static int check_usage(int dirfd, const struct oci_memory *m, struct err *e)
{
	if (!m || !m->check_before_update.v || (m->limit.v <= 0 && m->swap.v <= 0))
		return 0;
	struct opt_i64 usage = read_value(dirfd, "memory.current");
	if (!usage.set)
		return 0;
	if (m->swap.v > 0 && m->swap.v <= usage.v)
		return err_msg(e, EINVAL, "rejecting memory+swap limit %" PRId64
			       " <= usage %" PRId64, m->swap.v, usage.v);
	if (m->limit.v > 0 && m->limit.v <= usage.v)
		return err_msg(e, EINVAL, "rejecting memory limit %" PRId64 " <= usage %" PRId64,
			       m->limit.v, usage.v);
	return 0;
}

/* The file that is open for the writes to it that follow one another. */
struct target {
	int fd;
	const char *file; /* NULL = none */
};

static int apply_open_target(struct target *t, int dirfd, const char *file)
{
	if (t->file && !strcmp(t->file, file))
		return 0;
	fd_close(&t->fd);
	t->file = NULL;
	t->fd = openat(dirfd, file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (t->fd < 0)
		return -errno;
	t->file = file;
	return 0;
}

static int write_value(struct target *t, const char *value)
{
	ssize_t n = write(t->fd, value, strlen(value));

	return n < 0 ? -errno : 0;
}

static int open_error(struct cgroup *cg, const char *file, int errnum, struct err *e)
{
	char text[512], name[32];
	int len = (int)strcspn(file, ".");

	snprintf(name, sizeof name, "%.*s", len, file);
	if (errnum != ENOENT || !strcmp(name, "cgroup") ||
	    io_read_small(cg->fd, "cgroup.controllers", text, sizeof text, NULL) < 0)
		return err_set(e, errnum, "open %s of cgroup %s", file, cg->path);
	for (char *rest = text, *word; (word = strsep(&rest, " \n"));)
		if (!strcmp(word, name))
			return err_msg(e, ENOTSUP, "this kernel's cgroup controller %s has no %s",
				       name, file);
	return err_msg(e, ENOTSUP, "cgroup controller %s is not available in %s: %s cannot be set",
		       name, cg->path, file);
}

/* 1: to be tried again later. */
static int write_one(struct cgroup *cg, struct target *t, const struct cgroup_write *w,
		     struct err *e)
{
	const char *file = w->file, *value = w->value;
	int r = apply_open_target(t, cg->fd, file);

	if (r == -ENOENT && w->alt_file) {
		file = w->alt_file;
		value = w->alt_value;
		r = apply_open_target(t, cg->fd, file);
	}
	if (r == -ENOENT && w->may_miss)
		return 0;
	if (r < 0)
		return open_error(cg, file, -r, e);
	r = write_value(t, value);
	if (r == -EINVAL && w->again)
		return 1;
	if (r < 0)
		return err_set(e, -r, "write \"%s\" to %s of cgroup %s", value, file, cg->path);
	return 0;
}

/* What files said before an update wrote to them, to be written back when a later one fails. */
struct before {
	struct cgroup_writes writes;
	bool wanted;
};

static bool is_saved(const struct before *b, const char *file)
{
	for (size_t i = 0; i < b->writes.n; i++)
		if (!strcmp(b->writes.v[i].file, file))
			return true;
	return false;
}

/* Each line is a write, as for files that hold several settings. What cannot be read (cgroup.kill)
 * cannot be taken back. */
static int save(struct cgroup *cg, const char *file, struct before *b, struct err *e)
{
	struct cgroup_writes *w = &b->writes;
	char *text, *line;
	size_t len;

	if (!b->wanted || is_saved(b, file) ||
	    io_read_file(w->arena, cg->fd, file, BEFORE_MAX_BYTES, &text, &len, NULL) < 0)
		return 0;
	while ((line = strsep(&text, "\n"))) {
		if (!*line)
			continue;
		struct cgroup_write *v = arena_grow(w->arena, w->v, w->n, sizeof *v);
		if (!v)
			return err_set(e, ENOMEM, "remember %s", file);
		w->v = v;
		v[w->n++] = (struct cgroup_write){ .file = file, .value = line };
	}
	return 0;
}

/* In the order of the first writes backwards: limits that depend on each other come apart as they
 * came together. The error that led here is the one that counts. */
static void restore(struct cgroup *cg, const struct before *b)
{
	for (size_t i = b->writes.n; i > 0; i--) {
		const struct cgroup_write *w = &b->writes.v[i - 1];
		io_write_at(cg->fd, w->file, w->value, strlen(w->value), NULL);
	}
}

static int write_all(struct cgroup *cg, const struct cgroup_writes *w, struct before *b,
		     struct err *e)
{
	struct target t = { .fd = FD_NONE };
	struct cgroup_write later;
	int again = 0, r = 0;

	for (size_t i = 0; r >= 0 && i < w->n; i++) {
		int due = again;
		r = save(cg, w->v[i].file, b, e);
		if (r >= 0)
			r = write_one(cg, &t, &w->v[i], e);
		again = r > 0;
		if (r >= 0 && due)
			r = write_one(cg, &t, &later, e);
		if (again) {
			later = w->v[i];
			later.again = false;
		}
	}
	fd_close(&t.fd);
	if (r < 0)
		restore(cg, b);
	return r;
}

int cgroup_update_writes(struct cgroup *cg, const struct oci_resources *r, struct cgroup_writes *out, struct err *e)
{
	struct cgroup_current now = { 0 };
	unsigned asked = cgroup_controllers_asked(r);
	int ret = asked ? cgroup_enable(cg, asked, e) : 0;

	if (ret >= 0)
		ret = check_usage(cg->fd, r->memory, e);
	if (ret < 0)
		return ret;
	read_current(cg->fd, r, &now);
	return cgroup_limits_convert(r, &now, out, e);
}

static int apply_limits(struct cgroup *cg, const struct oci_resources *r, bool update,
			struct err *e)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct cgroup_writes writes = { .arena = &a };
	struct before before = { .writes.arena = &a, .wanted = update };
	int ret = update ? cgroup_update_writes(cg, r, &writes, e) : cgroup_limits_convert(r, NULL, &writes, e);

	return ret < 0 ? ret : write_all(cg, &writes, &before, e);
}

int cgroup_apply(struct cgroup *cg, const struct oci_resources *r, bool update, struct err *e)
{
	/* Nobody asked for a controller, so create left this for now: init makes its mounts meanwhile. */
	int ret = !update && !cgroup_controllers_asked(r) ? cgroup_enable(cg, 0, e) : 0;

	if (ret >= 0 && r)
		ret = apply_limits(cg, r, update, e);
	if (ret < 0)
		return ret;
	if (update && (!r || !r->devices.n))
		return 0;
	return cgroup_devices_apply(cg, r, update, e);
}
