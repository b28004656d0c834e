/* listen: see listen.h. The socket is made by a stage in the service's network namespace and stays in it. */
#include "service/listen.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"
#include "ns/ns.h"

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
};

static socklen_t make_address(const struct listen_policy *l, union address *a)
{
	*a = (union address){ 0 };
	if (l->kind == LISTEN_UNIX) {
		a->un.sun_family = AF_UNIX;
		strncpy(a->un.sun_path, l->path, sizeof a->un.sun_path - 1);
		return sizeof a->un;
	}
	if (strchr(l->host, ':')) {
		a->in6.sin6_family = AF_INET6;
		a->in6.sin6_port = htons(l->port);
		return inet_pton(AF_INET6, l->host, &a->in6.sin6_addr) == 1 ? sizeof a->in6 : 0;
	}
	a->in.sin_family = AF_INET;
	a->in.sin_port = htons(l->port);
	return inet_pton(AF_INET, *l->host ? l->host : "0.0.0.0", &a->in.sin_addr) == 1 ? sizeof a->in : 0;
}

/* A socket file that nobody listens on is left over from a crash. */
static void remove_stale(const union address *a)
{
	struct stat st;
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || lstat(a->un.sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return;
	if (connect(fd, &a->any, sizeof a->un) < 0 && errno == ECONNREFUSED)
		unlink(a->un.sun_path);
}

struct opening {
	const struct listen_policy *policy;
	union address address;
	socklen_t len;
};

/* The file is made with the socket's own mode: a chmod(2) of its name could be sent elsewhere by a symlink that
 * whoever may write to the folder puts in its place. */
static int bind_file(int fd, const struct opening *o)
{
	if (fchmod(fd, o->policy->mode) < 0)
		return -1;
	mode_t before = umask(0);
	int r = bind(fd, &o->address.any, o->len);
	int errnum = errno;
	umask(before);
	errno = errnum;
	return r;
}

static int bind_it(int fd, struct opening *o, struct err *e)
{
	int on = 1;

	if (o->policy->kind == LISTEN_UNIX)
		remove_stale(&o->address);
	else if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0)
		return err_set(e, errno, "--listen %s", o->policy->text);
	if (o->address.any.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	int r = o->policy->kind == LISTEN_UNIX ? bind_file(fd, o) : bind(fd, &o->address.any, o->len);
	if (r < 0)
		return err_set(e, errno, "--listen %s: bind", o->policy->text);
	if (o->policy->kind != LISTEN_UDP && listen(fd, (int)o->policy->backlog) < 0)
		return err_set(e, errno, "--listen %s: listen", o->policy->text);
	return 0;
}

static int open_it(void *arg, struct err *e)
{
	struct opening *o = arg;
	int type = o->policy->kind == LISTEN_UDP ? SOCK_DGRAM : SOCK_STREAM;
	int fd = socket(o->address.any.sa_family, type | SOCK_CLOEXEC, 0);
	int r = fd < 0 ? err_set(e, errno, "--listen %s: make a socket", o->policy->text)
		       : bind_it(fd, o, e);

	if (r < 0)
		fd_close(&fd);
	return r < 0 ? r : fd;
}

int listen_open(const struct listen_policy *l, int netns_fd, struct err *e)
{
	struct opening o = { .policy = l };

	o.len = make_address(l, &o.address);
	if (!o.len)
		return err_msg(e, EINVAL, "--listen %s: not a numeric address", l->text);
	if (netns_fd < 0 || l->kind == LISTEN_UNIX)
		return open_it(&o, e);
	return ns_call(netns_fd, CLONE_NEWNET, open_it, &o, e);
}

void listen_remove(const struct listen_policy *l, int fd)
{
	union address bound;
	socklen_t len = sizeof bound;

	if (l->kind == LISTEN_UNIX && getsockname(fd, &bound.any, &len) == 0 &&
	    !strcmp(bound.un.sun_path, l->path))
		unlink(l->path);
}

void listen_remove_stale(const struct listen_policy *l)
{
	union address a;

	if (l->kind == LISTEN_UNIX && make_address(l, &a))
		remove_stale(&a);
}

bool listen_is_at(const struct listen_policy *l, int fd)
{
	union address want, bound = { 0 };
	socklen_t len = sizeof bound;

	if (!make_address(l, &want) || getsockname(fd, &bound.any, &len) < 0 ||
	    bound.any.sa_family != want.any.sa_family)
		return false;
	if (l->kind == LISTEN_UNIX)
		return !strcmp(bound.un.sun_path, want.un.sun_path);
	if (want.any.sa_family == AF_INET)
		return bound.in.sin_port == want.in.sin_port &&
		       bound.in.sin_addr.s_addr == want.in.sin_addr.s_addr;
	return bound.in6.sin6_port == want.in6.sin6_port &&
	       !memcmp(&bound.in6.sin6_addr, &want.in6.sin6_addr, sizeof want.in6.sin6_addr);
}
