/* SPDX-License-Identifier: Apache-2.0 */
/* probe_owner: see probe_owner.h. The kernel tells the cgroup of each TCP socket (sock_diag(7)), and who listens at a unix
 * socket (unix(7), SO_PEERCRED). */
#include "watch/probe_owner.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/address.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/path.h"
#include "cgroup/cgroup.h"
#include "ns/ns.h"
#include "watch/probe.h"

#ifndef TCP_ESTABLISHED
#define TCP_ESTABLISHED 1
#endif

struct question {
	struct nlmsghdr head;
	struct inet_diag_req_v2 req;
};

static int open_diag(void *arg, struct err *e)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	(void)arg;
	return fd < 0 ? err_set(e, errno, "ask for sockets") : fd;
}

/* The other end: its source is our destination. */
static bool fill(struct question *q, int fd)
{
	union address own = { 0 }, peer = { 0 };
	socklen_t own_len = sizeof own, peer_len = sizeof peer;
	struct inet_diag_sockid *id = &q->req.id;

	if (getsockname(fd, &own.any, &own_len) < 0 || getpeername(fd, &peer.any, &peer_len) < 0)
		return false;
	*q = (struct question){
		.head = { .nlmsg_len = sizeof *q, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST },
		.req = { .sdiag_family = (uint8_t)own.any.sa_family, .sdiag_protocol = IPPROTO_TCP, .idiag_states = ~0U },
	};
	id->idiag_cookie[0] = id->idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	if (own.any.sa_family == AF_INET) {
		id->idiag_src[0] = peer.in.sin_addr.s_addr;
		id->idiag_sport = peer.in.sin_port;
		id->idiag_dst[0] = own.in.sin_addr.s_addr;
		id->idiag_dport = own.in.sin_port;
	} else {
		memcpy(id->idiag_src, &peer.in6.sin6_addr, sizeof peer.in6.sin6_addr);
		id->idiag_sport = peer.in6.sin6_port;
		memcpy(id->idiag_dst, &own.in6.sin6_addr, sizeof own.in6.sin6_addr);
		id->idiag_dport = own.in6.sin6_port;
	}
	return true;
}

/* 0: the kernel does not say. */
static uint64_t cgroup_of_answer(const struct nlmsghdr *head, size_t len)
{
	uint64_t id = 0;

	if (!NLMSG_OK(head, len) || head->nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return 0;
	const struct inet_diag_msg *msg = NLMSG_DATA(head);
	struct rtattr *a = (struct rtattr *)(msg + 1);
	int left = (int)(head->nlmsg_len - NLMSG_LENGTH(sizeof *msg));

	for (; RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == INET_DIAG_CGROUP_ID && RTA_PAYLOAD(a) == sizeof id)
			memcpy(&id, RTA_DATA(a), sizeof id);
	return id;
}

static bool is_members_tcp(const struct probe *p)
{
	_Alignas(struct nlmsghdr) char answer[4096];
	struct question q;
	struct stat st;
	struct err ignored = ERR_INIT;
	_cleanup_fd_ int diag = ns_call(p->target.pidfd, CLONE_NEWNET, open_diag, NULL, &ignored);

	if (diag < 0 || !fill(&q, p->fd) || send(diag, &q, sizeof q, 0) != sizeof q)
		return false;
	ssize_t n = recv(diag, answer, sizeof answer, MSG_DONTWAIT);
	if (n <= 0 || fstat(p->target.cgroup_fd, &st) < 0)
		return false;
	/* The identity of a cgroup is its folder's inode number. */
	return cgroup_of_answer((struct nlmsghdr *)answer, (size_t)n) == st.st_ino;
}

static bool is_members_unix(const struct probe *p)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct ucred peer;
	socklen_t len = sizeof peer;
	struct err ignored = ERR_INIT;
	char *path, folder[4096];

	if (getsockopt(p->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 || peer.pid <= 0 ||
	    cgroup_path_of(&a, peer.pid, &path, &ignored) < 0)
		return false;
	ssize_t n = readlink(path_of_fd(p->target.cgroup_fd).text, folder, sizeof folder - 1);
	size_t of_peer = strlen(path);
	/* Seen from the mount of the hierarchy the folder ends in the path. */
	return n > 0 && (size_t)n >= of_peer && !strncmp(folder + n - of_peer, path, of_peer);
}

bool probe_owner_is_member(const struct probe *p)
{
	return p->policy->kind == PROBE_UNIX ? is_members_unix(p) :
	       p->policy->kind == PROBE_EXEC ? false :
					       is_members_tcp(p);
}
