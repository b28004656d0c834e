/* SPDX-License-Identifier: Apache-2.0 */
/* standing_show: see standing_show.h. */
#include "standing_show.h"

#include "base/buf.h"
#include "container.h"
#include "json.h"
#include "service/api.h"

void standing_write_json(const struct container *c, const struct standing *st, struct buf *out)
{
	struct json_out o = { .buf = out };

	json_begin_object(&o);
	json_put_string(&o, "id", c->state->id);
	json_put_string(&o, "state", *st->to ? st->to : "unknown");
	json_put_string(&o, "cause", *st->cause ? st->cause : NULL);
	json_put_u64(&o, "generation", st->generation);
	json_put_string(&o, "active", c->state->active);
	if (st->status >= 0)
		json_put_i64(&o, "exitStatus", st->status);
	json_put_string(&o, "shim", NULL);
	json_end_object(&o);
	buf_puts(out, "\n");
}
