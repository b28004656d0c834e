/* SPDX-License-Identifier: Apache-2.0 */
/* record: see record.h. */
#include "record.h"

#include "base/err.h"
#include "json.h"

int record_of(struct container *c, struct record *ret, struct err *e)
{
	enum container_status status;
	int r = container_status(c, &status, e);

	if (r < 0)
		return r;
	/* Of a service the last one that served may have ended; an engine knows it by the process that stands for it. */
	bool has_pid = status != STATUS_STOPPED && (c->pidfd >= 0 || !container_is_service(c));
	*ret = (struct record){ .state = c->state, .status = status, .pid = has_pid ? c->state->pid : 0 };
	if (status != STATUS_STOPPED && c->state->standin_pid)
		ret->pid = c->state->standin_pid;
	return 0;
}

static void write_pair(struct json_out *o, const char *key, const char *value)
{
	json_put_string(o, key, value ? value : "");
}

void record_write(struct json_out *o, const struct record *r)
{
	const struct state *s = r->state;

	json_begin_object(o);
	write_pair(o, "ociVersion", s->oci_version);
	write_pair(o, "id", s->id);
	/* Of a service that nobody serves: no number that somebody could kill. */
	if (r->pid || r->status != STATUS_RUNNING)
		json_put_i64(o, "pid", r->pid);
	write_pair(o, "status", state_status_name(r->status));
	write_pair(o, "bundle", s->bundle);
	write_pair(o, "rootfs", s->rootfs);
	write_pair(o, "created", s->created);
	if (s->annotations.n) {
		json_key(o, "annotations");
		json_begin_object(o);
		for (size_t i = 0; i < s->annotations.n; i++)
			write_pair(o, s->annotations.v[i].key, s->annotations.v[i].value);
		json_end_object(o);
	}
	write_pair(o, "owner", s->owner);
	json_end_object(o);
}
