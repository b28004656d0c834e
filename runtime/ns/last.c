/* ns/last: ns_may_enter_last() of ns.h. */
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

/* Into the PID namespace of another user namespace than its own the task could go no more when it is ready. */
bool ns_may_enter_last(const struct oci_config *c, const struct ns_plan *p, int pid_ns_fd)
{
	if (!oci_namespace(c, OCI_NS_USER))
		return true;
	_cleanup_fd_ int owner = ioctl(pid_ns_fd, NS_GET_USERNS);
	return fd_is_same_file(owner, user_ns_joined(p));
}
