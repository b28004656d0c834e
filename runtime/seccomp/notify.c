/* seccomp/notify: the way of a listener from the task over the runtime to the agent behind
 * listenerPath, see seccomp/filter.h and seccomp_unotify(2). */
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"
#include "json.h"
#include "oci.h"
#include "seccomp/filter.h"
#include "state.h"
#include "wire/fdsocket.h"
#include "wire/sync.h"

/* The kernel takes the lowest free number. */
static int next_fd(struct err *e)
{
	int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return err_set(e, errno, "find a number for the seccomp listener");
	close(fd);
	return fd;
}

int seccomp_hand_over(const struct seccomp_filter *f, int sync_fd, struct err *e)
{
	int listener, r = next_fd(e), expected = r;

	if (r >= 0)
		r = sync_send(sync_fd, SYNC_SECCOMP, expected, e);
	if (r >= 0)
		r = seccomp_install(f, &listener, e);
	if (r < 0)
		return r;
	if (listener != expected)
		return err_msg(e, EPROTO, "the seccomp listener is descriptor %d, not %d", listener,
			       expected);
	r = sync_expect(sync_fd, SYNC_TAKEN, e);
	close(listener);
	return r;
}

/* The task cannot tell when it is done; it takes about as long as one turn of the loop. */
static const struct timespec turn = { .tv_nsec = 100 * 1000 };

int seccomp_take_listener(int pidfd, int remote, int sync_fd, struct err *e)
{
	struct pollfd word = { .fd = sync_fd, .events = POLLIN };
	int fd;

	while ((fd = sys_pidfd_getfd(pidfd, remote)) < 0) {
		if (errno != EBADF)
			return err_set(e, errno, "take the seccomp listener from the task");
		if (ppoll(&word, 1, &turn, NULL) <= 0)
			continue;
		int r = sync_recv(sync_fd, NULL, e);
		return r < 0 ? r : err_msg(e, EPIPE, "the task ended before there was a seccomp listener");
	}
	return fd;
}

/* The state object is written by its own rows, so it goes in as text. */
static int write_state(const struct oci_seccomp *s, const struct state *state,
		       enum container_status status, pid_t pid, struct buf *out, struct err *e)
{
	_cleanup_buf_ struct buf inner = BUF_INIT;
	struct json_out o = { .buf = out };
	/* While it is created the process that has the filter is the container's own. */
	int r = state_encode_oci(state, status, status == STATUS_CREATING ? pid : state->pid, &inner,
				 e);

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
	if (s->listener_metadata) {
		json_key(&o, "metadata");
		json_string(&o, s->listener_metadata);
	}
	buf_puts(out, ",\"state\":");
	buf_put(out, inner.data, strcspn(inner.data, "\n"));
	buf_puts(out, "}");
	return out->failed ? err_set(e, ENOMEM, "write the seccomp listener's state") : 0;
}

int seccomp_send_listener(const struct oci_seccomp *s, const struct state *state,
			  enum container_status status, pid_t pid, int listener, struct err *e)
{
	_cleanup_buf_ struct buf json = BUF_INIT;

	if (!s->listener_path)
		return err_msg(e, EINVAL, "/linux/seccomp/listenerPath: needed with SCMP_ACT_NOTIFY");
	int r = write_state(s, state, status, pid, &json, e);
	return r < 0 ? r : fdsocket_give(s->listener_path, listener, json.data, json.len,
					 "seccomp listener", e);
}
