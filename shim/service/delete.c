/* SPDX-License-Identifier: Apache-2.0 */
/* service/delete: takes away all of a service, whatever state it and its shim are in. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/sys.h"
#include "cgroup/cgroup.h"
#include "container.h"
#include "ctl/ctl.h"
#include "rootfs/rmtree.h"
#include "service/api.h"
#include "service/files.h"
#include "service/terms_kept.h"
#include "statefile.h"

#define STOP_TIMEOUT_MS 5000

/* Asked to end and then killed; it needs the folder's lock at its end, so `c` has it no more, and again afterwards. */
static int end_process(struct container *c, int shim, struct err *e)
{
	struct pollfd p = { .fd = shim, .events = POLLIN };
	struct ctl_request stop = { .command = CTL_STOP, .signal = SIGKILL, .timeout_ms = STOP_TIMEOUT_MS };
	struct err ignored;
	char *answer;
	size_t len;

	/* It takes its sockets away best. */
	if (ctl_call(c->dir_fd, &stop, &c->arena, &answer, &len, &ignored) >= 0) {
		container_unlock(c);
		poll(&p, 1, STOP_TIMEOUT_MS);
		if (container_relock(c, e) < 0)
			return -e->code;
	}
	if (sys_pidfd_send_signal(shim, SIGKILL) < 0 && errno != ESRCH)
		return err_set(e, errno, "kill the shim of \"%s\"", c->state->id);
	while (poll(&p, 1, KILL_TIMEOUT_MS) < 0)
		if (errno != EINTR)
			return err_set(e, errno, "wait for the shim of \"%s\"", c->state->id);
	return p.revents ? 0 : err_msg(e, ETIMEDOUT, "the shim of \"%s\" does not die", c->state->id);
}

/* Without a shim members run on. */
static int check_ended(struct container *c, struct err *e)
{
	enum container_status status;
	int r = container_status(c, &status, e);

	if (r < 0 || status == STATUS_STOPPED || status == STATUS_CREATING)
		return r;
	return err_msg(e, EBUSY, "cannot delete container \"%s\" that is not stopped: %s", c->state->id,
		       state_status_name(status));
}

static int end_shim(struct container *c, bool force, struct err *e)
{
	_cleanup_fd_ int shim = statefile_supervisor(c->state);

	if (shim < 0)
		return force ? 0 : check_ended(c, e);
	/* The engine knows of the end, as the stand-in's is; its shim is still clearing away. */
	if (container_has_lost_standin(c)) {
		struct pollfd p = { .fd = shim, .events = POLLIN };
		container_unlock(c);
		bool has_ended = poll(&p, 1, STOP_TIMEOUT_MS) > 0;
		if (container_relock(c, e) < 0)
			return -e->code;
		if (has_ended)
			return 0;
	}
	return force ? end_process(c, shim, e)
		     : err_msg(e, EBUSY, "cannot delete container \"%s\" that is not stopped: running",
			       c->state->id);
}

static int kill_members(struct container *c, struct err *e)
{
	struct cgroup cg = CGROUP_INIT;
	int r = c->state->cgroup ? cgroup_open(&cg, c->state->cgroup, e) : 0;

	if (r >= 0 && cg.fd >= 0) {
		r = cgroup_end(&cg, e);
	} else if (r == -ENOENT) {
		err_clear(e);
		r = 0;
	}
	cgroup_close(&cg);
	return r;
}

struct deletion {
	struct err *e;
	int result;
};

static int delete_member(struct runtime *rt, const char *name, void *arg)
{
	struct deletion *d = arg;
	struct container c;
	struct err e = ERR_INIT;
	int r = container_open(rt, name, &c, &e);

	if (r >= 0) {
		r = container_delete(&c, true, &e);
		container_close(&c);
	} else if (r != -ENOENT) {
		r = container_delete_remains(rt, name, &e);
	} else {
		r = 0;
	}
	if (r < 0 && d->result >= 0) {
		d->result = r;
		err_msg(d->e, e.code, "%s", e.text);
	}
	return 0;
}

