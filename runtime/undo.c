/* SPDX-License-Identifier: Apache-2.0 */
/* undo: see undo.h. */
#include "undo.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/sys.h"
#include "cgroup/cgroup.h"
#include "cgroup/driver.h"
#include "rdt/rdt.h"
#include "rootfs/overlay.h"
#include "statefile.h"

static int kill_init(struct container *c, struct err *e)
{
	struct pollfd p = { .fd = c->pidfd, .events = POLLIN };
	int n;

	if (c->pidfd < 0)
		return 0;
	if (sys_pidfd_send_signal(c->pidfd, SIGKILL) < 0 && errno != ESRCH)
		return err_set(e, errno, "kill init of container \"%s\"", c->state->id);
	do
		n = poll(&p, 1, KILL_TIMEOUT_MS);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return err_msg(e, ETIMEDOUT, "init of container \"%s\" does not die", c->state->id);
	return n < 0 ? err_set(e, errno, "wait for init of \"%s\"", c->state->id) : 0;
}

static int remove_cgroup(struct container *c, const struct cgroup_driver *driver, struct cgroup_place *place, struct err *e)
{
	place->spares = true;
	int r = driver->remove(place, e);
	if (r != -EBUSY)
		return r;
	err_clear(e);
	place->spares = false;
	if (container_cgroup_is_anothers(c)) {
		log_warn("cgroup %s stays: by now another container is in it", place->path);
		return 0;
	}
	return driver->remove(place, e);
}

/* What a container without a PID namespace of its own leaves in a cgroup that was there before. */
static int end_processes(struct container *c, struct err *e)
{
	struct cgroup cg = CGROUP_INIT;
	int r = cgroup_open(&cg, c->state->cgroup, e);

	if (r >= 0 && !container_cgroup_is_anothers(c))
		r = cgroup_end(&cg, e);
	cgroup_close(&cg);
	if (r == -ENOENT)
		err_clear(e);
	return r == -ENOENT ? 0 : r;
}

static int undo_cgroup(struct container *c, struct err *e)
{
	struct cgroup_place place;
	const struct cgroup_driver *driver = container_cgroup_driver(c, &place);
	int r = kill_init(c, e);

	if (r < 0 || (!place.path && !place.unit))
		return r;
	if (place.owned)
		return remove_cgroup(c, driver, &place, e);
	/* Before there was an init nothing of this container was in it. */
	return place.path && c->state->pid && !c->state->has_pid_ns ? end_processes(c, e) : 0;
}

static int undo_overlay(struct container *c, struct err *e)
{
	struct err why = ERR_INIT;
	int r = c->state->overlay_dir ? overlay_remove(c->state->overlay_dir, c->state->created, &why) : 0;

	if ((r == -EACCES || r == -EPERM) && geteuid() != 0 && c->state->has_user_ns)
		return undo_overlay_inside(c, e);
	return r < 0 ? err_msg(e, -r, "%s", why.text) : 0;
}

static int undo_rdt(struct container *c, struct err *e)
{
	return c->state->rdt_group ? rdt_undo(c->state->rdt_group, e) : 0;
}

static int (*const steps[])(struct container *c, struct err *e) = {
	undo_cgroup, undo_overlay, undo_rdt,
};

int undo(struct container *c, struct err *e)
{
	struct err later;
	int first = 0;

	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		int r = steps[i](c, first ? &later : e);
		if (r < 0 && !first)
			first = r;
	}
	return first ? first : statefile_remove(c->rt, c->dir_fd, c->state->id, e);
}
