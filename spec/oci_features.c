/* oci_features: see oci_features.h. */
#include "oci_features.h"

#include <errno.h>

#include "annotation.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "json.h"
#include "rows.h"

/* The oldest config.json that is taken. */
#define OCI_VERSION_MIN "1.0.0"

struct features_enabled {
	bool enabled;
};

struct features_cgroup {
	bool v1, v2, systemd, systemd_user, rdma;
};

struct features_seccomp {
	bool enabled;
	oci_strings actions, operators, archs, known_flags, supported_flags;
};

struct features_rdt {
	bool enabled, schemata, monitoring;
};

struct features_memory_policy {
	oci_strings modes, flags;
};

struct features_mount_extensions {
	struct features_enabled idmap;
};

struct features_linux {
	oci_strings namespaces, capabilities;
	struct features_cgroup cgroup;
	struct features_seccomp seccomp;
	struct features_enabled apparmor, selinux;
	struct features_rdt rdt;
	struct features_memory_policy memory_policy;
	struct features_mount_extensions mount_extensions;
	struct features_enabled net_devices;
};

struct features {
	const char *version_min, *version_max;
	oci_strings hooks, mount_options;
	struct features_linux linux_;
	oci_map annotations;
	oci_strings unsafe;
};

static const struct field features_rows[] = {
	F(features, version_min, "ociVersionMin", T_STRING, 0, ANY, 11,
	  "Oldest version of the runtime-spec that is taken."),
	F(features, version_max, "ociVersionMax", T_STRING, 0, ANY, 11,
	  "Newest version that is known."),
	F(features, hooks, "hooks", LIST(T_STRING), 0, ANY, 11, "Hooks that are run."),
	F(features, mount_options, "mountOptions", LIST(T_STRING), 0, ANY, 11,
	  "Mount options that are not passed to the file system."),
	F(features, linux_, "linux", T_OBJECT, 0, TABLE(FEATURES_LINUX), 11, "For Linux."),
	F(features, annotations, "annotations", MAP(T_STRING), 0, ANY, 11,
	  "Facts about this build."),
	F(features, unsafe, "potentiallyUnsafeConfigAnnotations", LIST(T_STRING), 0, ANY, 12,
	  "Annotations of config.json that change what hart does."),
};

static const struct field linux_rows[] = {
	F(features_linux, namespaces, "namespaces", LIST(T_STRING), 0, ANY, 11, "Namespaces."),
	F(features_linux, capabilities, "capabilities", LIST(T_STRING), 0, ANY, 11,
	  "Capabilities."),
	F(features_linux, cgroup, "cgroup", T_OBJECT, 0, TABLE(FEATURES_CGROUP), 11,
	  "Cgroup managers."),
	F(features_linux, seccomp, "seccomp", T_OBJECT, 0, TABLE(FEATURES_SECCOMP), 11,
	  "System call filters."),
	F(features_linux, apparmor, "apparmor", T_OBJECT, ALWAYS, TABLE(FEATURES_ENABLED), 11,
	  "AppArmor."),
	F(features_linux, selinux, "selinux", T_OBJECT, ALWAYS, TABLE(FEATURES_ENABLED), 11,
	  "SELinux."),
	F(features_linux, rdt, "intelRdt", T_OBJECT, 0, TABLE(FEATURES_RDT), 11, "Intel RDT."),
	F(features_linux, memory_policy, "memoryPolicy", T_OBJECT, 0,
	  TABLE(FEATURES_MEMORY_POLICY), 13, "NUMA memory policies."),
	F(features_linux, mount_extensions, "mountExtensions", T_OBJECT, ALWAYS,
	  TABLE(FEATURES_MOUNT_EXTENSIONS), 12, "Kinds of mounts."),
	F(features_linux, net_devices, "netDevices", T_OBJECT, ALWAYS, TABLE(FEATURES_ENABLED), 13,
	  "Network devices."),
};

static const struct field enabled_rows[] = {
	F(features_enabled, enabled, "enabled", T_BOOL, ALWAYS, ANY, 11, "It is built in."),
};

static const struct field cgroup_rows[] = {
	F(features_cgroup, v1, "v1", T_BOOL, ALWAYS, ANY, 11, "cgroup v1."),
	F(features_cgroup, v2, "v2", T_BOOL, ALWAYS, ANY, 11, "cgroup v2."),
	F(features_cgroup, systemd, "systemd", T_BOOL, ALWAYS, ANY, 11, "By systemd."),
	F(features_cgroup, systemd_user, "systemdUser", T_BOOL, ALWAYS, ANY, 11,
	  "By a user's systemd."),
	F(features_cgroup, rdma, "rdma", T_BOOL, ALWAYS, ANY, 11, "The RDMA controller."),
};

static const struct field seccomp_rows[] = {
	F(features_seccomp, enabled, "enabled", T_BOOL, ALWAYS, ANY, 11, "It is built in."),
	F(features_seccomp, actions, "actions", LIST(T_STRING), 0, ANY, 11, "Actions."),
	F(features_seccomp, operators, "operators", LIST(T_STRING), 0, ANY, 11, "Operators."),
	F(features_seccomp, archs, "archs", LIST(T_STRING), 0, ANY, 11, "Architectures."),
	F(features_seccomp, known_flags, "knownFlags", LIST(T_STRING), 0, ANY, 11,
	  "Flags that are known."),
	F(features_seccomp, supported_flags, "supportedFlags", LIST(T_STRING), 0, ANY, 11,
	  "Flags that are handed to the kernel."),
};

