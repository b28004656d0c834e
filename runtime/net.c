/* net: see net.h. */
#include "net.h"

#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"
#include "oci.h"

/* Three system calls: cheaper than the same by netlink. */
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

/* An address that a device takes along. */
struct kept_address {
	uint8_t family, prefix_len;
	uint8_t bytes[16], local[16];
	bool has_local;
	uint8_t len;
};

struct kept {
	struct kept_address v[64];
	size_t n;
	unsigned index; /* of the device they are on */
	bool too_many;
};

struct attributes {
	const void *address, *local;
	uint16_t address_len;
	uint32_t flags;
};

static int on_attribute(const struct nlattr *attr, void *data)
{
	struct attributes *a = data;

	switch (mnl_attr_get_type(attr)) {
	case IFA_ADDRESS:
		a->address = mnl_attr_get_payload(attr);
		a->address_len = mnl_attr_get_payload_len(attr);
		break;
	case IFA_LOCAL:
		a->local = mnl_attr_get_payload(attr);
		break;
	case IFA_FLAGS:
		a->flags = mnl_attr_get_u32(attr);
		break;
	}
	return MNL_CB_OK;
}

/* Permanent addresses of global scope alone: the kernel makes the others itself. */
static int on_address(const struct nlmsghdr *nlh, void *data)
{
	const struct ifaddrmsg *m = mnl_nlmsg_get_payload(nlh);
	struct attributes a = { .flags = m->ifa_flags };
	struct kept *kept = data;

	if (m->ifa_index != kept->index || m->ifa_scope != RT_SCOPE_UNIVERSE)
		return MNL_CB_OK;
	mnl_attr_parse(nlh, sizeof *m, on_attribute, &a);
	if (!a.address || a.address_len > 16 || !(a.flags & IFA_F_PERMANENT))
		return MNL_CB_OK;
	if (kept->n == sizeof kept->v / sizeof *kept->v) {
		kept->too_many = true;
		return MNL_CB_OK;
	}
	struct kept_address *k = &kept->v[kept->n++];
	*k = (struct kept_address){ .family = m->ifa_family, .prefix_len = m->ifa_prefixlen,
				    .len = (uint8_t)a.address_len, .has_local = a.local };
	memcpy(k->bytes, a.address, a.address_len);
	if (a.local)
		memcpy(k->local, a.local, a.address_len);
	return MNL_CB_OK;
}

#define BUFFER_BYTES 8192

/* Sends one request and runs `cb` over the answers, until done or acknowledged. 0 or -errno. */
static int talk(struct mnl_socket *nl, struct nlmsghdr *nlh, mnl_cb_t cb, void *data)
{
	static unsigned sequence;
	char answer[BUFFER_BYTES];

	nlh->nlmsg_seq = ++sequence;
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	for (;;) {
		ssize_t n = mnl_socket_recvfrom(nl, answer, sizeof answer);
		if (n < 0)
			return -errno;
		int r = mnl_cb_run(answer, (size_t)n, nlh->nlmsg_seq, mnl_socket_get_portid(nl), cb,
				   data);
		if (r < 0)
			return -errno;
		if (r == MNL_CB_STOP)
			return 0;
	}
}

static struct mnl_socket *open_netlink(struct err *e)
{
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);

	if (nl && mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) == 0)
		return nl;
	err_set(e, errno, "open a netlink socket");
	if (nl)
		mnl_socket_close(nl);
	return NULL;
}

static int list_addresses(struct mnl_socket *nl, struct kept *kept)
{
	char buffer[BUFFER_BYTES];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);

	nlh->nlmsg_type = RTM_GETADDR;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	struct ifaddrmsg *m = mnl_nlmsg_put_extra_header(nlh, sizeof *m);
	m->ifa_family = AF_UNSPEC;
	return talk(nl, nlh, on_address, kept);
}

/* Down, into the namespace, under its new name: one request, so that it cannot get stuck halfway. */
static int move(struct mnl_socket *nl, unsigned index, int ns_fd, const char *name)
{
	char buffer[BUFFER_BYTES];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);

	nlh->nlmsg_type = RTM_NEWLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	struct ifinfomsg *m = mnl_nlmsg_put_extra_header(nlh, sizeof *m);
	m->ifi_index = (int)index;
	m->ifi_change = IFF_UP;
	mnl_attr_put_u32(nlh, IFLA_NET_NS_FD, (uint32_t)ns_fd);
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	return talk(nl, nlh, NULL, NULL);
}

