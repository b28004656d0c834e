/* SPDX-License-Identifier: Apache-2.0 */
/* stranger: see ports/stranger.h, sock_diag(7). */
#include "ports/stranger.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "base/fd.h"

#define ANSWERS_MAX 64 /* frames of listening sockets that are looked through */

struct question {
	struct nlmsghdr head;
	struct inet_diag_req_v2 body;
};

/* 1: one listens on that port, 0: none does, -1: no more in this frame, go on. */
static int look_through(const char *frame, size_t len, uint16_t port)
{
	const struct nlmsghdr *h = (const struct nlmsghdr *)frame;
	struct inet_diag_msg msg;

	for (; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
		if (h->nlmsg_type == NLMSG_DONE)
			return 0;
		if (h->nlmsg_type == NLMSG_ERROR || h->nlmsg_len < NLMSG_LENGTH(sizeof msg))
			return 1; /* the kernel cannot tell: what bind(2) said counts */
		memcpy(&msg, NLMSG_DATA(h), sizeof msg);
		if (msg.id.idiag_sport == htons(port))
			return 1;
	}
	return -1;
}

/* True too where the kernel cannot tell. */
static bool someone_listens(int family, const struct port_address *a)
{
	_Alignas(struct nlmsghdr) char frame[16384];
	struct timeval limit = { .tv_sec = 1 };
	struct question q = {
		.head = { .nlmsg_len = sizeof q, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.body = { .sdiag_family = (uint8_t)family,
			  .sdiag_protocol = a->type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP,
			  .idiag_states = 1U << (a->type == SOCK_STREAM ? TCP_LISTEN : TCP_CLOSE) },
	};
	_cleanup_fd_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	int r = -1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) < 0 ||
	    send(fd, &q, sizeof q, 0) < 0)
		return true;
	for (int i = 0; r < 0 && i < ANSWERS_MAX; i++) {
		ssize_t n = recv(fd, frame, sizeof frame, 0);
		r = n <= 0 ? 1 : look_through(frame, (size_t)n, a->port);
	}
	return r != 0;
}

static bool can_bind(const struct port_address *a)
{
	struct sockaddr_storage at;
	socklen_t len = port_address_fill(a, &at);
	int on = 1, v6only = a->v6only;
	_cleanup_fd_ int fd = socket(a->family, a->type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return true;
	if (a->type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (a->family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof v6only);
	return bind(fd, (struct sockaddr *)&at, len) == 0 || errno != EADDRINUSE;
}

bool port_stranger_has(const struct port_address *a)
{
	return !can_bind(a) && (someone_listens(AF_INET, a) || someone_listens(AF_INET6, a));
}
