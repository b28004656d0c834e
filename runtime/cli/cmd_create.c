/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_create: create and run. Both take the bundle in two ways: as runc's callers do,
 * "run [-b BUNDLE] ID", and as people do, "run BUNDLE [ID]".
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/log.h"
#include "bundle_id.h"
#include "cmd.h"
#include "replace.h"
#include "service/api.h"

struct create_flags {
	const char *bundle, *console_socket, *pidfd_socket, *pid_file, *overlay;
	unsigned preserve_fds;
	bool no_pivot, no_new_keyring, detach, keep, no_subreaper, replace;
	struct opt_list policy[POLICY_KEYS]; /* run */
};

/* The rows that both have; run's own come first. */
#define CREATE_ROWS                                                                                \
	OPT_STRING(struct create_flags, bundle, "bundle", 'b', "DIR",                              \
		   "the bundle: a folder that holds config.json (default: the current folder)",    \
		   .complete = OPT_DIR),                                                           \
	OPT_STRING(struct create_flags, console_socket, "console-socket", 0, "SOCKET",             \
		   "AF_UNIX socket that gets the master end of the container's terminal",          \
		   .complete = OPT_FILE),                                                          \
	OPT_STRING(struct create_flags, pidfd_socket, "pidfd-socket", 0, "SOCKET",                 \
		   "AF_UNIX socket that gets a pidfd of the container's init",                     \
		   .complete = OPT_FILE),                                                          \
	OPT_STRING(struct create_flags, pid_file, "pid-file", 0, "FILE",                           \
		   "write the process ID of the container's init to FILE",                         \
		   .complete = OPT_FILE),                                                          \
	OPT_UINT(struct create_flags, preserve_fds, "preserve-fds", 0, "N",                        \
		 "pass N more descriptors to the container, from 3 + $LISTEN_FDS on"),             \
	OPT_FLAG(struct create_flags, no_pivot, "no-pivot", 0,                                     \
		 "do not use pivot_root(2): for a root file system that is a ramdisk"),            \
	OPT_FLAG(struct create_flags, no_new_keyring, "no-new-keyring", 0,                         \
		 "let the container inherit the caller's session keyring"),                        \
	OPT_STRING(struct create_flags, overlay, "overlay", 0, "tmpfs[:SIZE]|DIR",                 \
		   "use the bundle's root file system as the read-only lower layer of an overlay " \
		   "whose changes go to a tmpfs or to DIR")

static const struct opt_row create_rows[] = { CREATE_ROWS };

#define POLICY_ROW(key, name_, metavar_, doc_)                                                     \
	OPT_LIST(struct create_flags, policy[key], name_, 0, metavar_, doc_),
#define WITH_DEFAULT(key, name_, metavar_, initial_, flags_, doc_)                                 \
	POLICY_ROW(key, name_, metavar_, doc_ " (default: " initial_ ")")
#define WITHOUT(key, name_, metavar_, flags_, doc_) POLICY_ROW(key, name_, metavar_, doc_)

static const struct opt_row run_rows[] = {
	OPT_FLAG(struct create_flags, detach, "detach", 'd',
		 "return once the container runs, and leave it running"),
	OPT_FLAG(struct create_flags, keep, "keep", 0, "do not delete the container after its end"),
	OPT_FLAG(struct create_flags, replace, "replace", 0,
		 "when CONTAINER exists: adopt it if it is a service whose shim has died (its members have run on), delete it "
		 "first if it has ended, refuse it if it runs; for units and init scripts"),
	OPT_FLAG(struct create_flags, no_subreaper, "no-subreaper", 0,
		 "do not become the reaper of processes that the container orphans"),
	CREATE_ROWS,
	POLICY_ROWS(WITH_DEFAULT, WITHOUT)
};