static int delete_members(struct container *c, struct err *e)
{
	struct deletion d = { e, 0 };
	struct runtime members = { .root = MEMBERS_DIR };

	members.root_fd = openat(c->dir_fd, MEMBERS_DIR, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (members.root_fd < 0)
		return errno == ENOENT ? 0 : err_set(e, errno, "open the members");
	int r = runtime_each(&members, delete_member, &d, e);
	runtime_close(&members);
	return r < 0 ? r : d.result;
}

static int remove_folders(struct container *c, struct err *e)
{
	static const char *const folders[] = { MEMBERS_DIR, NOTIFY_DIR };
	int r = 0;

	for (size_t i = 0; r >= 0 && i < sizeof folders / sizeof *folders; i++)
		r = rmtree(c->dir_fd, folders[i], e);
	return r;
}

int service_delete(struct runtime *rt, struct container *c, bool force, struct err *e)
{
	struct err ignored = ERR_INIT;
	int r = end_shim(c, force, e);

	(void)rt;
	if (r >= 0)
		r = kill_members(c, e);
	if (r >= 0)
		r = delete_members(c, e);
	/* Of a folder that is damaged there is nothing to be learnt; the rest goes all the same. */
	if (r >= 0 && force && service_forget_sockets(c, &ignored) < 0)
		log_warn("delete \"%s\": its sockets: %s", c->state->id, ignored.text);
	if (r >= 0)
		r = remove_folders(c, e);
	/* Its own cgroup and folder, then the poststop hooks, as of any container. */
	fd_close(&c->pidfd);
	return r < 0 ? r : container_delete(c, true, e);
}

/* -- a service whose state.json is damaged, or of a later version ------------------------------ */

static bool has_service(int dir_fd)
{
	return faccessat(dir_fd, SERVICE_FILE, F_OK, 0) == 0 || faccessat(dir_fd, MEMBERS_DIR, F_OK, 0) == 0;
}

/* The shim is found by its control socket: it would build members in a folder that goes. */
static int end_unread(struct container *c, struct err *e)
{
	struct err none = ERR_INIT;
	_cleanup_fd_ int shim = ctl_shim(c->dir_fd, &none);

	return shim < 0 ? 0 : end_process(c, shim, e);
}

static int open_unread(struct runtime *rt, struct state *st, struct container *c, struct err *e)
{
	*c = CONTAINER_INIT;
	c->rt = rt;
	c->state = st;
	c->dir_fd = statefile_open_dir(rt, st->id, true, e);
	c->locked = c->dir_fd >= 0;
	return c->dir_fd < 0 ? c->dir_fd : 0;
}

static int remove_unread(struct container *c, struct err *e)
{
	struct err ignored = ERR_INIT;
	int r = delete_members(c, e);

	if (r >= 0 && service_forget_sockets(c, &ignored) < 0)
		log_warn("delete \"%s\": its sockets: %s", c->state->id, ignored.text);
	return r < 0 ? r : remove_folders(c, e);
}

static int delete_remains(struct runtime *rt, const char *id, struct err *e)
{
	struct state unknown = { .id = (char *)id };
	struct container c;
	struct err ignored;
	int r = open_unread(rt, &unknown, &c, e);

	if (r >= 0 && has_service(c.dir_fd))
		r = end_unread(&c, e);
	container_close(&c);
	if (r < 0)
		return r;
	/* At its end the shim has written the state anew. */
	if (container_open(rt, id, &c, &ignored) >= 0) {
		r = service_delete(rt, &c, true, e);
		container_close(&c);
		return r;
	}
	r = open_unread(rt, &unknown, &c, e);
	if (r >= 0 && has_service(c.dir_fd))
		r = remove_unread(&c, e);
	container_close(&c);
	return r < 0 ? r : container_delete_remains(rt, id, e);
}

int service_clear(struct runtime *rt, const char *id, struct err *e)
{
	struct container c;
	int r = container_open_forced(rt, id, &c, e);

	if (r >= 0) {
		r = container_is_service(&c) ? service_delete(rt, &c, true, e) : container_delete(&c, true, e);
		container_close(&c);
		return r;
	}
	if (r != -ENOENT) {
		err_clear(e);
		r = delete_remains(rt, id, e);
	}
	if (r == -ENOENT)
		err_clear(e);
	return r == -ENOENT ? 0 : r;
}
