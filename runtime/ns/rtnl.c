/* SPDX-License-Identifier: Apache-2.0 */
/* rtnl: see rtnl.h. Every message fits into one buffer: no request here is longer than a name and a
 * few numbers, and the kernel splits its dumps to the size of the reader's buffer. */
#include "ns/rtnl.h"

#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/arena.h"
#include "base/fd.h"
#include "base/sys.h"

#define BUFFER_BYTES 8192

/* -- sockets -------------------------------------------------------------------------------- */

#define STACK_BYTES 8192

struct foreign_socket {
	int ns_fd, ret;
};

static int open_foreign(void *arg)
{
	struct foreign_socket *f = arg;

	if (setns(f->ns_fd, CLONE_NEWNET) == 0)
		f->ret = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (f->ret < 0)
		f->ret = -errno;
	_exit(0);
}

/* A stage that shares memory and descriptors enters the namespace instead of us, so that no failure
 * can leave us there. */
static int socket_in(int ns_fd)
{
	_Alignas(16) char stack[STACK_BYTES];
	struct foreign_socket f = { .ns_fd = ns_fd, .ret = FD_NONE };
	pid_t pid = clone(open_foreign, stack + STACK_BYTES,
			  CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, &f);

	if (pid < 0)
		return -errno;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return f.ret;
}

int rtnl_open(struct rtnl *r, int ns_fd)
{
	*r = (struct rtnl){ 0 };
	if (ns_fd < 0) {
		r->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	} else {
		_cleanup_fd_ int fd = socket_in(ns_fd);
		if (fd < 0)
			return fd;
		r->socket = mnl_socket_fdopen(fd);
		if (r->socket)
			fd_take(&fd);
	}
	if (r->socket && mnl_socket_bind(r->socket, 0, MNL_SOCKET_AUTOPID) == 0)
		return 0;
	int saved = errno;
	rtnl_close(r);
	return -saved;
}

void rtnl_close(struct rtnl *r)
{
	if (r->socket)
		mnl_socket_close(r->socket);
	r->socket = NULL;
}

/* -- requests ------------------------------------------------------------------------------- */

union request {
	struct nlmsghdr head;
	char space[1024];
};

/* Begins a message with its fixed part of `size` bytes, which is returned to be filled in. */
static void *rtnl_begin(union request *q, uint16_t type, uint16_t flags, size_t size)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(q);

	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | flags;
	return mnl_nlmsg_put_extra_header(h, size);
}

/* Sends it and runs `cb` over the answers until the last. */
static int talk(struct rtnl *r, struct nlmsghdr *h, mnl_cb_t cb, void *data)
{
	_Alignas(struct nlmsghdr) char answer[BUFFER_BYTES];
	unsigned port = mnl_socket_get_portid(r->socket);

	h->nlmsg_seq = ++r->sequence;
	if (mnl_socket_sendto(r->socket, h, h->nlmsg_len) < 0)
		return -errno;
	for (;;) {
		ssize_t n = mnl_socket_recvfrom(r->socket, answer, sizeof answer);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		int ret = mnl_cb_run(answer, (size_t)n, h->nlmsg_seq, port, cb, data);
		if (ret <= MNL_CB_STOP)
			return ret < 0 ? -errno : 0;
	}
}

/* -- links ---------------------------------------------------------------------------------- */

static int on_link(const struct nlmsghdr *h, void *data)
{
	const struct ifinfomsg *m = mnl_nlmsg_get_payload(h);
	struct rtnl_link *ret = data;

	ret->index = (unsigned)m->ifi_index;
	ret->is_up = m->ifi_flags & IFF_UP;
	return MNL_CB_STOP; /* one answer, no acknowledgement */
}

