/* cmd_status: status of a supervised service: the shim's own JSON, or a table made of it for people. */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "json.h"
#include "service/api.h"
#include "statefile.h"
#include "service_call.h"
#include "standing_show.h"
#include "status_all.h"

struct status_flags {
	bool json;
};

static const struct opt_row rows[] = {
	OPT_FLAG(struct status_flags, json, "json", 0, "as JSON, for machines"),
};

/* -- the table ------------------------------------------------------------------------------- */

#define END_TIMEOUT_MS 5000
#define VALUE_MAX 512
#define KEYS 20

/* The values of the object that is being read, by key. */
struct object {
	char key[KEYS][16];
	char value[KEYS][VALUE_MAX];
	unsigned n;
};

struct rendering {
	struct buf *out;
	struct object top, row;
	char key[16], list[16]; /* the array that rows belong to */
	int depth;
	bool headed, looping;
};

static const char *get(const struct object *o, const char *key)
{
	for (unsigned i = 0; i < o->n; i++)
		if (!strcmp(o->key[i], key))
			return o->value[i];
	return "-";
}

static void put(struct object *o, const char *key, const char *text, size_t len)
{
	if (o->n == KEYS)
		return;
	snprintf(o->key[o->n], sizeof o->key[0], "%s", key);
	snprintf(o->value[o->n], sizeof o->value[0], "%.*s", (int)len, text);
	o->n++;
}

static void head(struct rendering *r)
{
	if (r->headed)
		return;
	r->headed = true;
	buf_printf(r->out, "%s: %s (%s), generation %s, active %s, pid %s, failures in the window: %s\n",
		   get(&r->top, "id"), get(&r->top, "state"), get(&r->top, "cause"),
		   get(&r->top, "generation"), get(&r->top, "active"), get(&r->top, "pid"),
		   get(&r->top, "failures"));
	if (r->looping)
		buf_puts(r->out, "it is looping: it fails again and again, and is never well for long\n");
	if (strcmp(get(&r->top, "ms"), "-"))
		buf_printf(r->out, "nobody serves: %s waits for %s ms more: %s (\"hart failover\" does not wait)\n",
			   get(&r->top, "member"), get(&r->top, "ms"), get(&r->top, "why"));
	buf_printf(r->out, "%-12s %-12s %-8s %-10s %s\n", "MEMBER", "STATE", "PID", "GENERATION", "BUNDLE");
}

static void row(struct rendering *r)
{
	const struct object *o = &r->row;

	if (!strcmp(r->list, "members")) {
		head(r);
		if (!strcmp(get(o, "state"), "gone")) {
			r->row.n = 0;
			return;
		}
		buf_printf(r->out, "%-12s %-12s %-8s %-10s %s\n", get(o, "name"), get(o, "state"),
			   get(o, "pid"), get(o, "generation"), get(o, "bundle"));
		if (strcmp(get(o, "status"), "-"))
			buf_printf(r->out, "             %s\n", get(o, "status"));
		if (strcmp(get(o, "why"), "-"))
			buf_printf(r->out, "             last failure: %s\n", get(o, "why"));
	} else if (!strcmp(r->list, "ports")) {
		head(r);
		buf_printf(r->out, "port: %s, clients go to %s, %s sockets, %s clients wait, %s moved on\n", get(o, "address"),
			   get(o, "clientsGoTo"), get(o, "sockets"), get(o, "queued"), get(o, "moved"));
	} else if (!strcmp(r->list, "takeovers")) {
		buf_printf(r->out, "takeover: %s -> %s, %s, generation %s, %s us\n", get(o, "from"),
			   get(o, "to"), get(o, "cause"), get(o, "generation"), get(o, "us"));
	}
	r->row.n = 0;
}

static int on_event(void *ctx, struct json_reader *reader, const struct json_event *ev)
{
	struct rendering *r = ctx;

	(void)reader;
	switch (ev->type) {
	case JSON_KEY:
		snprintf(r->key, sizeof r->key, "%.*s", (int)ev->len, ev->text);
		break;
	case JSON_ARRAY:
		snprintf(r->list, sizeof r->list, "%s", r->key);
		r->depth++;
		break;
	case JSON_OBJECT:
		r->depth++;
		break;
	case JSON_END:
		if (r->depth-- == 3) /* object in an array of the top object */
			row(r);
		if (r->depth == 1)
			*r->list = '\0';
		break;
	case JSON_STRING:
	case JSON_NUMBER:
		if (r->depth == 2 && !strcmp(r->list, "warnings"))
			buf_printf(r->out, "warning: %.*s\n", (int)ev->len, ev->text);
		else
			put(r->depth == 3 ? &r->row : &r->top, r->key, ev->text, ev->len);
		break;
	case JSON_BOOL:
		r->looping |= ev->on && !strcmp(r->key, "looping");
		break;
	default:
		break;
	}
	return 0;
}

