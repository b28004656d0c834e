/* SPDX-License-Identifier: Apache-2.0 */
/* built_in: see built_in.h. */
#include "built_in.h"

#include <seccomp.h>

#include "base/arena.h"
#include "base/err.h"
#include "oci_features.h"
#include "rootfs/mount_options.h"

static int list_mount_options(struct arena *a, oci_strings *options, struct err *e)
{
	const char *name;

	for (; (name = mount_option_name(options->n)); options->n++) {
		options->v = arena_grow(a, options->v, options->n, sizeof *options->v);
		if (!options->v)
			return err_set(e, ENOMEM, "list the mount options");
		options->v[options->n] = (char *)name;
	}
	return 0;
}

int built_in_print(struct arena *a, struct buf *out, struct err *e)
{
	const struct scmp_version *v = seccomp_version();
	struct features_support support = {
		.libseccomp_version = arena_printf(a, "%u.%u.%u", v->major, v->minor, v->micro),
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

	if (!support.libseccomp_version)
		return err_set(e, ENOMEM, "tell libseccomp's version");
	int r = list_mount_options(a, &support.mount_options, e);
	return r < 0 ? r : features_write(out, &support, e);
}
