/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup/systemd: the driver that lets systemd make a container's cgroup: a scope, whose properties say the limits and
 * which is delegated, so that what is below it is ours. Limits are written to the files as well: systemd has no property
 * for some, and rounds others.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/caller.h"
#include "base/err.h"
#include "base/io.h"
#include "base/sys.h"
#include "cgroup/cgroup.h"
#include "cgroup/driver.h"
#include "cgroup/limits.h"
#include "cgroup/properties.h"
#include "cgroup/tree.h"
#include "systemd/name.h"
#include "systemd/unit.h"

#define NEW_PERIOD_US 100000 /* cpu.max of a new cgroup */
#define KEEPER_FOLDER "hart-keeper"

static int sd_plan(struct cgroup *cg, struct arena *a, const struct oci_config *c, const char *id,
		   struct cgroup_place *ret, struct err *e)
{
	const char *given = c->linux_ ? c->linux_->cgroups_path : NULL;
	const char *slice = caller_is_unprivileged() ? "user.slice" : "system.slice";
	struct systemd_place at;
	int r = systemd_place_of(a, given, id, slice, &at, e);

	if (r < 0)
		return r;
	ret->unit = at.unit;
	ret->slice = at.slice;
	ret->owned = true;
	cg->root_fd = cgroup_mount_open(e);
	return cg->root_fd < 0 ? cg->root_fd : 0;
}

/* -- properties ------------------------------------------------------------------------------ */

/* By which one that is left over is known to be hart's: ended before it was written down where its cgroup is. */
static char *systemd_describe(struct arena *a, const char *unit)
{
	return arena_printf(a, "container %.*s of hart", (int)strcspn(unit, "."), unit);
}

static void add_usual(struct systemd_properties *p, const struct cgroup_place *at)
{
	static const char *const on[] = { "Delegate", "MemoryAccounting", "CPUAccounting", "IOAccounting",
					  "TasksAccounting" };
	const char *description = systemd_describe(p->arena, at->unit);

	p->failed |= !description;
	systemd_add(p, (struct systemd_property){ "Description", SYSTEMD_STRING, .data = description });
	systemd_add(p, (struct systemd_property){ "Slice", SYSTEMD_STRING, .data = at->slice });
	for (size_t i = 0; i < sizeof on / sizeof *on; i++)
		systemd_add(p, (struct systemd_property){ on[i], SYSTEMD_BOOL, .number = 1 });
	/* Not stopped before everything else at shutdown, and not kept when it has failed. */
	systemd_add(p, (struct systemd_property){ "DefaultDependencies", SYSTEMD_BOOL, .number = 0 });
	systemd_add(p, (struct systemd_property){ "CollectMode", SYSTEMD_STRING, .data = "inactive-or-failed" });
}

/* What a new scope gets. Nothing of devices: hart's own filter decides, also after a daemon-reload, and another one of
 * systemd's would cost it as much as all the rest. */
static int new_properties(struct systemd_properties *p, const struct cgroup_place *at, const struct oci_resources *r,
			  struct err *e)
{
	struct cgroup_writes writes = { .arena = p->arena };
	int ret = r ? cgroup_limits_convert(r, NULL, &writes, e) : 0;

	add_usual(p, at);
	cgroup_properties_of_writes(&writes, NEW_PERIOD_US, p);
	return ret < 0 ? ret : p->failed ? err_set(e, ENOMEM, "describe unit %s", at->unit) : 0;
}

/* -- make ------------------------------------------------------------------------------------ */

static int forgive_gone(int r, struct err *e)
{
	if (!cgroup_is_gone(r))
		return r;
	err_clear(e);
	return 0;
}

/* 1 when there is a process in it or below, 0 when there is none or it is gone; "" and "/" are no scope's. To be closed. */
static int open_populated(struct cgroup *cg, const char *path, struct err *e)
{
	int r = path[0] && path[1] ? cgroup_open(cg, path, e) : 0;

	if (r >= 0 && cg->fd >= 0)
		r = (int)cgroup_read_key(cg->fd, "cgroup.events", "populated", e);
	return forgive_gone(r, e);
}

static bool is_empty(const char *path)
{
	struct cgroup cg = CGROUP_INIT;
	struct err ignored;
	int r = open_populated(&cg, path, &ignored);

	cgroup_close(&cg);
	return r == 0;
}

