/* SPDX-License-Identifier: Apache-2.0 */
#include "service.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

void die(const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
	exit(1);
}

int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int parse_unix(const char *path, struct address *ret)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&ret->sa;

	if (strlen(path) >= sizeof un->sun_path)
		return -1;
	un->sun_family = AF_UNIX;
	strcpy(un->sun_path, path);
	ret->len = sizeof *un;
	return 0;
}

static int parse_tcp(const char *text, struct address *ret)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&ret->sa;
	struct sockaddr_in *in = (struct sockaddr_in *)&ret->sa;
	const char *colon = strrchr(text, ':');
	char host[64];

	if (!colon || (size_t)(colon - text) >= sizeof host)
		return -1;
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = '\0';
	uint16_t port = htons((uint16_t)atoi(colon + 1));
	if (*host == '[') {
		host[strcspn(host, "]")] = '\0';
		*in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = port };
		ret->len = sizeof *in6;
		return inet_pton(AF_INET6, host + 1, &in6->sin6_addr) == 1 ? 0 : -1;
	}
	*in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = port };
	ret->len = sizeof *in;
	return !*host || inet_pton(AF_INET, host, &in->sin_addr) == 1 ? 0 : -1;
}

void parse_address(const char *text, struct address *ret)
{
	int r = -1;

	memset(ret, 0, sizeof *ret);
	if (!strncmp(text, "unix:", 5))
		r = parse_unix(text + 5, ret);
	else if (!strncmp(text, "tcp:", 4))
		r = parse_tcp(text + 4, ret);
	if (r < 0) {
		fprintf(stderr, "%s: not tcp:HOST:PORT or unix:PATH: %s\n",
			program_invocation_short_name, text);
		exit(2);
	}
}

int listen_at(const char *text)
{
	struct address a;
	int one = 1;

	parse_address(text, &a);
	int s = socket(a.sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s < 0)
		die("socket");
	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(s, (struct sockaddr *)&a.sa, a.len) < 0 || listen(s, SOMAXCONN) < 0)
		die(text);
	return s;
}

int inherited_fds(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");

	return pid && fds && atoi(pid) == getpid() ? atoi(fds) : 0;
}

int notify(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	if (!path)
		return 0;
	size_t n = strlen(path);
	if (!n || n >= sizeof un.sun_path)
		return -1;
	memcpy(un.sun_path, path, n);
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	if (*path == '@')
		un.sun_path[0] = '\0';
	else
		len++;
	int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s < 0)
		return -1;
	ssize_t sent = sendto(s, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&un, len);
	close(s);
	return sent < 0 ? -1 : 1;
}
