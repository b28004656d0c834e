/* SPDX-License-Identifier: Apache-2.0 */
/* container: opening containers and telling their status, see container.h. */
#include "container.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/caller.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "cgroup/cgroup.h"
#include "cgroup/driver.h"
#include "id.h"
#include "spec.h"
#include "statefile.h"

/* mkdir -p; the components are the operator's own. */
static int make_root(const char *root, struct err *e)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	char *path = arena_strdup(&a, root);

	if (!path)
		return err_set(e, ENOMEM, "make state root %s", root);
	for (char *p = path; *p; p++) {
		if (*p != '/' || p == path)
			continue;
		*p = '\0';
		if (mkdir(path, 0711) < 0 && errno != EEXIST)
			return err_set(e, errno, "make %s", path);
		*p = '/';
	}
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_set(e, errno, "make state root %s", root);
	return 0;
}

/* The default is root's. */
static int advise(int r, struct err *e)
{
	if (r == -EACCES && caller_is_unprivileged())
		err_in(e, "an ordinary user needs XDG_RUNTIME_DIR (systemd's login sets it), or --root with a folder of its own");
	return r;
}

int runtime_open(struct runtime *rt, const char *root, struct err *e)
{
	const int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
	int r;

	rt->root = root;
	rt->root_fd = open(root, flags);
	if (rt->root_fd < 0 && errno == ENOENT) {
		r = make_root(root, e);
		if (r < 0)
			return advise(r, e);
		rt->root_fd = open(root, flags);
	}
	return rt->root_fd < 0 ? advise(err_set(e, errno, "open state root %s", root), e) : 0;
}

void runtime_close(struct runtime *rt)
{
	fd_close(&rt->root_fd);
}

/* The root of a container has a /run of its own; that of `unshare -Ur` and of rootless engines sees the host's. */
static bool may_write_run(void)
{
	return geteuid() == 0 && (faccessat(AT_FDCWD, "/run", W_OK, AT_EACCESS) == 0 || !caller_is_inside());
}

const char *runtime_default_root(struct arena *a)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");

	return dir && *dir == '/' && !may_write_run() ? arena_printf(a, "%s/hart", dir) : "/run/hart";
}

static int open_with(struct runtime *rt, const char *id, bool lock, struct container *c,
		     struct err *e)
{
	*c = CONTAINER_INIT;
	c->rt = rt;
	c->dir_fd = statefile_open_dir(rt, id, lock, e);
	if (c->dir_fd < 0) {
		int r = c->dir_fd;
		c->dir_fd = FD_NONE;
		return r;
	}
	c->locked = lock;
	int r = statefile_load(c->dir_fd, id, &c->arena, &c->state, e);
	if (r < 0) {
		container_close(c);
		return r;
	}
	c->pidfd = statefile_pidfd(c->state);
	return 0;
}

int container_open(struct runtime *rt, const char *id, struct container *c, struct err *e)
{
	return open_with(rt, id, true, c, e);
}

int container_peek(struct runtime *rt, const char *id, struct container *c, struct err *e)
{
	return open_with(rt, id, false, c, e);
}

