/* SPDX-License-Identifier: Apache-2.0 */
/* oci_features: see oci_features.h. */
#include "oci_features.h"

#include <errno.h>

#include "annotation.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "features_rows.h"
#include "json.h"
#include "rows.h"

/* The oldest config.json that is taken. */
#define OCI_VERSION_MIN "1.0.0"

/* Where lists are made; out of memory, they are not whole. */
struct lists {
	struct arena arena;
	bool failed;
};

static void oci_features_add(struct lists *a, oci_strings *list, const char *s)
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
		oci_features_add(a, &list, v[i].text);
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
		oci_features_add(&a, &f.hooks, hooks->fields[i].name);
	for (size_t i = 0; (key = annotation_key(i, &doc)); i++)
		oci_features_add(&a, &f.unsafe, key);
	fill_linux(&a, s, &f.linux_);
	table_encode(table_get(TABLE_FEATURES), &f, &o);
	buf_puts(out, "\n");
	arena_free(&a.arena);
	return a.failed || out->failed ? err_set(e, ENOMEM, "write the features") : 0;
}