/* One of hart's that is deleted, which systemd has not noticed yet: nobody has waited for that. */
static bool is_deleted(struct systemd *s, struct arena *a, const char *unit)
{
	char *mine = systemd_describe(a, unit), *found, *path;
	struct err ignored;

	return mine && systemd_description(s, a, unit, &found, &ignored) >= 0 && !strcmp(mine, found) &&
	       systemd_cgroup_of(s, a, unit, &path, &ignored) >= 0 && is_empty(path);
}

static int start(struct systemd *s, const char *unit, pid_t first, const struct systemd_properties *p, struct err *e)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	int r = systemd_start(s, unit, first, p, e);

	if (r != -EEXIST || !is_deleted(s, &a, unit))
		return r;
	err_clear(e);
	r = systemd_stop(s, unit, e);
	return r < 0 ? r : systemd_start(s, unit, first, p, e);
}

static void sd_begin(struct cgroup *cg, struct arena *a)
{
	struct systemd *s = arena_alloc(a, sizeof *s);

	if (s && systemd_begin(s, caller_is_unprivileged()))
		cg->manager = s;
}

static int connect_and_start(struct cgroup *cg, const struct cgroup_place *at, const struct oci_resources *r, struct err *e)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct systemd_properties p = { .arena = &a };
	struct systemd own = { 0 }, *s = cg->manager ? cg->manager : &own;
	bool user = caller_is_unprivileged();
	int ret = new_properties(&p, at, r, e);

	if (ret < 0)
		return ret;
	cg->manager = NULL;
	ret = s == &own ? systemd_open(s, user, e) : systemd_finish(s, user, e);
	if (ret < 0)
		return ret;
	ret = start(s, at->unit, cg->first, &p, e);
	systemd_close(s);
	return ret;
}

/* Into a cgroup of its own: that of a service holds no process, as those of its members are below it. */
static int move_keeper(struct cgroup *cg, struct err *e)
{
	char pid[16];
	int len = snprintf(pid, sizeof pid, "%d", cg->keeper.pid);

	if (mkdirat(cg->fd, KEEPER_FOLDER, 0755) < 0)
		return err_set(e, errno, "make %s of cgroup %s", KEEPER_FOLDER, cg->path);
	int r = io_write_at(cg->fd, KEEPER_FOLDER "/cgroup.procs", pid, (size_t)len, e);
	if (r < 0)
		return r;
	keeper_leave(&cg->keeper);
	return 0;
}

int cgroup_keeper_open(const struct cgroup_place *p, struct err *e)
{
	struct cgroup cg = CGROUP_INIT;
	char text[64] = "";
	int r = p->path ? cgroup_open(&cg, p->path, e) : err_msg(e, ENOENT, "it has no cgroup");

	if (r >= 0)
		r = (int)io_read_small(cg.fd, KEEPER_FOLDER "/cgroup.procs", text, sizeof text, e);
	cgroup_close(&cg);
	if (r < 0)
		return err_in(e, "find the keeper of unit %s", p->unit);
	text[strcspn(text, "\n")] = '\0';
	unsigned pid;
	int fd = io_parse_u32(text, &pid) ? sys_pidfd_open((pid_t)pid, 0) : FD_NONE;
	return fd < 0 ? err_msg(e, ESRCH, "nobody keeps unit %s", p->unit) : fd;
}

/* Where systemd has put it is where the first process is. */
static int open_made(struct cgroup *cg, struct arena *a, struct cgroup_place *at, const struct oci_resources *needs,
		     struct err *e)
{
	unsigned asked = cgroup_controllers_asked(needs);
	int r = cgroup_path_of(a, cg->first, &at->path, e);

	if (r >= 0)
		r = cgroup_open(cg, at->path, e);
	if (r >= 0 && asked)
		r = cgroup_enable(cg, asked, e);
	if (r >= 0 && at->stays)
		r = move_keeper(cg, e);
	return r;
}

static int sd_remove(const struct cgroup_place *at, struct err *e);

static int sd_make(struct cgroup *cg, struct arena *a, struct cgroup_place *at, const struct oci_resources *needs,
		   struct err *e)
{
	struct err more = ERR_INIT;
	int r = cg->first ? 0 : keeper_start(&cg->keeper, e), made = 0;

	if (!cg->first)
		cg->first = cg->keeper.pid;
	if (r >= 0)
		r = made = connect_and_start(cg, at, needs, e);
	if (r >= 0)
		r = open_made(cg, a, at, needs, e);
	cg->owned = r >= 0;
	if (r >= 0)
		return 0;
	keeper_end(&cg->keeper);
	fd_close(&cg->fd);
	if (made >= 0 && sd_remove(at, &more) < 0)
		return r; /* it is still written down as ours */
	*at = (struct cgroup_place){ .path = NULL };
	return r;
}

