/* SPDX-License-Identifier: Apache-2.0 */
/* listen: see listen.h. The socket is made by a stage in the service's network namespace and stays in it. */
#include "service/listen.h"

#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <netinet/in.h>

#include "base/address.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "ns/ns.h"

static socklen_t make_address(const struct listen_policy *l, union address *a)
{
	return l->kind == LISTEN_UNIX ? address_unix(a, l->path) : address_ip(a, *l->host ? l->host : "0.0.0.0", l->port);
}

/* -- the file of a unix socket: by its folder's descriptor, so that no symlink leads it elsewhere ---------- */

/* A socket file that nobody listens on is left over from a crash. */
static void remove_stale(int dir_fd, const char *name)
{
	struct stat st;
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISSOCK(st.st_mode))
		return;
	int n = snprintf(a.sun_path, sizeof a.sun_path, "%s/%s", path_of_fd(dir_fd).text, name);
	if (n < (int)sizeof a.sun_path && connect(fd, (struct sockaddr *)&a, sizeof a) < 0 && errno == ECONNREFUSED)
		unlinkat(dir_fd, name, 0);
}

static int bind_name(int fd, int dir_fd, const char *name)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	_cleanup_fd_ int before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (strlen(name) >= sizeof a.sun_path)
		return -ENAMETOOLONG;
	strcpy(a.sun_path, name);
	if (before < 0 || fchdir(dir_fd) < 0)
		return -errno;
	int r = bind(fd, (struct sockaddr *)&a, sizeof a) < 0 ? -errno : 0;
	return fchdir(before) < 0 && r >= 0 ? -errno : r;
}

/* Made with the socket's own mode: chmod(2) would need its name again. */
static int bind_file(int fd, const struct listen_policy *l)
{
	const char *name;
	_cleanup_fd_ int dir = path_open_folder_of(l->path, &name);

	if (dir < 0)
		return dir;
	remove_stale(dir, name);
	if (fchmod(fd, l->mode) < 0)
		return -errno;
	mode_t before = umask(0);
	int r = bind_name(fd, dir, name);
	umask(before);
	return r;
}

static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

struct opening {
	const struct listen_policy *policy;
	union address address;
	socklen_t len;
};

static int bind_it(int fd, struct opening *o, struct err *e)
{
	int on = 1;

	if (o->policy->kind != LISTEN_UNIX && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0)
		return err_set(e, errno, "--listen %s", o->policy->text);
	if (o->policy->own && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) < 0)
		return err_set(e, errno, "--listen %s: share the address", o->policy->text);
	if (o->address.any.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	int r = o->policy->kind == LISTEN_UNIX		    ? bind_file(fd, o->policy) :
		bind(fd, &o->address.any, o->len) < 0 ? -errno :
							      0;
	if (r < 0)
		return err_set(e, -r, "--listen %s: bind", o->policy->text);
	if (o->policy->kind != LISTEN_UDP && !o->policy->own && listen(fd, (int)o->policy->backlog) < 0)
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
	if (l->kind != LISTEN_UNIX || !listen_is_at(l, fd))
		return;
	const char *name;
	_cleanup_fd_ int dir = path_open_folder_of(l->path, &name);
	if (dir >= 0)
		unlinkat(dir, name, 0);
}

void listen_remove_stale(const struct listen_policy *l)
{
	const char *name;
	_cleanup_fd_ int dir = l->kind == LISTEN_UNIX ? path_open_folder_of(l->path, &name) : FD_NONE;

	if (dir >= 0)
		remove_stale(dir, name);
}

bool listen_is_at(const struct listen_policy *l, int fd)
{
	union address want, bound = { 0 };
	socklen_t len = sizeof bound;

	if (!make_address(l, &want) || getsockname(fd, &bound.any, &len) < 0 ||
	    bound.any.sa_family != want.any.sa_family)
		return false;
	if (l->kind == LISTEN_UNIX)
		return !strcmp(file_name(bound.un.sun_path), file_name(l->path));
	if (want.any.sa_family == AF_INET)
		return bound.in.sin_port == want.in.sin_port &&
		       bound.in.sin_addr.s_addr == want.in.sin_addr.s_addr;
	return bound.in6.sin6_port == want.in6.sin6_port &&
	       !memcmp(&bound.in6.sin6_addr, &want.in6.sin6_addr, sizeof want.in6.sin6_addr);
}
