/* SPDX-License-Identifier: Apache-2.0 */
/* ns/last: ns_entry_of() of ns.h. */
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>

#include "base/fd.h"
#include "ns/ns.h"

static int user_ns_joined(const struct ns_plan *p)
{
	for (unsigned i = 0; i < p->n_join; i++)
		if (p->join[i].flags == CLONE_NEWUSER)
			return p->join[i].fd;
	return FD_NONE;
}

enum ns_entry ns_entry_of(const struct oci_config *c, const struct ns_plan *p, int pid_ns_fd)
{
	if (!oci_namespace(c, OCI_NS_USER))
		return NS_LAST;
	_cleanup_fd_ int owner = ioctl(pid_ns_fd, NS_GET_USERNS);
	return fd_is_same_file(owner, user_ns_joined(p)) ? NS_LAST : NS_BY_ITSELF;
}
