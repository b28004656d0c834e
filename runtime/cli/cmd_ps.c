/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_ps: ps: the container's processes as JSON, or those lines of ps(1)'s output that are about
 * them. */
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "cmd.h"
#include "json.h"
#include "observe.h"

#define PS_MAX_BYTES ((size_t)64 << 20)

extern char **environ;

struct ps_flags {
	const char *format;
};

static const struct opt_row rows[] = {
	OPT_STRING(struct ps_flags, format, "format", 'f', "FORMAT", "table or json",
		   .initial = "table"),
};

struct pids {
	pid_t *v;
	size_t n;
};

static int print_json(const struct pids *p, struct err *e)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct json_out o = { .buf = &out };

	if (p->n) {
		json_begin_array(&o);
		for (size_t i = 0; i < p->n; i++)
			json_i64(&o, p->v[i]);
		json_end_array(&o);
	} else {
		json_string(&o, NULL); /* as runc prints an empty list */
	}
	buf_puts(&out, "\n");
	return cli_print(&out, e);
}

static int spawn_ps(char *const *argv, int out, pid_t *ret, struct err *e)
{
	posix_spawn_file_actions_t actions;
	int r = posix_spawn_file_actions_init(&actions);

	if (r == 0) {
		r = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
		if (r == 0)
			r = posix_spawnp(ret, "ps", &actions, NULL, argv, environ);
		posix_spawn_file_actions_destroy(&actions);
	}
	return r ? err_set(e, r, "run ps") : 0;
}

/* ps(1)'s output with `args` (NULL-terminated), "-ef" when there are none. */
static int run_program(struct cli *cli, char *const *args, char **ret, struct err *e)
{
	int pipe_fds[2], status, n = 0;
	size_t len;
	pid_t pid;

	while (args[n])
		n++;
	char **argv = arena_calloc(cli->arena, (size_t)n + 3, sizeof *argv);
	if (!argv)
		return err_set(e, ENOMEM, "run ps");
	argv[0] = (char *)"ps";
	argv[1] = (char *)"-ef";
	if (n)
		memcpy(argv + 1, args, (size_t)n * sizeof *argv);
	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_set(e, errno, "make a pipe");
	_cleanup_fd_ int in = pipe_fds[0], out = pipe_fds[1];
	int r = spawn_ps(argv, out, &pid, e);
	fd_close(&out);
	if (r < 0)
		return r;
	r = io_read_all(cli->arena, in, PS_MAX_BYTES, "the output of ps", ret, &len, e);
	fd_close(&in); /* a ps that is not read to its end must not hang */
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_set(e, errno, "wait for ps");
	if (r >= 0 && (!WIFEXITED(status) || WEXITSTATUS(status)))
		return err_msg(e, EINVAL, "ps failed: %s", *ret);
	return r;
}

/* The field with that number (from 0) of a line of fields between blanks; NULL: it has fewer. */
static const char *field(const char *line, int n)
{
	line += strspn(line, " ");
	for (; n > 0 && *line; n--) {
		line += strcspn(line, " ");
		line += strspn(line, " ");
	}
	return *line ? line : NULL;
}

/* Which field is the PID, by the head line; -1: none. */
static int pid_field(const char *head)
{
	const char *title;

	for (int i = 0; (title = field(head, i)); i++)
		if (strcspn(title, " ") == 3 && !memcmp(title, "PID", 3))
			return i;
	return -1;
}

static bool is_one_of(const struct pids *p, long pid)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i] == pid)
			return true;
	return false;
}

static int print_table(struct cli *cli, const struct pids *p, struct err *e)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	char *text, *line;
	int column, r = run_program(cli, cli->args + 1, &text, e);

	if (r < 0)
		return r;
	line = strsep(&text, "\n");
	column = pid_field(line);
	if (column < 0)
		return err_msg(e, EINVAL, "couldn't find PID field in ps output");
	buf_printf(&out, "%s\n", line);
	while ((line = strsep(&text, "\n"))) {
		const char *pid = field(line, column);
		if (pid && is_one_of(p, strtol(pid, NULL, 10)))
			buf_printf(&out, "%s\n", line);
	}
	return cli_print(&out, e);
}

static int run_ps(struct cli *cli, struct err *e)
{
	const struct ps_flags *f = cli->opts;
	bool json = !strcmp(f->format, "json");
	struct container c = CONTAINER_INIT;
	struct pids p = { 0 };
	struct runtime rt;

	if (!json && strcmp(f->format, "table"))
		return err_msg(e, EINVAL, "invalid format option");
	int r = cli_open_runtime(cli, &rt, e);
	if (r < 0)
		return r;
	r = container_peek(&rt, cli->args[0], &c, e);
	if (r >= 0) {
		r = container_procs(&c, &p.v, &p.n, e);
		if (r >= 0)
			r = json ? print_json(&p, e) : print_table(cli, &p, e);
		container_close(&c);
	}
	runtime_close(&rt);
	return r;
}

const struct command cmd_ps = {
	.name = "ps",
	.args = "CONTAINER [PS-OPTION...]",
	.summary = "list the processes of a container",
	.doc = "Options come before CONTAINER. What follows it is for ps(1), -ef by default; its "
	       "output must have a column PID.",
	.table = { rows, sizeof rows / sizeof rows[0], .stop_at_args = true },
	.opts_size = sizeof(struct ps_flags),
	.min_args = 1,
	.max_args = CMD_ARGS_MAX,
	.run = run_ps,
};
