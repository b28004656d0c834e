/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp/notify: the way of a listener from the task over the runtime to the agent behind
 * listenerPath, see seccomp/filter.h and seccomp_unotify(2). */
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "json.h"
#include "oci.h"
#include "seccomp/filter.h"
#include "seccomp/listener.h"
#include "state.h"
#include "wire/fdsocket.h"
#include "wire/sync.h"

struct install {
	const struct seccomp_filter *filter;
};

static int install(void *arg, int *ret_listener, struct err *e)
{
	return seccomp_install(((const struct install *)arg)->filter, ret_listener, e);
}

int seccomp_hand_over(const struct seccomp_filter *f, int sync_fd, struct err *e)
{
	struct install arg = { f };

	return seccomp_offer_listener(sync_fd, SYNC_SECCOMP, install, &arg, e);
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
	json_put_string(&o, "ociVersion", OCI_VERSION);
	json_key(&o, "fds");
	json_begin_array(&o);
	json_string(&o, "seccompFd");
	json_end_array(&o);
	json_put_i64(&o, "pid", pid);
	if (s->listener_metadata)
		json_put_string(&o, "metadata", s->listener_metadata);
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
