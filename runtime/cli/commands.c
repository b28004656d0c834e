/* SPDX-License-Identifier: Apache-2.0 */
/* commands: the table of commands, and the options before them. */
#include <string.h>

#include "cmd.h"

const struct command *const commands[] = {
	&cmd_adopt, &cmd_checkpoint, &cmd_create, &cmd_delete, &cmd_events, &cmd_exec, &cmd_exporter,
	&cmd_fail, &cmd_failover, &cmd_features, &cmd_journal, &cmd_kill, &cmd_list, &cmd_logs, &cmd_metrics, &cmd_pause, &cmd_ps,
	&cmd_restart, &cmd_restore, &cmd_resume, &cmd_run, &cmd_spec, &cmd_start, &cmd_state, &cmd_status, &cmd_stop,
	&cmd_top, &cmd_update, &cmd_upgrade, &cmd_validate, NULL,
};

static const struct opt_row global_rows[] = {
	OPT_STRING(struct global_opts, root, "root", 0, "DIR",
		   "where the state of containers is kept (default /run/hart, or hart in "
		   "$XDG_RUNTIME_DIR for an ordinary user)",
		   .complete = OPT_DIR),
	OPT_STRING(struct global_opts, log, "log", 0, "FILE",
		   "write records to FILE; errors are printed on stderr as well",
		   .complete = OPT_FILE),
	OPT_STRING(struct global_opts, log_format, "log-format", 0, "FORMAT",
		   "format of records: text or json", .initial = "text"),
	OPT_FLAG(struct global_opts, debug, "debug", 0, "write debug records too"),
	OPT_FLAG(struct global_opts, systemd_cgroup, "systemd-cgroup", 0,
		 "let systemd make the cgroups of create and run, as scopes; cgroupsPath has the "
		 "form slice:prefix:name"),
	OPT_STRING(struct global_opts, rootless, "rootless", 0, "auto|true|false",
		   "accepted for runc's callers, has no effect"),
	OPT_STRING(struct global_opts, criu, "criu", 0, "FILE", NULL),
	OPT_FLAG(struct global_opts, version, "version", 'v', "print the versions of hart, of the "
		 "runtime-spec and of libseccomp"),
};

const struct opt_table global_table = { global_rows, sizeof global_rows / sizeof global_rows[0],
					.stop_at_args = true };

const struct command *command_find(const char *name)
{
	for (const struct command *const *c = commands; *c; c++)
		if (!strcmp((*c)->name, name))
			return *c;
	return NULL;
}
