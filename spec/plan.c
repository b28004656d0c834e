/* SPDX-License-Identifier: Apache-2.0 */
/* plan: service.json, read and written by its rows. See plan.h. */
#include "plan.h"

#include <errno.h>

#include "base/buf.h"
#include "base/err.h"
#include "fault.h"
#include "json.h"
#include "rows.h"

int plan_decode(struct arena *a, const char *json, size_t len, struct plan_rows *ret, struct err *e)
{
	struct fault_sink sink = { .name = "service.json", .text = json, .len = len, .arena = a, .e = e };

	*ret = (struct plan_rows){ 0 };
	return table_decode(table_get(TABLE_PLAN), ret, &sink);
}

int plan_encode(const struct plan_rows *p, struct buf *out, struct err *e)
{
	struct json_out o = { .buf = out };

	table_encode(table_get(TABLE_PLAN), p, &o);
	buf_puts(out, "\n");
	return out->failed ? err_set(e, ENOMEM, "write service.json") : 0;
}
