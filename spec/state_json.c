/* SPDX-License-Identifier: Apache-2.0 */
/* state_json: state.json and the runtime-spec's state object, read and written by their rows. */
#include <errno.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "fault.h"
#include "json.h"
#include "rows.h"
#include "state.h"
#include "state_rows.h"

/* What is written, and what is read: an upgrade of the package does not end what runs (CHANGELOG.md, "Versions"). */
#define STATE_VERSION 1
#define STATE_VERSION_OLDEST 1

int state_decode(struct arena *a, const char *json, size_t len, struct state **ret,
		 struct err *e)
{
	struct fault_sink sink = { .name = "state.json", .text = json, .len = len, .arena = a,
				   .e = e };
	struct state *s = arena_alloc(a, sizeof *s);

	if (!s)
		return err_set(e, ENOMEM, "decode state.json");
	int r = table_decode(table_get(TABLE_STATE), s, &sink);
	if (r < 0)
		return r;
	if (s->version < STATE_VERSION_OLDEST || s->version > STATE_VERSION)
		return err_msg(e, EPROTO, "state.json: version %u, this hart knows %d to %d", s->version,
			       STATE_VERSION_OLDEST, STATE_VERSION);
	*ret = s;
	return 0;
}

/* Writes one line. Paths that are not UTF-8 cannot be kept as JSON: an error, not a wrong path. */
static int encode(enum table_id id, const void *src, const char *what, struct buf *out,
		  struct err *e)
{
	struct json_out o = { .buf = out };

	table_encode(table_get(id), src, &o);
	buf_puts(out, "\n");
	if (out->failed)
		return err_set(e, ENOMEM, "write %s", what);
	if (o.lossy)
		return err_msg(e, EILSEQ, "write %s: a path or name is not UTF-8", what);
	return 0;
}

int state_encode(const struct state *s, struct buf *out, struct err *e)
{
	struct state v = *s;

	v.version = STATE_VERSION;
	return encode(TABLE_STATE, &v, "state.json", out, e);
}

int state_encode_oci(const struct state *s, enum container_status status, int64_t pid,
		     struct buf *out, struct err *e)
{
	struct oci_state v = {
		.oci_version = OCI_VERSION,
		.id = s->id,
		.status = (int)status,
		.pid = pid,
		.bundle = s->bundle,
		.annotations = s->annotations,
	};

	return encode(TABLE_OCI_STATE, &v, "the state", out, e);
}

const char *state_status_name(enum container_status status)
{
	return names_of(NAMES_STATUS, (int)status);
}
