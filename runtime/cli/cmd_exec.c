/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_exec: exec. Everything after the container's ID belongs to the program. */
#include "base/err.h"
#include "cmd.h"

struct exec_flags {
	const char *console_socket, *pidfd_socket, *cwd, *user, *process, *pid_file,
		*process_label, *apparmor, *cgroup;
	struct opt_list env, caps;
	struct opt_u32_list additional_gids;
	unsigned preserve_fds;
	bool tty, detach, no_new_privs, ignore_paused;
};

static const struct opt_row rows[] = {
	OPT_STRING(struct exec_flags, process, "process", 'p', "FILE",
		   "take the whole process from FILE: a config.json's process object",
		   .complete = OPT_FILE),
	OPT_FLAG(struct exec_flags, tty, "tty", 't', "give it a terminal"),
	OPT_STRING(struct exec_flags, console_socket, "console-socket", 0, "SOCKET",
		   "AF_UNIX socket that gets the master end of the terminal",
		   .complete = OPT_FILE),
	OPT_STRING(struct exec_flags, pidfd_socket, "pidfd-socket", 0, "SOCKET",
		   "AF_UNIX socket that gets a pidfd of the program", .complete = OPT_FILE),
	OPT_FLAG(struct exec_flags, detach, "detach", 'd', "return once the program runs"),
	OPT_STRING(struct exec_flags, pid_file, "pid-file", 0, "FILE",
		   "write the process ID to FILE", .complete = OPT_FILE),
	OPT_STRING(struct exec_flags, user, "user", 'u', "UID[:GID]", "user and group, by number; without GID the group stays"),
	OPT_U32_LIST(struct exec_flags, additional_gids, "additional-gids", 'g', "GID",
		     "one more group; may be given several times"),
	OPT_STRING(struct exec_flags, cwd, "cwd", 0, "DIR", "working folder in the container"),
	OPT_LIST(struct exec_flags, env, "env", 'e', "NAME=VALUE",
		 "set an environment variable; may be given several times"),
	OPT_LIST(struct exec_flags, caps, "cap", 'c', "CAP",
		 "add a capability; may be given several times"),
	OPT_FLAG(struct exec_flags, no_new_privs, "no-new-privs", 0,
		 "the program cannot gain privileges by execve(2)"),
	OPT_STRING(struct exec_flags, apparmor, "apparmor", 0, "PROFILE", "AppArmor profile"),
	OPT_STRING(struct exec_flags, process_label, "process-label", 0, "LABEL",
		   "SELinux label"),
	OPT_STRING(struct exec_flags, cgroup, "cgroup", 0, "PATH",
		   "an existing cgroup below the container's"),
	OPT_FLAG(struct exec_flags, ignore_paused, "ignore-paused", 0,
		 "allow it in a paused container: the program waits for resume"),
	OPT_UINT(struct exec_flags, preserve_fds, "preserve-fds", 0, "N",
		 "pass N more descriptors, from 3 + $LISTEN_FDS on"),
};

static int cmd_exec_run_exec(struct cli *cli, struct err *e)
{
	const struct exec_flags *f = cli->opts;
	const struct exec_opts o = {
		.process_json = f->process,
		.args = cli->args + 1,
		.n_args = cli->n_args - 1,
		.user = f->user,
		.cwd = f->cwd,
		.env = f->env.v,
		.n_env = f->env.n,
		.additional_gids = f->additional_gids.v,
		.n_additional_gids = f->additional_gids.n,
		.caps = f->caps.v,
		.n_caps = f->caps.n,
		.apparmor = f->apparmor,
		.process_label = f->process_label,
		.cgroup = f->cgroup,
		.pid_file = f->pid_file,
		.console_socket = f->console_socket,
		.pidfd_socket = f->pidfd_socket,
		.preserve_fds = f->preserve_fds,
		.tty = f->tty,
		.detach = f->detach,
		.no_new_privs = f->no_new_privs,
		.ignore_paused = f->ignore_paused,
	};
	struct container c = CONTAINER_INIT;
	struct runtime rt;

	if (!f->process && !o.n_args)
		return err_msg(e, EINVAL, "process args cannot be empty");
	int r = cli_open_runtime(cli, &rt, e);
	if (r < 0)
		return r;
	r = container_open_active(&rt, cli->args[0], &c, e);
	if (r >= 0)
		r = container_exec(&c, &o, &cli->status, e);
	container_close(&c);
	runtime_close(&rt);
	return r;
}

const struct command cmd_exec = {
	.name = "exec",
	.args = "CONTAINER [PROGRAM [ARGUMENT...]]",
	.summary = "run a program in a running container",
	.doc = "Options come before CONTAINER. What is not given is as for the container's own "
	       "program. Exits with the program's status, 128 + N when signal N killed it, or 255 "
	       "when it could not be started.",
	.table = { rows, sizeof rows / sizeof rows[0], .stop_at_args = true },
	.opts_size = sizeof(struct exec_flags),
	.min_args = 1,
	.max_args = CMD_ARGS_MAX,
	.failure_status = 255,
	.seal = true,
	.run = cmd_exec_run_exec,
};