/* The container of the active member in `members`. -ENOENT, -ENODATA: none is there, or has been undone. */
static int open_member(struct container *c, struct container *ret, struct err *e)
{
	struct runtime members = { .root = c->rt->root };

	members.root_fd = openat(c->dir_fd, MEMBERS_DIR, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = members.root_fd < 0 ? err_set(e, errno, "open the members of \"%s\"", c->state->id)
				    : container_open(&members, c->state->active, ret, e);
	ret->rt = c->rt;
	runtime_close(&members);
	return r;
}

static int nobody_serves(const struct container *c, struct err *e)
{
	return container_is_supervised(c) ?
		       err_msg(e, ESRCH, "no member of \"%s\" serves at the moment: see hart status", c->state->id) :
		       err_msg(e, ESRCH, "container \"%s\" is not running: the service has ended, or its shim has died "
					 "with its members", c->state->id);
}

int container_open_active(struct runtime *rt, const char *id, struct container *c, struct err *e)
{
	struct container member = CONTAINER_INIT;
	int r = container_peek(rt, id, c, e);

	if (r < 0)
		return r;
	if (!container_is_service(c))
		return container_relock(c, e);
	if (c->state->active)
		r = open_member(c, &member, e);
	if (r == -ENOENT || r == -ENODATA || (r >= 0 && member.pidfd < 0))
		r = nobody_serves(c, e);
	container_close(c);
	if (r < 0) {
		container_close(&member);
		return r;
	}
	*c = member;
	c->rt = rt;
	return 0;
}

bool container_is_service(const struct container *c)
{
	return c->state->supervisor_start;
}

bool container_is_supervised(const struct container *c)
{
	_cleanup_fd_ int fd = statefile_supervisor(c->state);

	return fd >= 0;
}

static bool has_standin(const struct container *c)
{
	_cleanup_fd_ int fd = statefile_standin(c->state);

	return fd >= 0;
}

bool container_has_lost_standin(const struct container *c)
{
	return c->state->standin_pid && !has_standin(c);
}

void container_unlock(struct container *c)
{
	/* Explicitly: an init on its way to execve still shares the open folder. */
	if (c->locked)
		flock(c->dir_fd, LOCK_UN);
	c->locked = false;
}

int container_relock(struct container *c, struct err *e)
{
	int r = statefile_lock(c->rt, c->dir_fd, c->state->id, e);

	c->locked = r >= 0;
	return r;
}

void container_close(struct container *c)
{
	container_unlock(c);
	fd_close(&c->pidfd);
	fd_close(&c->dir_fd);
	c->state = NULL;
	arena_free(&c->arena);
}

const struct cgroup_driver *container_cgroup_driver(const struct container *c, struct cgroup_place *ret_place)
{
	*ret_place = (struct cgroup_place){ .path = c->state->cgroup, .owned = c->state->cgroup_owned,
					    .unit = c->state->systemd_unit, .stays = container_is_service(c) };
	return cgroup_driver(c->state->systemd_unit);
}

void container_keep_place(struct container *c, const struct cgroup_place *place)
{
	c->state->cgroup = place->path;
	c->state->cgroup_owned = place->owned;
	c->state->systemd_unit = place->unit;
}

int container_cgroup_fd(struct container *c, int *ret_fd, struct err *e)
{
	struct cgroup cg = CGROUP_INIT;

	*ret_fd = FD_NONE;
	if (!c->state->cgroup)
		return 0;
	int r = cgroup_open(&cg, c->state->cgroup, e);
	if (r >= 0)
		*ret_fd = fd_take(&cg.fd);
	cgroup_close(&cg);
	return r;
}

int container_status(struct container *c, enum container_status *ret, struct err *e)
{
	struct cgroup cg = CGROUP_INIT;
	int r = 0;

	if (container_has_lost_standin(c)) {
		*ret = STATUS_STOPPED;
		return 0;
	}
	if (!c->state->pid) {
		bool has_ended = container_is_service(c) && !container_is_supervised(c);
		*ret = has_ended ? STATUS_STOPPED : STATUS_CREATING;
		return 0;
	}
	/* Between two members a service still runs, or is paused. */
	if (c->pidfd < 0 && !container_is_supervised(c) && !c->state->standin_pid) {
		*ret = STATUS_STOPPED;
		return 0;
	}
	if (c->state->cgroup) {
		r = cgroup_open(&cg, c->state->cgroup, e);
		if (r >= 0)
			r = cgroup_frozen(&cg, e);
		cgroup_close(&cg);
	}
	/* Deleted while we look: init is gone by now, too. */
	if (r == -ENOENT) {
		err_clear(e);
		*ret = STATUS_STOPPED;
		return 0;
	}
	if (r < 0)
		return r;
	*ret = r ? STATUS_PAUSED : c->state->started ? STATUS_RUNNING : STATUS_CREATED;
	return 0;
}

int container_config(struct container *c, struct oci_config **ret, struct err *e)
{
	char *json;
	size_t len;
	int r = io_read_file(&c->arena, c->dir_fd, CONFIG_FILE, SPEC_MAX_BYTES, &json, &len, e);

	if (r >= 0)
		r = spec_load_config(&c->arena, json, len, ret, NULL, e);
	return r < 0 ? err_in(e, "container \"%s\"", c->state->id) : 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names of the folders, sorted; only valid IDs count. */
static int list_names(struct runtime *rt, struct arena *a, oci_strings *ret, struct err *e)
{
	int fd = openat(rt->root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	int r = 0;

	if (!d)
		return err_set(e, errno, "read state root %s", rt->root);
	for (struct dirent *entry; r >= 0 && (entry = readdir(d));) {
		struct err ignored;
		if (entry->d_type != DT_DIR || id_check(entry->d_name, &ignored) < 0)
			continue;
		ret->v = arena_grow(a, ret->v, ret->n, sizeof *ret->v);
		char *name = ret->v ? arena_strdup(a, entry->d_name) : NULL;
		if (name)
			ret->v[ret->n++] = name;
		else
			r = err_set(e, ENOMEM, "list containers");
	}
	closedir(d);
	if (r >= 0 && ret->n)
		qsort(ret->v, ret->n, sizeof *ret->v, by_name);
	return r;
}

int runtime_each(struct runtime *rt, int (*fn)(struct runtime *rt, const char *id, void *arg),
		 void *arg, struct err *e)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	oci_strings names = { 0 };
	int r = list_names(rt, &a, &names, e);

	for (size_t i = 0; r >= 0 && i < names.n; i++)
		if (fn(rt, names.v[i], arg))
			break;
	return r;
}

struct sharing {
	const struct container *c;
	bool found;
};

static int look_for_sharing(struct runtime *rt, const char *id, void *arg)
{
	struct sharing *s = arg;
	struct container other;
	struct err ignored;

	if (!strcmp(id, s->c->state->id) || container_peek(rt, id, &other, &ignored) < 0)
		return 0;
	s->found = other.pidfd >= 0 && other.state->cgroup && !strcmp(other.state->cgroup, s->c->state->cgroup);
	container_close(&other);
	return s->found;
}

bool container_cgroup_is_anothers(const struct container *c)
{
	struct sharing s = { .c = c };
	struct err ignored;

	if (c->state->cgroup)
		runtime_each(c->rt, look_for_sharing, &s, &ignored);
	return s.found;
}
