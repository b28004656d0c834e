/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_spec: spec and validate: documents, no containers. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "annotation_kind.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "cmd.h"
#include "policy/policy.h"
#include "policy/words.h"
#include "spec.h"

struct spec_flags {
	const char *bundle, *args;
	bool rootless, host_network, readonly;
	struct opt_list env;
};

static const struct opt_row spec_rows[] = {
	OPT_STRING(struct spec_flags, bundle, "bundle", 'b', "DIR",
		   "the folder to write to (default: the current folder)", .complete = OPT_DIR),
	OPT_FLAG(struct spec_flags, rootless, "rootless", 0,
		 "a config.json that the calling user can run without privileges"),
	OPT_STRING(struct spec_flags, args, "args", 0, "COMMAND",
		   "run COMMAND, without a terminal: split at blanks, with quotes"),
	OPT_LIST(struct spec_flags, env, "env", 'e', "NAME=VALUE",
		 "set a variable of the program's environment; may be given several times"),
	OPT_FLAG(struct spec_flags, host_network, "host-network", 0,
		 "use the host's network: the program's ports are the host's"),
	{ .name = "readonly", .type = OPT_TYPE_FLAG, .initial = "true",
	  .offset = OPT_AT(struct spec_flags, readonly, bool),
	  .doc = "mount the root file system read-only (the default); --readonly=false makes it writable" },
};

static int open_bundle(const char *bundle, struct err *e)
{
	int dir = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return dir >= 0 ? dir : err_set(e, errno, "open the bundle %s", bundle);
}

static int spec_write(struct cli *cli, const struct spec_flags *f, struct buf *out, struct err *e)
{
	struct spec_wish wish = { .rootless = f->rootless, .uid = geteuid(), .gid = getegid(),
				  .host_network = f->host_network, .writable = !f->readonly,
				  .env = f->env.v, .n_env = f->env.n };
	const char *why = f->args ? policy_word_argv(cli->arena, f->args, &wish.args) : NULL;

	return why ? err_msg(e, EINVAL, "--args: %s", why) : spec_write_default(out, &wish, e);
}

static int run_spec(struct cli *cli, struct err *e)
{
	const struct spec_flags *f = cli->opts;
	_cleanup_buf_ struct buf out = BUF_INIT;
	_cleanup_fd_ int dir = open_bundle(f->bundle ? f->bundle : ".", e);

	if (dir < 0)
		return dir;
	int r = spec_write(cli, f, &out, e);
	if (r < 0)
		return r;
	if (out.failed)
		return err_set(e, ENOMEM, "prepare config.json");
	_cleanup_fd_ int fd = openat(dir, "config.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
				     0666);
	if (fd < 0 && errno == EEXIST)
		return err_msg(e, EEXIST, "config.json exists: remove it first");
	if (fd < 0)
		return err_set(e, errno, "create config.json");
	r = io_write_all(fd, out.data, out.len, "config.json", e);
	if (r < 0)
		unlinkat(dir, "config.json", 0);
	return r;
}

/* The one fault outside config.json: the folder that it names as the root file system. */
static void check_rootfs(struct buf *out, int dir, const struct oci_config *config)
{
	struct stat st;

	if (!config || !config->root || !config->root->path)
		return;
	if (fstatat(dir, config->root->path, &st, 0) < 0)
		buf_printf(out, "config.json: /root/path: %s: %m\n", config->root->path);
	else if (!S_ISDIR(st.st_mode))
		buf_printf(out, "config.json: /root/path: %s is not a folder\n",
			   config->root->path);
}

static void put_fault(struct buf *out, const struct spec_fault *fault)
{
	if (fault->line)
		buf_printf(out, "config.json:%d:%d: ", fault->line, fault->column);
	else
		buf_puts(out, "config.json: ");
	if (fault->path && *fault->path)
		buf_printf(out, "%s: ", fault->path);
	buf_printf(out, "%s\n", fault->text);
}

/* What asks for a supervised service: a word that is wrong, or that nobody knows. */
static void check_service(struct buf *out, struct arena *a, const struct oci_config *config)
{
	const oci_map *annotations = &config->annotations;
	struct policy *policy = arena_alloc(a, sizeof *policy);
	struct err e = ERR_INIT;
	size_t at = 0;

	for (const char *key; (key = annotation_next_unknown(annotations, &at));)
		buf_printf(out, "config.json: /annotations/%s: not known; hart-config(5) lists those that are\n", key);
	if (!policy || policy_parse(a, NULL, annotations, policy, &e) < 0)
		buf_printf(out, "config.json: /annotations: %s\n", policy ? e.text : "out of memory");
	for (size_t i = 0; !policy_is_asked(NULL, annotations) && i < annotations->n; i++)
		if (annotation_is_policy(annotations->v[i].key))
			buf_printf(out, "config.json: /annotations/%s: has no effect: nothing makes this a "
				   "supervised service\n", annotations->v[i].key);
}

static int run_validate(struct cli *cli, struct err *e)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct spec_faults faults = { .arena = cli->arena };
	struct oci_config *config = NULL;
	const char *bundle = cli->n_args ? cli->args[0] : ".";
	_cleanup_fd_ int dir = open_bundle(bundle, e);
	char *json;
	size_t len;

	if (dir < 0)
		return dir;
	int r = io_read_file(cli->arena, dir, "config.json", SPEC_MAX_BYTES, &json, &len, e);
	if (r < 0)
		return err_in(e, "bundle %s", bundle);
	r = spec_load_config(cli->arena, json, len, &config, &faults, e);
	if (r < 0 && !faults.n)
		return r;
	for (size_t i = 0; i < faults.n; i++)
		put_fault(&out, &faults.v[i]);
	if (r >= 0) {
		check_rootfs(&out, dir, config);
		check_service(&out, cli->arena, config);
	}
	err_clear(e);
	cli->status = out.len ? 1 : 0;
	return cli_print_visible(&out, e);
}

const struct command cmd_spec = {
	.name = "spec",
	.args = "",
	.summary = "write a config.json to start from",
	.doc = "It runs \"sh\" in the folder rootfs, or what --args says. An existing config.json is left alone.",
	.table = { spec_rows, sizeof spec_rows / sizeof spec_rows[0], false },
	.opts_size = sizeof(struct spec_flags),
	.max_args = 0,
	.run = run_spec,
};

const struct command cmd_validate = {
	.name = "validate",
	.args = "[BUNDLE]",
	.summary = "check a bundle without running it",
	.doc = "Prints every fault on a line of its own, with line and column, and exits with 1 when "
	       "there is one. BUNDLE defaults to the current folder.",
	.max_args = 1,
	.run = run_validate,
};
