/* SPDX-License-Identifier: Apache-2.0 */
/* hooks_aside: see hooks_aside.h. */
#include "hooks_aside.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "creation.h"
#include "hooks.h"
#include "ns/usermap.h"
#include "state.h"
#include "wire/sync.h"

struct aside {
	struct creation *m;
	int sync[2]; /* the runtime's, the child's */
};

bool hooks_go_aside(const struct creation *m)
{
	return m->ns.by_itself && m->config->hooks && m->config->hooks->create_container.n;
}

static int open_working_directory(const struct creation *m, struct err *e)
{
	char path[32];

	snprintf(path, sizeof path, "/proc/%d/cwd", m->child.pid);
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "open the working directory of the container's process") : fd;
}

/* All of its namespaces but that one, and root in them. */
static int enter(const struct creation *m, struct err *e)
{
	const struct oci_linux *l = m->config->linux_;
	_cleanup_fd_ int cwd = open_working_directory(m, e);
	int flags = 0;

	if (cwd < 0)
		return cwd;
	for (size_t i = 0; i < l->namespaces.n; i++)
		if (l->namespaces.v[i].type != OCI_NS_PID)
			flags |= ns_flag((enum oci_ns)l->namespaces.v[i].type);
	if (setns(m->c->pidfd, flags) < 0)
		return err_set(e, errno, "join the namespaces of the container's process");
	if (fchdir(cwd) < 0)
		return err_set(e, errno, "change to the container's root");
	return usermap_become_root(e);
}

static int run_them(const struct creation *m, struct err *e)
{
	const struct hooks_how how = { .env = m->init.process.env };
	_cleanup_buf_ struct buf json = BUF_INIT;
	int r = state_encode_oci(m->c->state, STATUS_CREATING, m->child.pid, &json, e);

	return r < 0 ? r : hooks_run_as(&m->config->hooks->create_container, json.data, json.len, "createContainer", &how, e);
}

static int aside_main(void *arg)
{
	struct aside *a = arg;
	struct err e = ERR_INIT;
	int r;

	close(a->sync[0]);
	r = enter(a->m, &e);
	/* Not before: a process that becomes another user loses it. */
	if (r >= 0 && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		r = err_set(&e, errno, "set the parent death signal");
	if (r >= 0)
		r = run_them(a->m, &e);
	if (r >= 0)
		r = sync_send(a->sync[1], SYNC_HOOKED, 0, &e);
	if (r < 0)
		sync_send_error(a->sync[1], &e);
	return r < 0;
}

int hooks_run_aside(struct creation *m, struct err *e)
{
	const struct ns_plan outside = NS_PLAN_INIT;
	struct ns_child child = { .pidfd = FD_NONE };
	struct aside a = { .m = m };
	int r = sync_pair(a.sync, e);

	if (r < 0)
		return r;
	r = ns_clone(&outside, m->cgroup.fd, aside_main, &a, &child, e);
	close(a.sync[1]);
	if (r >= 0)
		r = sync_expect(a.sync[0], SYNC_HOOKED, e);
	ns_discard(&child);
	fd_close(&child.pidfd);
	close(a.sync[0]);
	return r < 0 ? r : 0;
}
