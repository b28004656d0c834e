/* standing_show: see standing_show.h. */
#include "standing_show.h"

#include "base/buf.h"
#include "container.h"
#include "json.h"
#include "service/api.h"

static void standing_show_put_text(struct json_out *o, const char *key, const char *value)
{
	json_key(o, key);
	json_string(o, value);
}

void standing_write_json(const struct container *c, const struct standing *st, struct buf *out)
{
	struct json_out o = { .buf = out };

	json_begin_object(&o);
	standing_show_put_text(&o, "id", c->state->id);
	standing_show_put_text(&o, "state", *st->to ? st->to : "unknown");
	standing_show_put_text(&o, "cause", *st->cause ? st->cause : NULL);
	json_key(&o, "generation");
	json_u64(&o, st->generation);
	standing_show_put_text(&o, "active", c->state->active);
	if (st->status >= 0) {
		json_key(&o, "exitStatus");
		json_i64(&o, st->status);
	}
	standing_show_put_text(&o, "shim", NULL);
	json_end_object(&o);
	buf_puts(out, "\n");
}
