/* SPDX-License-Identifier: Apache-2.0 */
/* status_all: see status_all.h. */
#include "status_all.h"

#include "base/buf.h"
#include "base/err.h"
#include "cmd.h"
#include "standing_show.h"
#include "status_line.h"
#include "survey.h"

struct all {
	struct buf *out;
	bool json, well;
};

static void put_json(const struct survey *s, struct buf *out)
{
	if (!s->answered) {
		standing_write_json(s->c, s->standing, out);
		return;
	}
	buf_put(out, s->json, s->json_len);
	buf_puts(out, "\n");
}

static int on_status_all_container(const struct survey *s, void *arg)
{
	struct all *all = arg;
	struct status_line line;

	if (!s->is_service)
		return 0;
	status_line_of(s, &line);
	all->well &= line.is_well;
	if (all->json) {
		put_json(s, all->out);
		return 0;
	}
	buf_printf(all->out, "%-20s %-11s %-12s ", s->c->state->id, line.state, line.serves);
	status_put_since(all->out, line.since_ms);
	buf_printf(all->out, "%-9s %s\n", line.takeovers, line.note);
	all->out->failed |= line.failed;
	return 0;
}

int status_all(struct cli *cli, bool json, struct buf *out, bool *ret_well, struct err *e)
{
	struct all all = { out, json, true };

	if (!json)
		buf_printf(out, "%-20s %-11s %-12s %-10s %-9s %s\n", "ID", "STATE", "SERVES", "SINCE", "TAKEOVERS", "NOTE");
	int r = survey_each(cli, on_status_all_container, &all, e);
	*ret_well = all.well;
	return r;
}
