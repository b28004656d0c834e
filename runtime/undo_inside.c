/* SPDX-License-Identifier: Apache-2.0 */
/* undo_inside: see undo.h. */
#include <sched.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/procfd.h"
#include "ns/ns.h"
#include "ns/usermap.h"
#include "rootfs/overlay.h"
#include "undo.h"
#include "wire/sync.h"

struct removal {
	const struct container *c;
	int sync[2]; /* ours, the task's */
};

static int remove_as_root(const struct removal *rm, struct err *e)
{
	int r = sync_send(rm->sync[1], SYNC_UP, 0, e);

	if (r >= 0)
		r = sync_expect(rm->sync[1], SYNC_MAPS, e);
	if (r >= 0)
		r = usermap_become_root(e);
	if (r >= 0)
		r = overlay_remove(rm->c->state->overlay_dir, rm->c->state->created, e);
	return r < 0 ? r : sync_send(rm->sync[1], SYNC_READY, 0, e);
}

static int undo_inside_task(void *arg)
{
	struct removal *rm = arg;
	struct err e = ERR_INIT;

	close(rm->sync[0]);
	int r = remove_as_root(rm, &e);
	if (r < 0)
		sync_send_error(rm->sync[1], &e);
	return r < 0;
}

static int undo_inside_lead(struct removal *rm, pid_t pid, const struct oci_linux *l, struct err *e)
{
	_cleanup_fd_ int procfd = procfd_open(e);
	int r = procfd < 0 ? procfd : sync_expect(rm->sync[0], SYNC_UP, e);

	if (r >= 0)
		r = usermap_write(procfd, pid, l, e);
	if (r >= 0)
		r = sync_send(rm->sync[0], SYNC_MAPS, 0, e);
	return r < 0 ? r : sync_expect(rm->sync[0], SYNC_READY, e);
}

int undo_overlay_inside(struct container *c, struct err *e)
{
	struct ns_plan plan = NS_PLAN_INIT;
	struct ns_child child = { .pidfd = FD_NONE };
	struct removal rm = { .c = c };
	struct oci_config *config;
	int r = container_config(c, &config, e);

	plan.new_flags = CLONE_NEWUSER;
	if (r >= 0)
		r = sync_pair(rm.sync, e);
	if (r < 0)
		return r;
	r = ns_clone(&plan, FD_NONE, undo_inside_task, &rm, &child, e);
	close(rm.sync[1]);
	if (r >= 0)
		r = undo_inside_lead(&rm, child.pid, config->linux_, e);
	ns_discard(&child);
	fd_close(&child.pidfd);
	close(rm.sync[0]);
	return r < 0 ? r : 0;
}
