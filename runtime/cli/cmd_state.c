/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_state: state and list: show, change nothing, take no lock. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "cmd.h"
#include "json.h"
#include "record.h"
#include "survey.h"

struct list_flags {
	const char *format;
	bool quiet;
};

static const struct opt_row list_rows[] = {
	OPT_STRING(struct list_flags, format, "format", 'f', "FORMAT", "table or json",
		   .initial = "table"),
	OPT_FLAG(struct list_flags, quiet, "quiet", 'q', "print the IDs only"),
};

static int show_state(struct container *c, struct err *e)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct json_out o = { .buf = &out, .indent = 2 };
	struct record rec;
	int r = record_of(c, &rec, e);

	if (r < 0)
		return r;
	record_write(&o, &rec);
	buf_puts(&out, "\n");
	return cli_print(&out, e);
}

static int run_state(struct cli *cli, struct err *e)
{
	struct container c = CONTAINER_INIT;
	struct runtime rt;
	int r = cli_open_runtime(cli, &rt, e);

	if (r < 0)
		return r;
	r = container_peek(&rt, cli->args[0], &c, e);
	if (r >= 0) {
		r = show_state(&c, e);
		container_close(&c);
	}
	runtime_close(&rt);
	return r;
}

/* The table's columns; a cell ends up at least CELL_MIN wide, GAP included. */
enum { COL_ID, COL_PID, COL_STATUS, COL_BUNDLE, COL_CREATED, COL_OWNER, COL_COUNT };
#define CELL_MIN 12
#define GAP 3

struct row {
	const char *cells[COL_COUNT];
};

struct listing {
	struct arena *arena;
	struct json_out *json; /* NULL: a table or IDs */
	struct row *rows;
	size_t n;
	bool plain; /* no shim needs to be asked */
	bool failed; /* out of memory */
};

#define ASK_MS 1000

/* Of a service also whether it is as it should be; for people: a program that parses the table finds its first word as ever. */
static const char *status_text(struct listing *l, struct container *c, const struct record *rec)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	const char *name = state_status_name(rec->status), *state, *looping;
	struct err ignored = ERR_INIT;
	struct survey s;

	if (l->plain || rec->status != STATUS_RUNNING || !container_is_service(c))
		return name;
	if (survey_one(c, &a, ASK_MS, &s, &ignored) < 0)
		return name;
	if (!s.answered)
		return arena_printf(l->arena, "%s (%s)", name, s.is_lost ? "no shim" : "no answer");
	state = facts_get(&s.facts, "state");
	looping = facts_get(&s.facts, "looping");
	if (looping && *looping == '1')
		state = "looping";
	return state && strcmp(state, "active") ? arena_printf(l->arena, "%s (%s)", name, state) : name;
}

static bool add_row(struct listing *l, struct container *c, const struct record *rec)
{
	const struct state *s = rec->state;
	struct row *rows = arena_grow(l->arena, l->rows, l->n, sizeof *rows);

	if (!rows)
		return false;
	l->rows = rows;
	const char *cells[COL_COUNT] = {
		[COL_ID] = s->id,
		/* Nobody, while a service runs, is not 0. */
		[COL_PID] = !rec->pid && rec->status == STATUS_RUNNING ? "-" :
			    arena_printf(l->arena, "%lld", (long long)rec->pid),
		[COL_STATUS] = status_text(l, c, rec),
		[COL_BUNDLE] = s->bundle,
		[COL_CREATED] = s->created,
		[COL_OWNER] = s->owner,
	};
	/* The container's memory goes when it is closed. */
	for (int i = 0; i < COL_COUNT; i++) {
		rows[l->n].cells[i] = arena_strdup(l->arena, cells[i] ? cells[i] : "");
		if (!rows[l->n].cells[i])
			return false;
	}
	l->n++;
	return true;
}