static const struct field rdt_rows[] = {
	F(features_rdt, enabled, "enabled", T_BOOL, ALWAYS, ANY, 11, "It is built in."),
	F(features_rdt, schemata, "schemata", T_BOOL, ALWAYS, ANY, 13, "intelRdt.schemata."),
	F(features_rdt, monitoring, "monitoring", T_BOOL, ALWAYS, ANY, 13,
	  "intelRdt.enableMonitoring."),
};

static const struct field memory_policy_rows[] = {
	F(features_memory_policy, modes, "modes", LIST(T_STRING), 0, ANY, 13, "Modes."),
	F(features_memory_policy, flags, "flags", LIST(T_STRING), 0, ANY, 13, "Flags."),
};

static const struct field mount_extensions_rows[] = {
	F(features_mount_extensions, idmap, "idmap", T_OBJECT, ALWAYS, TABLE(FEATURES_ENABLED), 12,
	  "ID-mapped mounts."),
};

const struct table *features_table(enum table_id id)
{
	static const struct table tables[] = {
		[TABLE_FEATURES - TABLE_FEATURES] = TABLE_OF(features, features_rows),
		[TABLE_FEATURES_LINUX - TABLE_FEATURES] = TABLE_OF(features_linux, linux_rows),
		[TABLE_FEATURES_ENABLED - TABLE_FEATURES] =
			TABLE_OF(features_enabled, enabled_rows),
		[TABLE_FEATURES_CGROUP - TABLE_FEATURES] = TABLE_OF(features_cgroup, cgroup_rows),
		[TABLE_FEATURES_SECCOMP - TABLE_FEATURES] =
			TABLE_OF(features_seccomp, seccomp_rows),
		[TABLE_FEATURES_RDT - TABLE_FEATURES] = TABLE_OF(features_rdt, rdt_rows),
		[TABLE_FEATURES_MEMORY_POLICY - TABLE_FEATURES] =
			TABLE_OF(features_memory_policy, memory_policy_rows),
		[TABLE_FEATURES_MOUNT_EXTENSIONS - TABLE_FEATURES] =
			TABLE_OF(features_mount_extensions, mount_extensions_rows),
	};

	return &tables[id - TABLE_FEATURES];
}

/* Where lists are made; out of memory, they are not whole. */
struct lists {
	struct arena arena;
	bool failed;
};

static void add(struct lists *a, oci_strings *list, const char *s)
{
	char **v = arena_grow(&a->arena, list->v, list->n, sizeof *v);

	if (!v) {
		a->failed = true;
		return;
	}
	list->v = v;
	list->v[list->n++] = (char *)s; /* only ever read */
}

static oci_strings names(struct lists *a, enum names_id id)
{
	size_t n;
	const struct name *v = names_get(id, &n);
	oci_strings list = { 0 };

	for (size_t i = 0; i < n; i++)
		add(a, &list, v[i].text);
	return list;
}

static void fill_linux(struct lists *a, const struct features_support *s, struct features_linux *l)
{
	l->namespaces = names(a, NAMES_NAMESPACE);
	l->capabilities = names(a, NAMES_CAPABILITY);
	l->cgroup = (struct features_cgroup){ s->cgroup_v1, s->cgroup_v2, s->cgroup_systemd,
					      s->cgroup_systemd_user, s->cgroup_rdma };
	if (s->libseccomp_version) {
		l->seccomp.enabled = true;
		l->seccomp.actions = names(a, NAMES_SECCOMP_ACTION);
		l->seccomp.operators = names(a, NAMES_SECCOMP_OP);
		l->seccomp.archs = names(a, NAMES_SECCOMP_ARCH);
		l->seccomp.known_flags = names(a, NAMES_SECCOMP_FLAG);
		l->seccomp.supported_flags = l->seccomp.known_flags;
	}
	l->apparmor.enabled = s->apparmor;
	l->selinux.enabled = s->selinux;
	l->rdt = (struct features_rdt){ s->rdt, s->rdt_schemata, s->rdt_monitoring };
	if (s->memory_policy) {
		l->memory_policy.modes = names(a, NAMES_MEMPOLICY_MODE);
		l->memory_policy.flags = names(a, NAMES_MEMPOLICY_FLAG);
	}
	l->mount_extensions.idmap.enabled = s->idmap;
	l->net_devices.enabled = s->net_devices;
}

int features_write(struct buf *out, const struct features_support *s, struct err *e)
{
	struct lists a = { 0 };
	struct json_out o = { .buf = out, .indent = 4 };
	const struct table *hooks = table_get(TABLE_HOOKS);
	const char *key, *doc;
	struct oci_pair facts[] = {
		{ (char *)"org.hart.version", (char *)HART_VERSION },
		/* Engines look for it by this name, whatever the runtime. */
		{ (char *)"org.opencontainers.runc.checkpoint.enabled", (char *)"false" },
		{ (char *)"io.github.seccomp.libseccomp.version", s->libseccomp_version },
	};
	struct features f = { .version_min = OCI_VERSION_MIN, .version_max = OCI_VERSION,
			      .mount_options = s->mount_options,
			      .annotations = { facts, s->libseccomp_version ? 3 : 2 } };

	for (unsigned i = 0; i < hooks->n; i++)
		add(&a, &f.hooks, hooks->fields[i].name);
	for (size_t i = 0; (key = annotation_key(i, &doc)); i++)
		add(&a, &f.unsafe, key);
	fill_linux(&a, s, &f.linux_);
	table_encode(TABLE_FEATURES, &f, &o);
	buf_puts(out, "\n");
	arena_free(&a.arena);
	return a.failed || out->failed ? err_set(e, ENOMEM, "write the features") : 0;
}
