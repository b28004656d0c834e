/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dispatch: from argv to a command and from its error to stderr, the log and the exit status. The
 * only place that prints errors. Statuses are runc's: 1 for errors, 255 for those of exec, 3 for
 * an unknown command, and the container's own from run and exec.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/refusal.h"
#include "base/log.h"
#include "cmd.h"
#include "help.h"
#include "seal.h"
#include "visible.h"

#define STATUS_UNKNOWN_COMMAND 3

/* What it quotes may be an image's, or what content has written. */
static void tell_terminal(const char *before, const char *text)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	buf_puts(&out, before);
	visible_put_lines(&out, text, strlen(text));
	dprintf(STDERR_FILENO, "%s\n", out.failed ? "hart: out of memory" : out.data);
}

/*
 * To the log, and for people and parent processes to stderr: as a log record when that is the log
 * (callers parse it), as a plain line when there is a log file or a terminal.
 */
static int fail(struct err *e, int status)
{
	refusal_explain(e);
	bool is_terminal = isatty(STDERR_FILENO), has_file = log_to_file();

	if (has_file || !is_terminal)
		log_error("%s", e->text);
	if (is_terminal)
		tell_terminal(has_file ? "" : "hart: ", e->text);
	else if (has_file)
		dprintf(STDERR_FILENO, "%s\n", e->text);
	return status;
}

static int print(struct buf *out)
{
	struct err e = ERR_INIT;
	int r = cli_print(out, &e);

	buf_free(out);
	return r < 0 ? fail(&e, 1) : 0;
}

/* `help`, `help COMMAND`, and nothing at all. */
static int help(const char *topic)
{
	const struct command *c = topic ? command_find(topic) : NULL;
	struct buf out = BUF_INIT;
	struct err e = ERR_INIT;

	if (topic && !c) {
		err_msg(&e, EINVAL, "no such command: %s", topic);
		return fail(&e, STATUS_UNKNOWN_COMMAND);
	}
	if (c)
		help_command(&out, c);
	else
		help_main(&out);
	return print(&out);
}

static int open_log(const struct global_opts *g, struct err *e)
{
	bool json = !strcmp(g->log_format, "json");

	if (!json && *g->log_format && strcmp(g->log_format, "text"))
		return err_msg(e, EINVAL, "invalid log-format: %s", g->log_format);
	return log_open(g->log, json ? LOG_JSON : LOG_TEXT, g->debug, e);
}

/* --root as an absolute path: create enters the bundle. */
static int fix_root(struct cli *cli, struct global_opts *g, struct err *e)
{
	int r = cli_absolute(cli, g->root, &g->root, e);

	if (r >= 0 && g->root && !g->root[strspn(g->root, "/")])
		return err_msg(e, EINVAL, "--root must not be /");
	return r;
}

static int check_count(const struct command *c, size_t n, struct err *e)
{
	const char *how = c->min_args == c->max_args ? "exactly"
			  : n < c->min_args	     ? "a minimum of"
						     : "a maximum of";

	if (n >= c->min_args && (n <= c->max_args || c->max_args == CMD_ARGS_MAX))
		return 0;
	return err_msg(e, EINVAL, "\"%s\" requires %s %d argument(s)", c->name, how,
		       n < c->min_args ? c->min_args : c->max_args);
}

/* An error of the command line itself: the usage line goes to stdout, as runc's help does. */
static int fail_usage(const struct command *c, struct err *e)
{
	struct buf out = BUF_INIT;

	buf_puts(&out, "Usage: ");
	help_usage(&out, c);
	buf_printf(&out, "\n\"hart %s --help\" says more.\n", c->name);
	print(&out);
	return fail(e, 1);
}

static int dispatch_run_command(struct cli *cli, const struct command *c, char *const *argv)
{
	struct err e = ERR_INIT;
	struct opt_args args;
	void *opts = arena_alloc(cli->arena, c->opts_size);

	if (!opts) {
		err_set(&e, ENOMEM, "read the command line");
		return fail(&e, 1);
	}
	int r = opt_parse(&c->table, opts, cli->arena, argv, &args, &e);
	if (r >= 0 && args.help)
		return help(c->name);
	if (r >= 0)
		r = check_count(c, args.n, &e);
	if (r < 0)
		return fail_usage(c, &e);
	cli->opts = opts;
	cli->args = args.v;
	cli->n_args = args.n;
	log_debug("hart %s: %s%s%s", HART_VERSION, c->name, args.n ? " " : "",
		  args.n ? args.v[0] : "");
	r = c->seal ? seal_self(cli->argv, &e) : 0;
	if (r >= 0)
		r = c->run(cli, &e);
	int status = r >= 0 ? cli->status : c->failure_status ? c->failure_status : 1;
	log_debug("hart %s: %s ends with status %d", HART_VERSION, c->name, status);
	return r < 0 ? fail(&e, status) : status;
}

int cli_main(int argc, char *const *argv)
{
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	struct global_opts global = { 0 };
	struct cli cli = { .global = &global, .arena = &arena, .argv = argv };
	struct opt_args args;
	struct err e = ERR_INIT;

	/* Linux before 5.18 can start a program without even its name. */
	if (argc < 1)
		return 1;
	int r = opt_parse(&global_table, &global, &arena, argv + 1, &args, &e);
	if (r < 0)
		return fail(&e, 1);
	if (global.version) {
		struct buf out = BUF_INIT;
		help_version(&out);
		return print(&out);
	}
	r = open_log(&global, &e);
	if (r >= 0)
		r = fix_root(&cli, &global, &e);
	if (r < 0)
		return fail(&e, 1);
	if (args.help || !args.n)
		return help(NULL);
	if (!strcmp(args.v[0], "help") || !strcmp(args.v[0], "h"))
		return help(args.v[1]);
	const struct command *c = command_find(args.v[0]);
	return c ? dispatch_run_command(&cli, c, args.v + 1) : help(args.v[0]);
}
