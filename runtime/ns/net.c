/* SPDX-License-Identifier: Apache-2.0 */
/* net: see net.h. What a device loses on its way is noted before the first step, so that a failure can
 * put all devices back where they came from. */
#include "ns/net.h"

#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "ns/rtnl.h"
#include "oci.h"

/* Three system calls: fewer than by netlink. */
int net_loopback_up(struct err *e)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_set(e, errno, "make a socket to set lo up");
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return err_set(e, errno, "set lo up");
	return 0;
}

struct device {
	const char *host_name, *name;
	struct rtnl_link link; /* on the host */
	struct rtnl_address *addresses;
	unsigned index; /* in the container, once it is there */
	bool moved;
};

struct moving {
	int host_ns, ns;          /* namespace files */
	struct rtnl host, target; /* sockets there */
	struct arena arena;
	struct device *v;
	size_t n;
};

static void moving_close(struct moving *m)
{
	rtnl_close(&m->host);
	rtnl_close(&m->target);
	fd_close(&m->host_ns);
	fd_close(&m->ns);
	arena_free(&m->arena);
}

static int moving_open(struct moving *m, pid_t pid, struct err *e)
{
	char path[32];
	int r;

	snprintf(path, sizeof path, "/proc/%d/ns/net", pid);
	m->ns = open(path, O_RDONLY | O_CLOEXEC);
	m->host_ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (m->ns < 0 || m->host_ns < 0)
		return err_set(e, errno, "open the network namespaces");
	r = rtnl_open(&m->host, FD_NONE);
	if (r >= 0)
		r = rtnl_open(&m->target, m->ns);
	return r < 0 ? err_set(e, -r, "open a netlink socket") : 0;
}

#define LISTING_TRIES 8

/* Of a socket of its own: a listing that was disturbed leaves answers behind. */
static int list_addresses(struct moving *m, struct device *d)
{
	int r = -EINTR;

	for (int try = 0; r == -EINTR && try < LISTING_TRIES; try++) {
		struct rtnl lister;
		r = rtnl_open(&lister, FD_NONE);
		if (r >= 0)
			r = rtnl_addresses(&lister, &m->arena, d->link.index, &d->addresses);
		rtnl_close(&lister);
	}
	return r;
}

static int inspect(struct moving *m, const struct oci_net_device *from, struct device *d,
		   struct err *e)
{
	struct rtnl_link taken;
	int r;

	d->host_name = from->host_name;
	d->name = from->name && *from->name ? from->name : from->host_name;
	r = rtnl_link_get(&m->host, d->host_name, &d->link);
	if (r < 0)
		return err_set(e, -r, "find network device %s", d->host_name);
	r = list_addresses(m, d);
	if (r < 0)
		return err_set(e, -r, "list the addresses of network device %s", d->host_name);
	/* The kernel would move the device first and then fail to rename it. Templates are its own. */
	if (!strchr(d->name, '%') && rtnl_link_get(&m->target, d->name, &taken) == 0)
		return err_set(e, EEXIST, "move network device %s to %s in the container",
			       d->host_name, d->name);
	return 0;
}

#define INDEX_TRIES 256

/* Under the number it had, or the next that is free: so it is known without asking for the name that
 * the kernel made of a template. */
static int move_link(struct rtnl *from, unsigned index, int ns_fd, const char *name,
		     unsigned *new_index)
{
	int r = -EBUSY;

	for (int try = 0; r == -EBUSY && try < INDEX_TRIES; try++) {
		r = rtnl_link_move(from, index, ns_fd, name, *new_index);
		if (r == -EBUSY)
			++*new_index;
	}
	return r;
}

static int net_restore(struct rtnl *where, const struct device *d, unsigned index, bool up)
{
	int r = 0;

	for (const struct rtnl_address *k = d->addresses; r >= 0 && k; k = k->next)
		r = rtnl_address_add(where, k, index);
	return r < 0 || !up ? r : rtnl_link_up(where, index);
}

static int move_one(struct moving *m, struct device *d, struct err *e)
{
	d->index = d->link.index;
	int r = move_link(&m->host, d->link.index, m->ns, d->name, &d->index);
	if (r < 0)
		return err_set(e, -r, "move network device %s to %s in the container",
			       d->host_name, d->name);
	d->moved = true;
	r = net_restore(&m->target, d, d->index, true);
	return r < 0 ? err_set(e, -r, "set up network device %s in the container", d->name) : 0;
}

/* As far as it goes: the error that led here is the one to tell. */
static void put_back(struct moving *m)
{
	for (size_t i = m->n; i-- > 0;) {
		const struct device *d = &m->v[i];
		unsigned index = d->link.index;
		if (d->moved && move_link(&m->target, d->index, m->host_ns, d->host_name, &index) == 0)
			net_restore(&m->host, d, index, d->link.is_up);
	}
}

static int move_all(struct moving *m, const struct oci_linux *l, struct err *e)
{
	int r = 0;

	m->n = l->net_devices.n;
	m->v = arena_calloc(&m->arena, m->n, sizeof *m->v);
	if (!m->v)
		return err_set(e, ENOMEM, "move network devices");
	for (size_t i = 0; r >= 0 && i < m->n; i++)
		r = inspect(m, &l->net_devices.v[i], &m->v[i], e);
	for (size_t i = 0; r >= 0 && i < m->n; i++)
		r = move_one(m, &m->v[i], e);
	if (r < 0)
		put_back(m);
	return r;
}

int net_move_devices(const struct oci_linux *l, pid_t pid, struct err *e)
{
	struct moving m = { .host_ns = FD_NONE, .ns = FD_NONE };
	int r;

	if (!l->net_devices.n)
		return 0;
	r = moving_open(&m, pid, e);
	if (r >= 0)
		r = move_all(&m, l, e);
	moving_close(&m);
	return r;
}