static int add_address(struct mnl_socket *nl, unsigned index, const struct kept_address *k)
{
	char buffer[BUFFER_BYTES];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);

	nlh->nlmsg_type = RTM_NEWADDR;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
	struct ifaddrmsg *m = mnl_nlmsg_put_extra_header(nlh, sizeof *m);
	m->ifa_family = k->family;
	m->ifa_prefixlen = k->prefix_len;
	m->ifa_flags = IFA_F_PERMANENT;
	m->ifa_index = index;
	mnl_attr_put(nlh, IFA_ADDRESS, k->len, k->bytes);
	if (k->has_local)
		mnl_attr_put(nlh, IFA_LOCAL, k->len, k->local);
	return talk(nl, nlh, NULL, NULL);
}

static int set_up(struct mnl_socket *nl, unsigned index)
{
	char buffer[BUFFER_BYTES];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);

	nlh->nlmsg_type = RTM_NEWLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	struct ifinfomsg *m = mnl_nlmsg_put_extra_header(nlh, sizeof *m);
	m->ifi_index = (int)index;
	m->ifi_change = m->ifi_flags = IFF_UP;
	return talk(nl, nlh, NULL, NULL);
}

/* Addresses were dropped by the move; set up anew through a socket of the target's namespace. */
static int restore(struct mnl_socket *target, const char *name, const struct kept *kept,
		   struct err *e)
{
	unsigned index = if_nametoindex(name);
	int r = index ? 0 : -errno;

	for (size_t i = 0; r >= 0 && i < kept->n; i++)
		r = add_address(target, index, &kept->v[i]);
	if (r >= 0)
		r = set_up(target, index);
	return r < 0 ? err_set(e, -r, "set up network device %s in the container", name) : 0;
}

struct moving {
	const struct oci_linux *linux_;
	int host_ns, target_ns;
	struct mnl_socket *host;
	struct err *e;
};

static int move_one(const struct moving *m, const struct oci_net_device *d)
{
	const char *name = d->name && *d->name ? d->name : d->host_name;
	struct kept kept = { .index = if_nametoindex(d->host_name) };

	if (!kept.index)
		return err_set(m->e, errno, "network device %s", d->host_name);
	int r = list_addresses(m->host, &kept);
	if (r < 0 || kept.too_many)
		return err_set(m->e, r < 0 ? -r : E2BIG, "list the addresses of %s", d->host_name);
	r = move(m->host, kept.index, m->target_ns, name);
	if (r < 0)
		return err_set(m->e, -r, "move network device %s to %s in the container",
			       d->host_name, name);
	if (setns(m->target_ns, CLONE_NEWNET) < 0)
		return err_set(m->e, errno, "enter the container's network namespace");
	struct mnl_socket *target = open_netlink(m->e);
	r = target ? restore(target, name, &kept, m->e) : -m->e->code;
	if (target)
		mnl_socket_close(target);
	/* Back before anything else happens: our own namespace is only lent out for this. */
	if (setns(m->host_ns, CLONE_NEWNET) < 0)
		return err_set(m->e, errno, "return to the host's network namespace");
	return r;
}

int net_move_devices(const struct oci_linux *l, pid_t pid, struct err *e)
{
	char path[32];

	if (!l->net_devices.n)
		return 0;
	snprintf(path, sizeof path, "/proc/%d/ns/net", pid);
	_cleanup_fd_ int target_ns = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_fd_ int host_ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (target_ns < 0 || host_ns < 0)
		return err_set(e, errno, "open the network namespaces");
	struct moving m = { l, host_ns, target_ns, open_netlink(e), e };
	if (!m.host)
		return -e->code;
	int r = 0;
	for (size_t i = 0; r >= 0 && i < l->net_devices.n; i++)
		r = move_one(&m, &l->net_devices.v[i]);
	mnl_socket_close(m.host);
	return r;
}
