/* SPDX-License-Identifier: Apache-2.0 */
/* run: container_create and container_run of container.h: run creates, starts, and in the foreground waits and
 * deletes. */
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "container.h"
#include "create.h"
#include "foreground.h"
#include "lifecycle.h"
#include "pidfile.h"
#include "seal.h"
#include "shortage.h"
#include "wire/gate.h"

int container_create(struct runtime *rt, const struct create_opts *o, struct err *e)
{
	struct container c = CONTAINER_INIT;
	struct created made = { FD_NONE, FD_NONE };
	int r = create_container(rt, o, true, &c, &made, e);

	container_close(&c);
	return r;
}

static int run_release(struct container *c, const struct create_opts *o, int sync_fd, struct err *e)
{
	int r = 0;

	if (o->pid_file)
		r = pidfile_write(o->pid_file, (pid_t)c->state->pid, e);
	if (r >= 0) {
		r = gate_release(sync_fd, false, e);
		if (r >= 0)
			r = shortage_watch(c, e);
		if (r < 0)
			err_in(e, "unable to start container process");
	}
	return r < 0 ? r : lifecycle_started(c, e);
}

static int wait_and_delete(struct container *c, const struct create_opts *o, struct foreground *f,
			   int *console_fd, int *ret_status, struct err *e)
{
	struct ns_child init = { (pid_t)c->state->pid, c->pidfd };
	int r;

	container_unlock(c);
	r = foreground_wait(f, &init, console_fd, ret_status, e);
	if (r >= 0 && *ret_status == 128 + SIGKILL)
		shortage_warn(c);
	if (r < 0 || o->keep)
		return r;
	fd_close(&c->pidfd); /* it has ended */
	r = container_relock(c, e);
	/* Somebody else may have deleted it meanwhile. */
	if (r == -ENOENT) {
		err_clear(e);
		return 0;
	}
	return r < 0 ? r : container_delete(c, true, e);
}

static int run(struct runtime *rt, const struct create_opts *o, struct foreground *f,
	       int *ret_status, struct err *e)
{
	struct container c = CONTAINER_INIT;
	struct created made = { FD_NONE, FD_NONE };
	struct err more = ERR_INIT;

	int r = create_container(rt, o, false, &c, &made, e);
	if (r != 0) {
		container_close(&c);
		return r;
	}
	r = run_release(&c, o, made.sync_fd, e);
	fd_close(&made.sync_fd);
	seal_release();
	*ret_status = 0;
	if (r < 0) {
		ns_discard(&(struct ns_child){ (pid_t)c.state->pid, c.pidfd });
		shortage_explain(&c, e);
		/* Hooks of create have run: what they made, poststop hooks take away. */
		if (c.locked)
			container_delete(&c, true, &more);
	}
	if (r >= 0 && !o->detach)
		r = wait_and_delete(&c, o, f, &made.console_fd, ret_status, e);
	fd_close(&made.console_fd);
	container_close(&c);
	return r < 0 ? r : 0;
}

int container_run(struct runtime *rt, const struct create_opts *o, int *ret_status, struct err *e)
{
	struct foreground f = FOREGROUND_INIT;
	int r = 0;

	if (!o->detach)
		r = foreground_open(&f, e);
	/* Orphans of a container without a PID namespace come to us, as long as we are there. */
	if (r >= 0 && !o->detach && !o->no_subreaper && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		r = err_set(e, errno, "become a subreaper");
	if (r >= 0)
		r = run(rt, o, &f, ret_status, e);
	foreground_close(&f);
	return r;
}