int rtnl_link_get(struct rtnl *r, const char *name, struct rtnl_link *ret)
{
	union request q;

	if (strlen(name) >= IF_NAMESIZE)
		return -ENODEV;
	rtnl_begin(&q, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(&q.head, IFLA_IFNAME, name);
	return talk(r, &q.head, on_link, ret);
}

int rtnl_link_move(struct rtnl *r, unsigned index, int ns_fd, const char *name, unsigned new_index)
{
	union request q;
	struct ifinfomsg *m;

	if (strlen(name) >= IF_NAMESIZE)
		return -EINVAL;
	m = rtnl_begin(&q, RTM_NEWLINK, NLM_F_ACK, sizeof *m);
	m->ifi_index = (int)index;
	mnl_attr_put_u32(&q.head, IFLA_NET_NS_FD, (uint32_t)ns_fd);
	mnl_attr_put_u32(&q.head, IFLA_NEW_IFINDEX, new_index);
	mnl_attr_put_strz(&q.head, IFLA_IFNAME, name);
	return talk(r, &q.head, NULL, NULL);
}

int rtnl_link_up(struct rtnl *r, unsigned index)
{
	union request q;
	struct ifinfomsg *m = rtnl_begin(&q, RTM_NEWLINK, NLM_F_ACK, sizeof *m);

	m->ifi_index = (int)index;
	m->ifi_flags = m->ifi_change = IFF_UP;
	return talk(r, &q.head, NULL, NULL);
}

/* -- addresses ------------------------------------------------------------------------------ */

struct listing {
	struct arena *arena;
	unsigned index;
	struct rtnl_address **end;
};

/* What an administrator can set; the other flags are the kernel's notes. */
#define SETTABLE_FLAGS (IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | \
			IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN)

struct copying {
	struct nlmsghdr *to;
	uint32_t flags;
};

/* Lifetimes are endless for permanent addresses, and a label names the old device. */
static int on_attribute(const struct nlattr *attr, void *data)
{
	struct copying *c = data;

	switch (mnl_attr_get_type(attr)) {
	case IFA_FLAGS:
		c->flags = mnl_attr_get_u32(attr);
		break;
	case IFA_ADDRESS:
	case IFA_LOCAL:
	case IFA_BROADCAST:
	case IFA_RT_PRIORITY:
		if (mnl_attr_get_payload_len(attr) > 32)
			return MNL_CB_ERROR;
		mnl_attr_put(c->to, mnl_attr_get_type(attr), mnl_attr_get_payload_len(attr),
			     mnl_attr_get_payload(attr));
	}
	return MNL_CB_OK;
}

static int rtnl_keep(struct listing *l, const struct nlmsghdr *message)
{
	struct rtnl_address *k = arena_alloc(l->arena, sizeof *k + message->nlmsg_len);

	if (!k) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	k->len = message->nlmsg_len;
	memcpy(k->message, message, k->len);
	*l->end = k;
	l->end = &k->next;
	return MNL_CB_OK;
}

static int on_address(const struct nlmsghdr *h, void *data)
{
	const struct ifaddrmsg *from = mnl_nlmsg_get_payload(h);
	struct listing *l = data;
	union request q;
	struct copying c = { &q.head, from->ifa_flags };

	if (from->ifa_index != l->index || from->ifa_scope != RT_SCOPE_UNIVERSE)
		return MNL_CB_OK;
	struct ifaddrmsg *to = rtnl_begin(&q, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, sizeof *to);
	to->ifa_family = from->ifa_family;
	to->ifa_prefixlen = from->ifa_prefixlen;
	to->ifa_scope = from->ifa_scope;
	if (mnl_attr_parse(h, sizeof *from, on_attribute, &c) < 0) {
		errno = EBADMSG;
		return MNL_CB_ERROR;
	}
	if (!(c.flags & IFA_F_PERMANENT))
		return MNL_CB_OK;
	if (c.flags & SETTABLE_FLAGS)
		mnl_attr_put_u32(&q.head, IFA_FLAGS, c.flags & SETTABLE_FLAGS);
	return rtnl_keep(l, &q.head);
}

int rtnl_addresses(struct rtnl *r, struct arena *a, unsigned index, struct rtnl_address **ret)
{
	struct listing l = { a, index, ret };
	union request q;

	*ret = NULL;
	rtnl_begin(&q, RTM_GETADDR, NLM_F_DUMP, sizeof(struct ifaddrmsg));
	return talk(r, &q.head, on_address, &l);
}

int rtnl_address_add(struct rtnl *r, const struct rtnl_address *address, unsigned index)
{
	union request q;

	memcpy(&q, address->message, address->len);
	struct ifaddrmsg *m = mnl_nlmsg_get_payload(&q.head);
	m->ifa_index = index;
	return talk(r, &q.head, NULL, NULL);
}