/* -- limits ---------------------------------------------------------------------------------- */

/* The period in cpu.max: "QUOTA PERIOD". */
static uint64_t read_period(struct cgroup *cg)
{
	char text[64];
	unsigned long long period = NEW_PERIOD_US;

	if (io_read_small(cg->fd, "cpu.max", text, sizeof text, NULL) > 0 && sscanf(text, "%*s %llu", &period) == 1)
		return period;
	return NEW_PERIOD_US;
}

/* What the files that are to be written say now. */
static void read_writes(struct cgroup *cg, const struct cgroup_writes *to, struct cgroup_writes *ret)
{
	char text[4096];

	for (size_t i = 0; i < to->n; i++) {
		struct cgroup_write *v = arena_grow(ret->arena, ret->v, ret->n, sizeof *v);
		if (!v || io_read_small(cg->fd, to->v[i].file, text, sizeof text, NULL) <= 0)
			continue;
		text[strcspn(text, "\n")] = '\0';
		char *value = arena_strdup(ret->arena, text);
		ret->v = v;
		if (value)
			v[ret->n++] = (struct cgroup_write){ .file = to->v[i].file, .value = value };
	}
}

static int set(const struct cgroup_place *at, const struct systemd_properties *p, struct err *e)
{
	struct systemd s;
	int r = systemd_open(&s, caller_is_unprivileged(), e);

	if (r < 0)
		return r;
	r = systemd_set(&s, at->unit, p, e);
	systemd_close(&s);
	return r;
}

/* systemd first, as it rounds; when a file refuses what it took, the unit is told what was before. */
static int sd_update(struct cgroup *cg, const struct cgroup_place *at, const struct oci_resources *r, struct err *e)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct cgroup_writes writes = { .arena = &a }, now = { .arena = &a };
	struct systemd_properties p = { .arena = &a }, before = { .arena = &a };
	struct err ignored = ERR_INIT;
	uint64_t period_us = read_period(cg);
	int ret = cgroup_update_writes(cg, r, &writes, e);

	if (ret < 0)
		return ret;
	read_writes(cg, &writes, &now);
	cgroup_properties_of_writes(&now, 0, &before);
	cgroup_properties_of_writes(&writes, period_us, &p);
	if (p.n)
		ret = set(at, &p, e);
	if (ret < 0)
		return ret;
	ret = cgroup_apply(cg, r, true, e);
	if (ret < 0 && before.n)
		set(at, &before, &ignored);
	return ret;
}

static int sd_apply(struct cgroup *cg, const struct cgroup_place *at, const struct oci_resources *r, bool update,
		    struct err *e)
{
	if (update)
		return sd_update(cg, at, r, e);
	int ret = cgroup_apply(cg, r, false, e);
	/* The container's own process is in there by now. */
	keeper_end(&cg->keeper);
	return ret;
}

/* -- remove ---------------------------------------------------------------------------------- */

/* Only the name is known: what is made is written down when its first process is. */
static int stop_unseen(struct systemd *s, const struct cgroup_place *at, struct err *e)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	char *mine = systemd_describe(&a, at->unit), *found;
	int r = mine ? systemd_description(s, &a, at->unit, &found, e) : err_set(e, ENOMEM, "stop %s", at->unit);

	if (r < 0 || strcmp(mine, found) != 0)
		return r;
	r = systemd_kill(s, at->unit, e);
	return r < 0 ? r : systemd_stop(s, at->unit, e);
}

/* Its folder stays for systemd, which hears from the kernel that it is empty, removes it and forgets the unit (CollectMode).
 * To tell it, and to wait, would take as long as all the rest of a run; a start of one of the same name waits. */
static int make_empty(const char *path, bool spares, struct err *e)
{
	struct cgroup cg = CGROUP_INIT;
	int r = open_populated(&cg, path, e);

	if (r > 0)
		r = spares ? err_set(e, EBUSY, "cgroup %s", path) : cgroup_end(&cg, e);
	cgroup_close(&cg);
	return forgive_gone(r, e);
}

static int sd_remove(const struct cgroup_place *at, struct err *e)
{
	struct systemd s;

	if (at->path)
		return make_empty(at->path, at->spares, e);
	int r = at->unit ? systemd_open(&s, caller_is_unprivileged(), e) : 0;
	if (r < 0 || !at->unit)
		return r;
	r = stop_unseen(&s, at, e);
	systemd_close(&s);
	return r;
}

const struct cgroup_driver cgroup_systemd = { "systemd", sd_begin, sd_plan, sd_make, sd_apply, sd_remove };
