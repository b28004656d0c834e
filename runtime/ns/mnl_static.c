/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mnl_static: the few libmnl calls that rtnl.c makes, for static builds where there is no libmnl.a: on Debian 12,
 * which ships the shared library alone (Debian 13 has both, and this file goes with Debian 12). Everywhere
 * else the library is linked, and the unit tests of ns run with either: the sanitizer build has libmnl.
 * Semantics are those that libmnl documents for these calls; only what rtnl.c relies on.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct mnl_socket {
	int fd;
	unsigned port;
};

struct mnl_socket *mnl_socket_open2(int bus, int flags)
{
	struct mnl_socket *nl = calloc(1, sizeof *nl);

	if (!nl)
		return NULL;
	nl->fd = socket(AF_NETLINK, SOCK_RAW | flags, bus);
	if (nl->fd >= 0)
		return nl;
	free(nl);
	return NULL;
}

struct mnl_socket *mnl_socket_fdopen(int fd)
{
	struct mnl_socket *nl = calloc(1, sizeof *nl);

	if (nl)
		nl->fd = fd;
	return nl;
}

int mnl_socket_bind(struct mnl_socket *nl, unsigned int groups, pid_t pid)
{
	struct sockaddr_nl a = { .nl_family = AF_NETLINK, .nl_groups = groups,
				 .nl_pid = (unsigned)pid };
	socklen_t len = sizeof a;

	if (bind(nl->fd, (struct sockaddr *)&a, sizeof a) < 0 ||
	    getsockname(nl->fd, (struct sockaddr *)&a, &len) < 0)
		return -1;
	nl->port = a.nl_pid;
	return 0;
}

unsigned int mnl_socket_get_portid(const struct mnl_socket *nl)
{
	return nl->port;
}

int mnl_socket_close(struct mnl_socket *nl)
{
	int r = close(nl->fd);

	free(nl);
	return r;
}

ssize_t mnl_socket_sendto(const struct mnl_socket *nl, const void *data, size_t len)
{
	static const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	return sendto(nl->fd, data, len, 0, (const struct sockaddr *)&kernel, sizeof kernel);
}

ssize_t mnl_socket_recvfrom(const struct mnl_socket *nl, void *data, size_t size)
{
	struct sockaddr_nl from;
	struct iovec where = { data, size };
	struct msghdr m = { .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &where,
			    .msg_iovlen = 1 };
	ssize_t n = recvmsg(nl->fd, &m, 0);

	if (n >= 0 && (m.msg_flags & MSG_TRUNC)) {
		errno = ENOSPC;
		return -1;
	}
	if (n >= 0 && (m.msg_namelen != sizeof from || from.nl_pid != 0)) {
		errno = EINVAL; /* not from the kernel */
		return -1;
	}
	return n;
}

struct nlmsghdr *mnl_nlmsg_put_header(void *buf)
{
	struct nlmsghdr *h = memset(buf, 0, MNL_ALIGN(sizeof *h));

	h->nlmsg_len = MNL_ALIGN(sizeof *h);
	return h;
}

void *mnl_nlmsg_put_extra_header(struct nlmsghdr *h, size_t size)
{
	void *p = (char *)h + h->nlmsg_len;

	h->nlmsg_len += MNL_ALIGN(size);
	return memset(p, 0, MNL_ALIGN(size));
}

void *mnl_nlmsg_get_payload(const struct nlmsghdr *h)
{
	return (char *)h + MNL_ALIGN(sizeof *h);
}

void mnl_attr_put(struct nlmsghdr *h, uint16_t type, size_t len, const void *data)
{
	struct nlattr *a = (struct nlattr *)((char *)h + MNL_ALIGN(h->nlmsg_len));

	a->nla_type = type;
	a->nla_len = (uint16_t)(MNL_ALIGN(sizeof *a) + len);
	memcpy((char *)a + MNL_ALIGN(sizeof *a), data, len);
	memset((char *)a + a->nla_len, 0, MNL_ALIGN(a->nla_len) - a->nla_len);
	h->nlmsg_len += MNL_ALIGN(a->nla_len);
}

void mnl_attr_put_u32(struct nlmsghdr *h, uint16_t type, uint32_t data)
{
	mnl_attr_put(h, type, sizeof data, &data);
}

void mnl_attr_put_strz(struct nlmsghdr *h, uint16_t type, const char *data)
{
	mnl_attr_put(h, type, strlen(data) + 1, data);
}

uint16_t mnl_attr_get_type(const struct nlattr *a)
{
	return a->nla_type & NLA_TYPE_MASK;
}

uint16_t mnl_attr_get_payload_len(const struct nlattr *a)
{
	return (uint16_t)(a->nla_len - MNL_ALIGN(sizeof *a));
}

void *mnl_attr_get_payload(const struct nlattr *a)
{
	return (char *)a + MNL_ALIGN(sizeof *a);
}

uint32_t mnl_attr_get_u32(const struct nlattr *a)
{
	uint32_t v;

	memcpy(&v, mnl_attr_get_payload(a), sizeof v);
	return v;
}

int mnl_attr_parse(const struct nlmsghdr *h, unsigned int offset, mnl_attr_cb_t cb, void *data)
{
	const char *p = (char *)mnl_nlmsg_get_payload(h) + MNL_ALIGN(offset);
	const char *end = (const char *)h + h->nlmsg_len;
	int r = MNL_CB_OK;

	while (end - p >= (ptrdiff_t)sizeof(struct nlattr)) {
		const struct nlattr *a = (const struct nlattr *)p;
		if (a->nla_len < sizeof *a || a->nla_len > end - p)
			break;
		r = cb(a, data);
		if (r <= MNL_CB_STOP)
			break;
		p += MNL_ALIGN(a->nla_len);
	}
	return r;
}

/* NLMSG_ERROR: 0 acknowledges, else it is -errno. */
static int on_error(const struct nlmsghdr *h)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);

	if (h->nlmsg_len < MNL_ALIGN(sizeof *h) + sizeof e->error) {
		errno = EBADMSG;
		return MNL_CB_ERROR;
	}
	errno = e->error < 0 ? -e->error : e->error;
	return e->error ? MNL_CB_ERROR : MNL_CB_STOP;
}

int mnl_cb_run(const void *buf, size_t n, unsigned int seq, unsigned int port, mnl_cb_t cb,
	       void *data)
{
	const char *p = buf, *end = p + n;
	int r = MNL_CB_OK;

	while (r > MNL_CB_STOP && end - p >= (ptrdiff_t)sizeof(struct nlmsghdr)) {
		const struct nlmsghdr *h = (const struct nlmsghdr *)p;
		if (h->nlmsg_len < sizeof *h || h->nlmsg_len > (size_t)(end - p))
			break;
		if ((h->nlmsg_pid && h->nlmsg_pid != port) || (h->nlmsg_seq && h->nlmsg_seq != seq)) {
			errno = ESRCH;
			return MNL_CB_ERROR;
		}
		if (h->nlmsg_flags & NLM_F_DUMP_INTR) {
			errno = EINTR; /* the dump is not consistent */
			return MNL_CB_ERROR;
		}
		if (h->nlmsg_type == NLMSG_ERROR)
			r = on_error(h);
		else if (h->nlmsg_type == NLMSG_DONE)
			r = MNL_CB_STOP;
		else if (h->nlmsg_type >= NLMSG_MIN_TYPE && cb)
			r = cb(h, data);
		p += MNL_ALIGN(h->nlmsg_len);
	}
	return r;
}
