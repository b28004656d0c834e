/* cmd_features: the spec's features structure (features.md, features-linux.md). It says what is
 * built in, not what this host has. */
#include <seccomp.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "cmd.h"
#include "oci_features.h"
#include "rootfs/mount_options.h"

static int run_features(struct cli *cli, struct err *e)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	const struct scmp_version *v = seccomp_version();
	struct features_support built_in = {
		.libseccomp_version =
			arena_printf(cli->arena, "%u.%u.%u", v->major, v->minor, v->micro),
		.cgroup_v2 = true,
		.cgroup_systemd = true,
		.cgroup_systemd_user = true,
		.cgroup_rdma = true,
		.apparmor = true,
		.selinux = true,
		.idmap = true,
		.net_devices = true,
		.memory_policy = true,
		.rdt = true,
		.rdt_schemata = true,
		.rdt_monitoring = true,
	};
	oci_strings *options = &built_in.mount_options;
	const char *name;

	if (!built_in.libseccomp_version)
		return err_set(e, ENOMEM, "prepare the output");
	for (; (name = mount_option_name(options->n)); options->n++) {
		options->v = arena_grow(cli->arena, options->v, options->n, sizeof *options->v);
		if (!options->v)
			return err_set(e, ENOMEM, "prepare the output");
		options->v[options->n] = (char *)name;
	}
	int r = features_write(&out, &built_in, e);
	return r < 0 ? r : cli_print(&out, e);
}

const struct command cmd_features = {
	.name = "features",
	.args = "",
	.summary = "print what is built in, as the spec's features structure",
	.max_args = 0,
	.run = run_features,
};