static bool is_bundle(const char *arg)
{
	_cleanup_fd_ int dir = FD_NONE;

	if (strchr(arg, '/'))
		return true;
	dir = open(arg, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return dir >= 0 && faccessat(dir, "config.json", F_OK, 0) == 0;
}

/* Finds bundle and ID among the arguments; *ret_id is NULL when it is to be made up. */
static int split_args(struct cli *cli, const char **ret_bundle, const char **ret_id,
		      struct err *e)
{
	const struct create_flags *f = cli->opts;

	*ret_bundle = f->bundle;
	*ret_id = cli->args[0];
	if (f->bundle && cli->n_args == 2)
		return err_msg(e, EINVAL, "two arguments, but the bundle is given by --bundle");
	if (f->bundle)
		return 0;
	if (is_bundle(cli->args[0])) {
		*ret_bundle = cli->args[0];
		*ret_id = cli->args[1];
	} else if (cli->n_args == 2) {
		return err_msg(e, EINVAL, "\"%s\" is not a bundle: no folder with a config.json",
			       cli->args[0]);
	}
	return 0;
}

/*
 * Moves into the bundle, as runc does: hooks start there. What the command line said relative to
 * the caller's folder is made absolute first.
 */
static int enter_bundle(struct cli *cli, const char *bundle, struct create_opts *o, struct err *e)
{
	const struct create_flags *f = cli->opts;
	bool folder = f->overlay && strcmp(f->overlay, "tmpfs") && strncmp(f->overlay, "tmpfs:", 6);
	char *cwd;
	int r;

	r = cli_absolute(cli, f->pid_file, &o->pid_file, e);
	if (r >= 0)
		r = cli_absolute(cli, f->console_socket, &o->console_socket, e);
	if (r >= 0)
		r = cli_absolute(cli, f->pidfd_socket, &o->pidfd_socket, e);
	o->overlay = f->overlay;
	if (r >= 0 && folder)
		r = cli_absolute(cli, f->overlay, &o->overlay, e);
	if (r < 0)
		return r;
	if (bundle && chdir(bundle) < 0)
		return err_set(e, errno, "enter the bundle %s", bundle);
	cwd = getcwd(NULL, 0);
	if (!cwd)
		return err_set(e, errno, "find the current folder");
	o->bundle = arena_strdup(cli->arena, cwd);
	free(cwd);
	return o->bundle ? 0 : err_set(e, ENOMEM, "enter the bundle");
}

typedef int create_fn(struct cli *cli, struct runtime *rt, const struct create_opts *o, struct err *e);

static bool id_taken(struct runtime *rt, const char *id)
{
	return faccessat(rt->root_fd, id, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Creates with the first free one of NAME, NAME-2, NAME-3 …; others may be doing the same. */
static int create_named(struct cli *cli, struct runtime *rt, struct create_opts *o, create_fn *fn,
			struct err *e)
{
	char *name = bundle_id(cli->arena, o->bundle);

	if (!name)
		return err_set(e, ENOMEM, "make an ID from %s", o->bundle);
	o->id = name;
	for (unsigned n = 2;; n++) {
		if (!id_taken(rt, o->id)) {
			int r = fn(cli, rt, o, e);
			if (r != -EEXIST || !id_taken(rt, o->id))
				return r;
		}
		o->id = arena_printf(cli->arena, "%s-%u", name, n);
		if (!o->id)
			return err_set(e, ENOMEM, "make an ID from %s", o->bundle);
	}
}

/* A made-up ID of a container that stays is told to the user, all the more when it is not the folder's name. */
static int print_id(struct cli *cli, const char *bundle, const char *id, struct err *e)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	const char *name = bundle_id(cli->arena, bundle);

	if (name && strcmp(name, id) != 0)
		log_warn("the ID \"%s\" is in use: this container is \"%s\"", name, id);
	buf_printf(&out, "%s\n", id);
	return cli_print(&out, e);
}

/* The ID is the name of the bundle's folder where none is given, and no other. */
static int run_replacing(struct cli *cli, struct runtime *rt, struct create_opts *o, create_fn *fn, struct err *e)
{
	if (!o->id)
		o->id = bundle_id(cli->arena, o->bundle);
	int r = o->id ? replace_container(cli, rt, o, e) : err_set(e, ENOMEM, "make an ID from %s", o->bundle);

	return r ? (r < 0 ? r : 0) : fn(cli, rt, o, e);
}

static int cmd_create_create(struct cli *cli, create_fn *fn, bool stays, struct err *e)
{
	const struct create_flags *f = cli->opts;
	struct create_opts o = {
		.preserve_fds = f->preserve_fds,
		.no_pivot = f->no_pivot,
		.no_new_keyring = f->no_new_keyring,
		.systemd_cgroup = cli->global->systemd_cgroup,
		.keep = f->keep,
		.detach = f->detach,
		.no_subreaper = f->no_subreaper,
	};
	struct runtime rt;
	const char *bundle;

	int r = split_args(cli, &bundle, &o.id, e);
	if (r >= 0)
		r = cli_open_runtime(cli, &rt, e);
	if (r < 0)
		return r;
	r = enter_bundle(cli, bundle, &o, e);
	if (r >= 0 && f->replace)
		r = run_replacing(cli, &rt, &o, fn, e);
	else if (r >= 0 && o.id)
		r = fn(cli, &rt, &o, e);
	else if (r >= 0) {
		r = create_named(cli, &rt, &o, fn, e);
		if (r >= 0 && stays)
			r = print_id(cli, o.bundle, o.id, e);
	}
	runtime_close(&rt);
	return r;
}

/* -- a policy makes a service of it ----------------------------------------------------------- */

/* Folders and files that were named relative to the caller's. */
static int absolute_values(struct cli *cli, struct policy_flags *flags, struct err *e)
{
	static const enum policy_key paths[] = { POLICY_STANDBY, POLICY_LOG_FILE, POLICY_JOURNAL };
	int r = 0;

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		for (size_t k = 0; r >= 0 && k < flags->values[paths[i]].n; k++) {
			char **v = &flags->values[paths[i]].v[k];
			if (strcmp(*v, "self") && strncmp(*v, "self,mode=", 10))
				r = cli_absolute(cli, *v, (const char **)v, e);
		}
	return r;
}

static struct policy_flags *flags_of(struct cli *cli, struct err *e)
{
	const struct create_flags *f = cli->opts;
	struct policy_flags *flags = arena_alloc(cli->arena, sizeof *flags);

	if (!flags) {
		err_set(e, ENOMEM, "read the options");
		return NULL;
	}
	for (size_t i = 0; i < POLICY_KEYS; i++)
		flags->values[i] = (struct policy_values){ f->policy[i].v, f->policy[i].n };
	return absolute_values(cli, flags, e) < 0 ? NULL : flags;
}

/* What is asked for by annotation, or by the host, is known when the config has been read: then the start is begun
 * anew. */
static int run_either(struct cli *cli, struct runtime *rt, const struct create_opts *o, struct err *e)
{
	struct create_opts plain = *o;
	const struct policy_flags *flags = cli->policy;
	struct service_look look = { flags, true };

	plain.typed = true;
	plain.adapt = service_look;
	plain.adapt_arg = &look;
	if (!policy_is_asked(flags, NULL)) {
		int r = container_run(rt, &plain, &cli->status, e);
		if (r != CREATE_DECLINED)
			return r;
	}
	plain.adapt = NULL;
	return service_run(rt, &plain, flags, &cli->status, e);
}

/* An engine's create: with a policy a process of the service's stands for the container. */
static int create_either(struct cli *cli, struct runtime *rt, const struct create_opts *o, struct err *e)
{
	struct create_opts plain = *o;
	struct service_look look = { 0 };

	cli->status = 0;
	plain.adapt = service_look;
	plain.adapt_arg = &look;
	int r = container_create(rt, &plain, e);
	if (r != CREATE_DECLINED)
		return r;
	plain.adapt = NULL;
	return service_create(rt, &plain, e);
}

static int run_create(struct cli *cli, struct err *e)
{
	return cmd_create_create(cli, create_either, true, e);
}

static int run_run(struct cli *cli, struct err *e)
{
	/* Before the bundle is entered. */
	cli->policy = flags_of(cli, e);
	if (!cli->policy)
		return -e->code;
	return cmd_create_create(cli, run_either, ((const struct create_flags *)cli->opts)->detach, e);
}

#define BUNDLE_DOC                                                                                 \
	"The first argument counts as the bundle when it contains a \"/\" or names a folder that " \
	"holds config.json, unless --bundle is given. Without CONTAINER the ID is made from the "  \
	"bundle folder's name, with a number added if it is taken."

const struct command cmd_create = {
	.name = "create",
	.args = "CONTAINER | BUNDLE [CONTAINER]",
	.summary = "create a container",
	.doc = "Makes everything that config.json asks for, up to the point where the container's "
	       "program would be started; \"hart start\" starts it. " BUNDLE_DOC,
	.table = { create_rows, sizeof create_rows / sizeof create_rows[0], false },
	.opts_size = sizeof(struct create_flags),
	.min_args = 1,
	.max_args = 2,
	.seal = true,
	.run = run_create,
};

const struct command cmd_run = {
	.name = "run",
	.args = "CONTAINER | BUNDLE [CONTAINER]",
	.summary = "create and start a container, wait for its end and delete it",
	.doc = "Exits with the status of the container's program, or 128 + N when signal N killed "
	       "it. Signals that hart gets go to the program. " BUNDLE_DOC,
	.table = { run_rows, sizeof run_rows / sizeof run_rows[0], false },
	.opts_size = sizeof(struct create_flags),
	.min_args = 1,
	.max_args = 2,
	.seal = true,
	.run = run_run,
};