static int render(const char *json, size_t len, struct buf *out, struct err *e)
{
	struct rendering r = { .out = out };
	struct json_fault fault = { 0 };

	if (json_read(json, len, on_event, &r, &fault) < 0)
		return err_msg(e, EPROTO, "the shim's answer: %s", fault.text);
	return 0;
}

/* -- without a shim -------------------------------------------------------------------------- */

static const char *or_none(const char *word, const char *none)
{
	return *word ? word : none;
}

static void print_standing(const struct container *c, const struct standing *st, bool has_ended, struct buf *out)
{
	buf_printf(out, "%s: %s (%s), generation %llu, active %s", c->state->id, or_none(st->to, "unknown"),
		   or_none(st->cause, "-"), (unsigned long long)st->generation,
		   c->state->active ? c->state->active : "-");
	if (st->status >= 0)
		buf_printf(out, ", exit status %d", st->status);
	buf_puts(out, has_ended ? "\n" : "; no shim\n");
}

static int without_shim(const struct status_flags *f, struct container *c, struct buf *out, struct err *e)
{
	struct standing st;
	int r = service_standing(c, &st, e);

	if (r < 0)
		return r;
	if (f->json)
		standing_write_json(c, &st, out);
	else
		print_standing(c, &st, !c->state->supervisor_pid, out);
	return 0;
}

static int from_shim(struct cli *cli, struct container *c, struct buf *out, struct err *e)
{
	const struct status_flags *f = cli->opts;
	struct ctl_request q = { .command = CTL_STATUS };
	char *json;
	size_t len;
	int r = ctl_call(c->dir_fd, &q, cli->arena, &json, &len, e);

	if (r < 0 || !f->json)
		return r < 0 ? r : render(json, len, out, e);
	buf_put(out, json, len);
	buf_puts(out, "\n");
	return 0;
}

/* Of a shim that does not answer any more: it is about to end. */
static void await_end(const struct container *c)
{
	_cleanup_fd_ int shim = statefile_supervisor(c->state);
	struct pollfd p = { .fd = shim, .events = POLLIN };

	if (shim >= 0)
		poll(&p, 1, END_TIMEOUT_MS);
}

static int ask(struct cli *cli, struct buf *out, bool *ret_has_shim, bool *ret_has_ended, struct err *e)
{
	struct container c;
	struct runtime rt;
	int r = service_peek(cli, &rt, &c, e);

	*ret_has_shim = *ret_has_ended = false;
	if (r < 0)
		return r;
	*ret_has_shim = container_is_supervised(&c);
	*ret_has_ended = !c.state->supervisor_pid;
	r = *ret_has_shim ? from_shim(cli, &c, out, e) : without_shim(cli->opts, &c, out, e);
	if (r < 0 && *ret_has_shim)
		await_end(&c);
	container_close(&c);
	runtime_close(&rt);
	return r;
}

static int show_all(struct cli *cli, struct err *e)
{
	const struct status_flags *f = cli->opts;
	_cleanup_buf_ struct buf out = BUF_INIT;
	bool is_well;
	int r = status_all(cli, f->json, &out, &is_well, e);

	if (r >= 0 && out.len)
		r = cli_print(&out, e);
	if (r >= 0 && !is_well)
		cli->status = 1;
	return r;
}

static int run_status(struct cli *cli, struct err *e)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	bool has_shim, has_ended;

	if (!cli->n_args)
		return show_all(cli, e);
	int r = ask(cli, &out, &has_shim, &has_ended, e);

	/* It ended while it was asked: how, it has written down. */
	if (r == -ECONNRESET || (r == -ECONNREFUSED && has_shim) || r == -EPIPE) {
		err_clear(e);
		r = ask(cli, &out, &has_shim, &has_ended, e);
	}
	if (r >= 0)
		r = cli_print(&out, e);
	if (r >= 0 && !has_shim && !has_ended)
		return err_msg(e, ECONNREFUSED, "the shim of \"%s\" has died: \"hart adopt %s\" starts "
						"another one", cli->args[0], cli->args[0]);
	return r;
}

const struct command cmd_status = {
	.name = "status",
	.args = "[CONTAINER]",
	.summary = "show the members of a supervised service and its last takeovers, or all services",
	.doc = "Asks the service's shim. When that is dead, it says how the service stood and exits with an error; after the "
	       "service's end, how it ended.\n"
	       "Without CONTAINER: a line for each service (state, who serves and for how long, takeovers since its shim "
	       "began, and the next try and why where nobody serves); with --json a line of JSON. Exits with 0 if all is "
	       "well: each service is active, and none looping or paused, or it has ended because it was done or was "
	       "stopped; else with 1.",
	.table = { rows, sizeof rows / sizeof rows[0], false },
	.opts_size = sizeof(struct status_flags),
	.min_args = 0,
	.max_args = 1,
	.run = run_status,
};
