/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd: one descriptor a command; the table of them (commands.c) is the dispatch, the help and the source
 * of completions and man page.
 */
#pragma once

#include "container.h"
#include "opt.h"

struct buf;
struct err;
struct policy_flags;

/* Options before the command. */
struct global_opts {
	bool debug, systemd_cgroup, version;
	const char *log, *log_format;
	const char *root; /* absolute; never NULL when a command runs */
	const char *rootless, *criu; /* accepted for runc's callers */
};

/* What a command is run with. */
struct cli {
	const struct global_opts *global;
	struct arena *arena; /* lives as long as the process */
	char *const *argv; /* main's */
	const void *opts; /* the command's options structure, filled */
	char *const *args; /* NULL-terminated */
	size_t n_args;
	int status; /* what hart exits with when run() succeeds */
	struct policy_flags *policy; /* run: the options that make a service; else NULL */
};

#define CMD_ARGS_MAX 255 /* max_args: no limit */

struct command {
	const char *name;
	const char *args; /* "CONTAINER [SIGNAL]"; "" for none */
	const char *summary; /* one line, no full stop */
	const char *doc; /* paragraphs for --help and the man page, or NULL */
	struct opt_table table;
	size_t opts_size; /* of the options structure */
	uint8_t min_args, max_args;
	uint8_t failure_status; /* exit status of an error, 0 = 1 */
	bool seal; /* runs container code with this binary in reach: seal_self comes first */
	/* 0, or -errno with `e` filled in; output goes to stdout through cli_print. */
	int (*run)(struct cli *cli, struct err *e);
};

extern const struct command cmd_adopt, cmd_checkpoint, cmd_create, cmd_delete, cmd_events, cmd_exec,
	cmd_exporter, cmd_fail, cmd_failover, cmd_features, cmd_journal, cmd_kill, cmd_list, cmd_logs, cmd_metrics, cmd_pause, cmd_ps, cmd_restart, cmd_restore,
	cmd_resume, cmd_run, cmd_spec, cmd_start, cmd_state, cmd_status, cmd_stop, cmd_top, cmd_update, cmd_upgrade,
	cmd_validate;

/* All of them in alphabetical order, NULL-terminated. */
extern const struct command *const commands[];

/* The options before the command. */
extern const struct opt_table global_table;

/* NULL: no such command. */
const struct command *command_find(const char *name);

/* The whole program: returns the exit status. */
int cli_main(int argc, char *const *argv);

/* Opens the state root (--root), and the locked container args[0] in it. The caller closes both:
 * container_close, then runtime_close. On failure nothing is left open. */
int cli_open_runtime(struct cli *cli, struct runtime *rt, struct err *e);
int cli_open_container(struct cli *cli, struct runtime *rt, struct container *c, struct err *e);

/* Writes what a buf holds to stdout. -ENOMEM when it has failed. */
int cli_print(const struct buf *b, struct err *e);

/* The same of lines for people that quote a document: they command no terminal. */
int cli_print_visible(const struct buf *b, struct err *e);

/* `path` as an absolute one in the arena, relative to the current folder. NULL stays NULL. */
int cli_absolute(struct cli *cli, const char *path, const char **ret, struct err *e);
