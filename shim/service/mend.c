/* SPDX-License-Identifier: Apache-2.0 */
/* mend: see mend.h. Options are set, not compared: that is one call each, and most are set nowhere else. */
#include "service/mend.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>

#include "base/err.h"
#include "base/fd.h"
#include "policy/policy.h"
#include "service/listen.h"

#ifndef SO_BUF_LOCK
#define SO_BUF_LOCK 72
#endif

#define KIND(kind) (1U << (kind))
#define STREAM_IP KIND(LISTEN_TCP)
#define IP (KIND(LISTEN_TCP) | KIND(LISTEN_UDP))
#define ALL (IP | KIND(LISTEN_UNIX))

/* What a new socket has. An option that this kernel, or this address family, does not know was not set either. */
static const struct option {
	unsigned kinds; /* 1 << enum listen_kind */
	int level, name, value;
} options[] = {
	{ ALL, SOL_SOCKET, SO_RCVLOWAT, 1 },
	{ ALL, SOL_SOCKET, SO_PASSCRED, 0 },
	{ ALL, SOL_SOCKET, SO_TIMESTAMP, 0 },
	{ IP, SOL_SOCKET, SO_REUSEADDR, 1 },
	{ IP, SOL_SOCKET, SO_REUSEPORT, 0 }, /* others could take a share of the clients */
	{ IP, SOL_SOCKET, SO_KEEPALIVE, 0 },
	{ IP, SOL_SOCKET, SO_DONTROUTE, 0 },
	{ IP, SOL_SOCKET, SO_BROADCAST, 0 },
	{ IP, SOL_SOCKET, SO_MARK, 0 },
	{ IP, SOL_SOCKET, SO_PRIORITY, 0 },
	{ IP, SOL_SOCKET, SO_MAX_PACING_RATE, -1 },
	{ IP, IPPROTO_IP, IP_TOS, 0 },
	{ IP, IPPROTO_IP, IP_TTL, -1 },
	{ IP, IPPROTO_IP, IP_MINTTL, 0 },
	{ IP, IPPROTO_IP, IP_RECVERR, 0 },
	{ IP, IPPROTO_IPV6, IPV6_UNICAST_HOPS, -1 },
	{ IP, IPPROTO_IPV6, IPV6_TCLASS, -1 },
	{ IP, IPPROTO_IPV6, 73 /* IPV6_MINHOPCOUNT */, 0 },
	{ STREAM_IP, IPPROTO_TCP, TCP_DEFER_ACCEPT, 0 },
	{ STREAM_IP, IPPROTO_TCP, TCP_NODELAY, 0 },
	{ STREAM_IP, IPPROTO_TCP, TCP_CORK, 0 },
	{ STREAM_IP, IPPROTO_TCP, TCP_MAXSEG, 0 },
	{ STREAM_IP, IPPROTO_TCP, TCP_USER_TIMEOUT, 0 },
	{ STREAM_IP, IPPROTO_TCP, TCP_LINGER2, 0 },
	{ STREAM_IP, IPPROTO_TCP, TCP_FASTOPEN, 0 },
	{ STREAM_IP, IPPROTO_TCP, TCP_NOTSENT_LOWAT, 0 },
	{ KIND(LISTEN_UDP), IPPROTO_UDP, UDP_CORK, 0 },
	{ KIND(LISTEN_UDP), IPPROTO_UDP, UDP_ENCAP, 0 },
};

static void set_options(const struct listen_policy *l, int fd)
{
	static const struct timeval no_time;
	static const struct linger no_linger;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &no_time, sizeof no_time);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &no_time, sizeof no_time);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &no_linger, sizeof no_linger);
	if (l->kind != LISTEN_UNIX)
		setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "", 0);
	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		if (options[i].kinds & KIND(l->kind))
			setsockopt(fd, options[i].level, options[i].name, &options[i].value,
				   sizeof options[i].value);
}

/* Sizes that were set are a new socket's again, and grow by themselves. */
static void set_buffers(int fd)
{
	static const int names[] = { SO_RCVBUF, SO_SNDBUF };
	int locked = 0, none = 0, domain, type;
	socklen_t len = sizeof locked;

	if (getsockopt(fd, SOL_SOCKET, SO_BUF_LOCK, &locked, &len) < 0 || !locked ||
	    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0)
		return;
	_cleanup_fd_ int fresh = socket(domain, type | SOCK_CLOEXEC, 0);
	for (size_t i = 0; i < sizeof names / sizeof *names && fresh >= 0; i++) {
		int size;
		if (getsockopt(fresh, SOL_SOCKET, names[i], &size, &len) < 0)
			continue;
		size /= 2; /* the kernel tells, and sets, twice as much as is asked for */
		setsockopt(fd, SOL_SOCKET, names[i], &size, sizeof size);
	}
	setsockopt(fd, SOL_SOCKET, SO_BUF_LOCK, &none, sizeof none);
}

/* False: it is there to stay. */
static bool take_filter_off(int fd)
{
	int none = 0;

	setsockopt(fd, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &none, sizeof none);
	return setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof none) == 0 || errno == ENOENT;
}

/* Of TCP a socket that was shut down listens again by listen(2), for the others there is no way back. */
static bool is_shut_down(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLRDHUP };

	return poll(&p, 1, 0) > 0 && p.revents & (POLLRDHUP | POLLHUP | POLLERR);
}

static bool hears_all(const struct listen_policy *l, int fd)
{
	static const struct sockaddr nobody = { .sa_family = AF_UNSPEC };
	struct sockaddr_storage peer;
	socklen_t len = sizeof peer;

	if (l->kind != LISTEN_UDP)
		return listen(fd, (int)l->backlog) == 0;
	/* One that was connected hears nobody else. */
	return getpeername(fd, (struct sockaddr *)&peer, &len) < 0 || connect(fd, &nobody, sizeof nobody) == 0;
}

int listen_mend(const struct listen_policy *l, int fd)
{
	if (!hears_all(l, fd) || is_shut_down(fd) || !listen_is_at(l, fd) || !take_filter_off(fd))
		return 1;
	if (fcntl(fd, F_GETFL) != O_RDWR)
		fcntl(fd, F_SETFL, 0);
	set_options(l, fd);
	set_buffers(fd);
	return 0;
}

int listen_reopen(const struct listen_policy *l, int fd, int netns_fd, struct err *e)
{
	static const int on = 1;

	/* Members that wait hold it as well: it gives its address up. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	shutdown(fd, SHUT_RDWR);
	_cleanup_fd_ int fresh = listen_open(l, netns_fd, e);
	if (fresh < 0)
		return fresh;
	return dup3(fresh, fd, O_CLOEXEC) < 0 ? err_set(e, errno, "open %s anew", l->text) : 0;
}
