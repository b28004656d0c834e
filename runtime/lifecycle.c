/* SPDX-License-Identifier: Apache-2.0 */
/* lifecycle: start, kill, pause, resume and delete of container.h. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/sys.h"
#include "cgroup/cgroup.h"
#include "cgroup/driver.h"
#include "container.h"
#include "hooks.h"
#include "id.h"
#include "lifecycle.h"
#include "shortage.h"
#include "statefile.h"
#include "undo.h"
#include "wire/gate.h"

static int refuse_status(const struct container *c, const char *what, enum container_status status,
			 struct err *e)
{
	return err_msg(e, EINVAL, "cannot %s container \"%s\" in the %s state", what, c->state->id,
		       state_status_name(status));
}

/* A failing poststop hook is a warning; the others still run (runtime.md, "Lifecycle" 13). */
void lifecycle_poststop(const struct state *s, const oci_hook_list *hooks)
{
	_cleanup_buf_ struct buf json = BUF_INIT;
	struct err e = ERR_INIT;

	if (state_encode_oci(s, STATUS_STOPPED, 0, &json, &e) < 0) {
		log_warn("poststop hooks: %s", e.text);
		return;
	}
	for (size_t i = 0; i < hooks->n; i++) {
		const oci_hook_list one = { &hooks->v[i], 1 };
		if (hooks_run(&one, json.data, json.len, "poststop", &e) < 0)
			log_warn("%s", e.text);
	}
}

int lifecycle_started(struct container *c, struct err *e)
{
	_cleanup_buf_ struct buf json = BUF_INIT;
	struct oci_config *config;
	struct err gone;

	if (!c->state->has_poststart)
		return 0;
	int r = container_config(c, &config, e);
	if (r >= 0)
		r = state_encode_oci(c->state, STATUS_RUNNING, c->state->pid, &json, e);
	if (r < 0)
		return r;
	/* A hook may ask hart for what takes the lock. */
	container_unlock(c);
	r = hooks_run(&config->hooks->poststart, json.data, json.len, "poststart", e);
	if (r < 0)
		container_relock(c, &gone);
	return r;
}

/* A failing poststart hook ends the container, as delete does (runtime.md, "Lifecycle" 10, 12, 13). */
static void give_up_start(struct container *c, struct err *e)
{
	struct err more = ERR_INIT, first = *e;

	if (container_delete(c, true, &more) < 0)
		err_msg(e, first.code, "%s (and while undoing it: %s)", first.text, more.text);
}

int container_start(struct container *c, struct err *e)
{
	enum container_status status;
	int r = container_status(c, &status, e);

	if (r < 0)
		return r;
	if (status == STATUS_STOPPED)
		return err_msg(e, EINVAL, "cannot start a container that has stopped: \"%s\"",
			       c->state->id);
	if (status == STATUS_RUNNING || status == STATUS_PAUSED)
		return err_msg(e, EINVAL, "cannot start an already running container: \"%s\"",
			       c->state->id);
	if (status != STATUS_CREATED)
		return refuse_status(c, "start", status, e);
	_cleanup_fd_ int fd = gate_connect(c->dir_fd, e);
	if (fd < 0)
		return fd;
	c->state->started = true;
	r = statefile_save(c->dir_fd, c->state, e);
	if (r >= 0)
		r = gate_release(fd, true, e);
	if (r >= 0 && shortage_watch(c, e) < 0) {
		r = -e->code;
		sys_pidfd_send_signal(c->pidfd, SIGKILL);
	}
	if (r < 0) {
		shortage_explain(c, e);
		return err_in(e, "unable to start container process");
	}
	r = lifecycle_started(c, e);
	if (r < 0 && c->locked)
		give_up_start(c, e);
	return r;
}

static int signal_all(struct container *c, int sig, struct err *e)
{
	struct cgroup cg = CGROUP_INIT;

	if (c->pidfd < 0 && container_cgroup_is_anothers(c))
		return 0;
	int r = cgroup_open(&cg, c->state->cgroup, e);
	if (r == -ENOENT) {
		err_clear(e);
		return 0;
	}
	if (r >= 0)
		r = sig == SIGKILL ? cgroup_kill(&cg, e) : cgroup_signal(&cg, sig, e);
	cgroup_close(&cg);
	return r;
}

static bool has_processes(struct container *c)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct cgroup cg = CGROUP_INIT;
	struct err ignored;
	pid_t *pids;
	size_t n = 0;

	if (cgroup_open(&cg, c->state->cgroup, &ignored) >= 0 && cgroup_procs(&cg, &a, &pids, &n, &ignored) < 0)
		n = 0;
	cgroup_close(&cg);
	return n && !container_cgroup_is_anothers(c);
}

