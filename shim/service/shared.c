/* service/shared: what all members share: the namespaces of the first one, and the sockets in the network's. */
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "base/err.h"
#include "base/fd.h"
#include "ns/ns.h"
#include "service/listen.h"
#include "service/mend.h"
#include "service/parts.h"
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

static bool is_wanted(const struct service *s, unsigned own, enum oci_ns kind)
{
	return s->shared.held.fd[kind] < 0 && own & 1U << kind;
}

#define READY_WAIT_MS 2000

/* Those that its init hands over at its gate, where /proc does not let us at them: not for others than root. */
static int take_given(struct service *s, int gate_fd, unsigned own, struct err *e)
{
	int fds[SYNC_FDS_MAX], n = sync_peek_fds(gate_fd, READY_WAIT_MS, fds, e);

	for (int i = 0; i < n; i++) {
		int type = ioctl(fds[i], NS_GET_NSTYPE);
		for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
			if (type == ns_flag(kinds[k].kind) && is_wanted(s, own, kinds[k].kind))
				s->shared.held.fd[kinds[k].kind] = fd_take(&fds[i]);
		fd_close(&fds[i]);
	}
	for (size_t k = 0; n >= 0 && k < sizeof kinds / sizeof *kinds; k++)
		if (is_wanted(s, own, kinds[k].kind))
			return err_msg(e, EACCES, "its init, which waits, does not hand over its %s namespace", kinds[k].file);
	return n < 0 ? n : 0;
}

int service_hold_namespaces(struct service *s, pid_t pid, int pidfd, int gate_fd, unsigned but, struct err *e)
{
	unsigned own = s->shared.own & ~but;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (!is_wanted(s, own, kinds[i].kind))
			continue;
		int fd = ns_open_of(pid, pidfd, kinds[i].file);
		if (fd == -EACCES && gate_fd >= 0)
			return take_given(s, gate_fd, own, e);
		if (fd < 0)
			return err_set(e, -fd, "hold the %s namespace of process %d", kinds[i].file, pid);
		s->shared.held.fd[kinds[i].kind] = fd;
	}
	return 0;
}

static int open_sockets(struct service *s, struct err *e)
{
	for (unsigned i = 0; i < s->policy->n_listen && !s->shared.listening; i++) {
		const struct listen_policy *l = &s->policy->listen[i];
		int fd = listen_open(l, s->shared.held.fd[OCI_NS_NETWORK], e);
		int r = fd < 0 ? fd : fdset_add(&s->store.set, fd, l->name, false, false, 0);
		if (r < 0)
			return fd < 0 ? r : err_set(e, -r, "keep the socket %s", l->text);
	}
	s->shared.listening = true;
	return sockets_save(s, e);
}

/* Nobody runs who uses them. That one is deaf must not stop the next member: it is told. */
void service_mend_sockets(struct service *s)
{
	struct err e = ERR_INIT;

	if (s->policy->own_sockets)
		return;
	for (unsigned i = 0; s->shared.listening && i < s->policy->n_listen && i < s->store.set.n; i++) {
		const struct listen_policy *l = &s->policy->listen[i];
		if (!listen_mend(l, s->store.set.v[i].fd))
			continue;
		if (listen_reopen(l, s->store.set.v[i].fd, s->shared.held.fd[OCI_NS_NETWORK], &e) >= 0)
			err_msg(&e, EIO, "--listen %s: the member before has made it useless: it is opened anew", l->text);
		service_warn(s, NULL, &e);
		if (sockets_save(s, &e) < 0)
			service_warn(s, NULL, &e);
	}
}

/* The first one makes the namespaces that all share; before anything runs in the network's the sockets are there. */
int service_share(struct service *s, struct member *m, struct err *e)
{
	int r = service_hold_namespaces(s, m->pid, m->pidfd, m->gate_fd, m->private_namespaces, e);

	if (s->shared.own & 1U << OCI_NS_NETWORK && s->shared.held.fd[OCI_NS_NETWORK] < 0)
		return r; /* a standby with a network of its own, and nobody has made the service's yet */
	s->shared.renewing = false;
	return r < 0 || s->shared.listening ? r : open_sockets(s, e);
}
