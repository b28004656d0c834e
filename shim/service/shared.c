/* SPDX-License-Identifier: Apache-2.0 */
/* shared: see shared.h. */
#include "service/shared.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "base/err.h"
#include "base/fd.h"
#include "ns/ns.h"
#include "policy/policy.h"
#include "service/fdset.h"
#include "service/listen.h"
#include "service/mend.h"
#include "service/member.h"
#include "service/sockets.h"
#include "wire/sync.h"

void shared_init(struct service_shared *sh)
{
	for (size_t i = 0; i < OCI_NS_COUNT; i++)
		sh->held.fd[i] = FD_NONE;
}

void shared_finish(struct service_shared *sh)
{
	for (size_t i = 0; i < OCI_NS_COUNT; i++)
		fd_close(&sh->held.fd[i]);
}

static const struct {
	enum oci_ns kind;
	const char *file;
} kinds[] = { { OCI_NS_NETWORK, "net" }, { OCI_NS_IPC, "ipc" }, { OCI_NS_UTS, "uts" }, { OCI_NS_USER, "user" } };

static bool is_wanted(const struct service_shared *sh, unsigned own, enum oci_ns kind)
{
	return sh->held.fd[kind] < 0 && own & 1U << kind;
}

#define READY_WAIT_MS 2000

/* Those that its init hands over at its gate, where /proc does not let us at them: not for others than root. */
static int take_given(struct service_shared *sh, int gate_fd, unsigned own, struct err *e)
{
	int fds[SYNC_FDS_MAX], n = sync_peek_fds(gate_fd, READY_WAIT_MS, fds, e);

	for (int i = 0; i < n; i++) {
		int type = ioctl(fds[i], NS_GET_NSTYPE);
		for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
			if (type == ns_flag(kinds[k].kind) && is_wanted(sh, own, kinds[k].kind))
				sh->held.fd[kinds[k].kind] = fd_take(&fds[i]);
		fd_close(&fds[i]);
	}
	for (size_t k = 0; n >= 0 && k < sizeof kinds / sizeof *kinds; k++)
		if (is_wanted(sh, own, kinds[k].kind))
			return err_msg(e, EACCES, "its init, which waits, does not hand over its %s namespace", kinds[k].file);
	return n < 0 ? n : 0;
}

int shared_hold(struct service_shared *sh, pid_t pid, int pidfd, int gate_fd, unsigned but, struct err *e)
{
	unsigned own = sh->own & ~but;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (!is_wanted(sh, own, kinds[i].kind))
			continue;
		int fd = ns_open_of(pid, pidfd, kinds[i].file);
		if (fd == -EACCES && gate_fd >= 0)
			return take_given(sh, gate_fd, own, e);
		if (fd < 0)
			return err_set(e, -fd, "hold the %s namespace of process %d", kinds[i].file, pid);
		sh->held.fd[kinds[i].kind] = fd;
	}
	return 0;
}

static int open_sockets(struct service_shared *sh, struct err *e)
{
	for (unsigned i = 0; i < sh->policy->n_listen && !sh->listening; i++) {
		const struct listen_policy *l = &sh->policy->listen[i];
		int fd = listen_open(l, sh->held.fd[OCI_NS_NETWORK], e);
		int r = fd < 0 ? fd : fdset_add(sh->set, fd, l->name, false, false, 0);
		if (r < 0)
			return fd < 0 ? r : err_set(e, -r, "keep the socket %s", l->text);
	}
	sh->listening = true;
	return sockets_save(sh, e);
}

/* No program runs that uses them. */
void shared_mend(struct service_shared *sh)
{
	struct err e = ERR_INIT;

	if (sh->policy->own_sockets)
		return;
	for (unsigned i = 0; sh->listening && i < sh->policy->n_listen && i < sh->set->n; i++) {
		const struct listen_policy *l = &sh->policy->listen[i];
		if (!listen_mend(l, sh->set->v[i].fd))
			continue;
		if (listen_reopen(l, sh->set->v[i].fd, sh->held.fd[OCI_NS_NETWORK], &e) >= 0)
			err_msg(&e, EIO, "--listen %s: the member before made it unusable, so it has been opened anew", l->text);
		sh->warn(sh, &e);
		if (sockets_save(sh, &e) < 0)
			sh->warn(sh, &e);
	}
}

/* Before anything runs in the network's namespace the sockets are there. */
int shared_join(struct service_shared *sh, const struct member *m, struct err *e)
{
	int r = shared_hold(sh, m->pid, m->pidfd, m->gate_fd, m->private_namespaces, e);

	if (sh->own & 1U << OCI_NS_NETWORK && sh->held.fd[OCI_NS_NETWORK] < 0)
		return r; /* a standby with a network of its own, and nobody has made the service's yet */
	sh->renewing = false;
	return r < 0 || sh->listening ? r : open_sockets(sh, e);
}