int container_kill(struct container *c, int sig, bool all, struct err *e)
{
	if (all && c->state->cgroup)
		return signal_all(c, sig, e);
	if (container_has_lost_standin(c))
		return all ? 0 : err_msg(e, ESRCH, "container not running");
	/* All that is left of a service without a shim. */
	if (sig == SIGKILL && c->state->standin_pid)
		return signal_all(c, sig, e);
	/* Without its own PID namespace init's death does not take the others along. */
	bool takes_all = sig == SIGKILL && !c->state->has_pid_ns && c->state->cgroup;
	if (c->pidfd < 0 && takes_all && has_processes(c))
		return signal_all(c, sig, e);
	if (c->pidfd < 0)
		return all ? 0 : err_msg(e, ESRCH, "container not running");
	if (sys_pidfd_send_signal(c->pidfd, sig) < 0) {
		if (errno == ESRCH)
			return err_msg(e, ESRCH, "container not running");
		return err_set(e, errno, "send signal %d to container \"%s\"", sig, c->state->id);
	}
	return takes_all ? signal_all(c, sig, e) : 0;
}

int container_open_forced(struct runtime *rt, const char *id, struct container *c, struct err *e)
{
	struct container held;
	struct err ignored;

	if (id_check(id, e) < 0)
		return -e->code;
	if (statefile_is_locked(rt, id) && container_peek(rt, id, &held, &ignored) >= 0) {
		/* A service's own init is the stand-in: its shim is told, and does not wait with the lock. */
		if (!container_is_service(&held))
			container_kill(&held, SIGKILL, false, &ignored);
		container_close(&held);
	}
	return container_open(rt, id, c, e);
}

static int check_deletable(struct container *c, struct err *e)
{
	enum container_status status;
	int r = container_status(c, &status, e);

	if (r < 0 || status == STATUS_STOPPED)
		return r;
	/* The spec forbids it; runc and crun do it, and their callers rely on that. */
	if (status == STATUS_CREATED && !container_is_service(c)) {
		log_warn("container \"%s\" was created and never started: it is ended and deleted", c->state->id);
		return 0;
	}
	return err_msg(e, EBUSY, "cannot delete container \"%s\" that is not stopped: %s",
		       c->state->id, state_status_name(status));
}

int container_delete(struct container *c, bool force, struct err *e)
{
	struct oci_config *config = NULL;
	struct err hook_err = ERR_INIT;
	int r = force ? 0 : check_deletable(c, e);

	/* The config goes with the folder, the hooks come last (runtime.md, "Lifecycle" 13). */
	if (r >= 0 && c->state->has_poststop && container_config(c, &config, &hook_err) < 0)
		log_warn("poststop hooks: %s", hook_err.text);
	if (r >= 0)
		r = undo(c, e);
	if (r < 0)
		return r;
	if (config)
		lifecycle_poststop(c->state, &config->hooks->poststop);
	return 0;
}

/* The cgroup that the config at create time asked for, when that can still be read. */
static int remove_by_config(struct container *c, struct err *e)
{
	const struct cgroup_driver *driver = NULL;
	struct cgroup cg = CGROUP_INIT;
	struct cgroup_place place = { 0 };
	struct oci_config *config;
	int r = container_config(c, &config, e);

	if (r >= 0)
		driver = cgroup_driver(cgroup_is_unit(config));
	if (r >= 0)
		r = driver->plan(&cg, &c->arena, config, c->state->id, &place, e);
	cgroup_close(&cg);
	return r < 0 ? r : driver->remove(&place, e);
}

int container_delete_remains(struct runtime *rt, const char *id, struct err *e)
{
	struct state unknown = { .id = (char *)id };
	struct container c = CONTAINER_INIT;
	struct err ignored;

	c.rt = rt;
	c.state = &unknown;
	c.dir_fd = statefile_open_dir(rt, id, true, e);
	if (c.dir_fd < 0)
		return c.dir_fd;
	c.locked = true;
	/* Nothing to be found by it is the usual case: create was killed before it had made anything. */
	int r = remove_by_config(&c, &ignored);
	if (r < 0 && r != -ENOENT)
		log_warn("delete what is left of \"%s\": %s", id, ignored.text);
	r = statefile_remove(rt, c.dir_fd, id, e);
	container_close(&c);
	return r;
}

static int lifecycle_set_frozen(struct container *c, bool frozen, struct err *e)
{
	enum container_status status;
	struct cgroup cg = CGROUP_INIT;
	int r = container_status(c, &status, e);

	if (r < 0)
		return r;
	if (frozen ? status != STATUS_RUNNING && status != STATUS_CREATED
		   : status != STATUS_PAUSED)
		return frozen ? refuse_status(c, "pause", status, e)
			      : err_msg(e, EINVAL, "cannot resume container \"%s\": it is not paused "
					"but %s", c->state->id, state_status_name(status));
	if (!c->state->cgroup)
		return err_msg(e, ENOTSUP, "pause container \"%s\": it has no cgroup of its own",
			       c->state->id);
	r = cgroup_open(&cg, c->state->cgroup, e);
	if (r >= 0)
		r = cgroup_freeze(&cg, frozen, e);
	cgroup_close(&cg);
	return r;
}

int container_pause(struct container *c, struct err *e)
{
	return lifecycle_set_frozen(c, true, e);
}

int container_resume(struct container *c, struct err *e)
{
	return lifecycle_set_frozen(c, false, e);
}