/* One container of `list`. What cannot be read is told of and passed over. */
static int list_one(struct runtime *rt, const char *id, void *arg)
{
	struct listing *l = arg;
	struct container c = CONTAINER_INIT;
	struct err e = ERR_INIT;
	struct record rec;
	int r = container_peek(rt, id, &c, &e);

	if (r >= 0) {
		r = record_of(&c, &rec, &e);
		if (r >= 0 && l->json)
			record_write(l->json, &rec);
		else if (r >= 0)
			l->failed |= !add_row(l, &c, &rec);
		container_close(&c);
	}
	/* Deleted meanwhile: not worth a word. */
	if (r < 0 && r != -ENOENT)
		log_warn("list %s: %s", id, e.text);
	return l->failed;
}

static void cmd_state_put_row(struct buf *out, const struct row *row, const size_t *widths)
{
	for (int i = 0; i < COL_COUNT - 1; i++)
		buf_printf(out, "%-*s", (int)widths[i], row->cells[i]);
	buf_printf(out, "%s\n", row->cells[COL_COUNT - 1]);
}

static void put_table(struct buf *out, const struct listing *l)
{
	static const struct row head = { { "ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER" } };
	size_t widths[COL_COUNT];

	for (int i = 0; i < COL_COUNT; i++) {
		widths[i] = CELL_MIN;
		for (size_t n = 0; n < l->n; n++)
			if (strlen(l->rows[n].cells[i]) + GAP > widths[i])
				widths[i] = strlen(l->rows[n].cells[i]) + GAP;
	}
	cmd_state_put_row(out, &head, widths);
	for (size_t n = 0; n < l->n; n++)
		cmd_state_put_row(out, &l->rows[n], widths);
}

/* Without a state root there are no containers: to look makes none. */
static int list_all(struct cli *cli, struct listing *l, struct err *e)
{
	struct runtime rt;

	if (l->json)
		json_begin_array(l->json);
	if (cli->global->root && access(cli->global->root, F_OK) < 0 && errno == ENOENT)
		return 0;
	int r = cli_open_runtime(cli, &rt, e);
	if (r < 0)
		return r;
	r = runtime_each(&rt, list_one, l, e);
	runtime_close(&rt);
	return r;
}

static int run_list(struct cli *cli, struct err *e)
{
	const struct list_flags *f = cli->opts;
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct json_out o = { .buf = &out };
	bool json = !f->quiet && !strcmp(f->format, "json");
	struct listing l = { .arena = cli->arena, .json = json ? &o : NULL, .plain = f->quiet };

	if (!f->quiet && !json && strcmp(f->format, "table"))
		return err_msg(e, EINVAL, "invalid format option \"%s\": table or json", f->format);
	int r = list_all(cli, &l, e);
	if (r < 0)
		return r;
	if (l.failed)
		return err_set(e, ENOMEM, "list the containers");
	if (json) {
		json_end_array(&o);
		buf_puts(&out, "\n");
	} else if (f->quiet) {
		for (size_t n = 0; n < l.n; n++)
			buf_printf(&out, "%s\n", l.rows[n].cells[COL_ID]);
	} else {
		put_table(&out, &l);
	}
	return cli_print(&out, e);
}

const struct command cmd_state = {
	.name = "state",
	.args = "CONTAINER",
	.summary = "print the state of a container as JSON",
	.doc = "Of a supervised service \"pid\" is the active member's; it is left out while nobody serves.",
	.min_args = 1,
	.max_args = 1,
	.run = run_state,
};

const struct command cmd_list = {
	.name = "list",
	.args = "",
	.summary = "list the containers below the state root",
	.doc = "The table tells of a running service that is degraded, looping, between two members, or without a shim; "
	       "\"hart status\" says more.",
	.table = { list_rows, sizeof list_rows / sizeof list_rows[0], false },
	.opts_size = sizeof(struct list_flags),
	.max_args = 0,
	.run = run_list,
};
