/* seccomp_notify: hands a listener to the agent behind listenerPath: one message with the container
 * process state (runtime.md "The container process state") and the descriptor. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "json.h"
#include "oci.h"
#include "seccomp_filter.h"
#include "state.h"

static int connect_to(const char *path, struct err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (snprintf(a.sun_path, sizeof a.sun_path, "%s", path) >= (int)sizeof a.sun_path)
		return err_set(e, ENAMETOOLONG, "seccomp listener %s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) < 0)
		return err_set(e, errno, "connect to seccomp listener %s", path);
	return fd_take(&fd);
}

/* The state object is written by its own rows, so it goes in as text. */
static int write_state(const struct oci_seccomp *s, const struct state *state, pid_t pid,
		       struct buf *out, struct err *e)
{
	_cleanup_buf_ struct buf inner = BUF_INIT;
	struct json_out o = { .buf = out };
	int r = state_encode_oci(state, STATUS_CREATING, pid, &inner, e);

	if (r < 0)
		return r;
	json_begin_object(&o);
	json_key(&o, "ociVersion");
	json_string(&o, OCI_VERSION);
	json_key(&o, "fds");
	json_begin_array(&o);
	json_string(&o, "seccompFd");
	json_end_array(&o);
	json_key(&o, "pid");
	json_i64(&o, pid);
	json_key(&o, "metadata");
	json_string(&o, s->listener_metadata ? s->listener_metadata : "");
	buf_puts(out, ",\"state\":");
	buf_put(out, inner.data, strcspn(inner.data, "\n"));
	buf_puts(out, "}");
	return out->failed ? err_set(e, ENOMEM, "write the seccomp listener's state") : 0;
}

int seccomp_send_listener(const struct oci_seccomp *s, const struct state *state, pid_t pid,
			  int listener, struct err *e)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .head = { .cmsg_len = CMSG_LEN(sizeof listener),
				.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS } };
	_cleanup_buf_ struct buf json = BUF_INIT;

	if (!s->listener_path)
		return err_msg(e, EINVAL, "/linux/seccomp/listenerPath: needed with SCMP_ACT_NOTIFY");
	_cleanup_fd_ int fd = connect_to(s->listener_path, e);
	if (fd < 0)
		return fd;
	int r = write_state(s, state, pid, &json, e);
	if (r < 0)
		return r;
	struct iovec text = { json.data, json.len };
	struct msghdr m = { .msg_iov = &text, .msg_iovlen = 1, .msg_control = &control,
			    .msg_controllen = sizeof control };
	memcpy(CMSG_DATA(&control.head), &listener, sizeof listener);
	if (sendmsg(fd, &m, MSG_NOSIGNAL) != (ssize_t)json.len)
		return err_set(e, errno, "send the listener to %s", s->listener_path);
	return 0;
}
