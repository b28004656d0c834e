/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_netlink: what a kernel answers to rtnl.c; the input is one answer after the other, each with its length. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <string.h>

#include "fuzz.h"
#include "ns/rtnl.h"

ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *nl, const void *data, size_t len);
ssize_t __wrap_mnl_socket_recvfrom(const struct mnl_socket *nl, void *data, size_t size);
unsigned __wrap_mnl_socket_get_portid(const struct mnl_socket *nl);

static const uint8_t *left;
static size_t n_left;

ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *nl, const void *data, size_t len)
{
	(void)nl;
	(void)data;
	return (ssize_t)len;
}

unsigned __wrap_mnl_socket_get_portid(const struct mnl_socket *nl)
{
	(void)nl;
	return 0;
}

ssize_t __wrap_mnl_socket_recvfrom(const struct mnl_socket *nl, void *data, size_t size)
{
	size_t len;

	(void)nl;
	if (n_left < 2) {
		errno = EIO;
		return -1;
	}
	len = (size_t)left[0] << 8 | left[1];
	left += 2;
	n_left -= 2;
	if (len > n_left)
		len = n_left;
	if (len > size) {
		errno = ENOSPC;
		return -1;
	}
	memcpy(data, left, len);
	left += len;
	n_left -= len;
	return (ssize_t)len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct rtnl r = { 0 };
	struct rtnl_address *addresses = NULL;
	struct rtnl_link link;

	left = data;
	n_left = len;
	if (rtnl_link_get(&r, "eth0", &link) == -EIO)
		return 0;
	if (rtnl_addresses(&r, &a, 2, &addresses) >= 0 && addresses)
		rtnl_address_add(&r, addresses, 3);
	return 0;
}
