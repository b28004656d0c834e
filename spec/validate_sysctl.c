/* SPDX-License-Identifier: Apache-2.0 */
/* validate_sysctl: only parameters of the container's own namespaces may be set: all others are the
 * host's. Which are whose: namespaces(7), sysctl(5). See validate.h. */
#include <string.h>

#include "fault.h"
#include "names.h"
#include "validate.h"

/* A name, or with a trailing "." a prefix, and the namespace that it belongs to. */
static const struct {
	char name[28];
	int ns; /* enum oci_ns */
} owners[] = {
	{ "kernel.msgmax", OCI_NS_IPC },  { "kernel.msgmnb", OCI_NS_IPC },
	{ "kernel.msgmni", OCI_NS_IPC },  { "kernel.sem", OCI_NS_IPC },
	{ "kernel.shmall", OCI_NS_IPC },  { "kernel.shmmax", OCI_NS_IPC },
	{ "kernel.shmmni", OCI_NS_IPC },  { "kernel.shm_rmid_forced", OCI_NS_IPC },
	{ "fs.mqueue.", OCI_NS_IPC },	  { "net.", OCI_NS_NETWORK },
	{ "kernel.domainname", OCI_NS_UTS }, { "user.", OCI_NS_USER },
};

/*
 * Dots separate, and then "/" stands for a dot in a component; unless "/" comes first: then it is
 * the other way round (sysctl.d(5)). False when the name does not fit or has an empty component or
 * one of dots alone, which would lead to another file.
 */
static bool dotted_name(const char *key, char *name, size_t size)
{
	size_t len = strlen(key);
	bool slashes = key[strcspn(key, "./")] == '/';

	if (!len || len >= size)
		return false;
	for (size_t i = 0; i <= len; i++) {
		char c = key[i];
		name[i] = slashes && c == '/' ? '.' : slashes && c == '.' ? '/' : c;
	}
	for (const char *p = name;; p++) {
		size_t n = strcspn(p, ".");
		if (strspn(p, "/") == n)
			return false;
		p += n;
		if (!*p)
			return true;
	}
}

static int validate_sysctl_check(const struct oci_config *c, const char *key, struct fault_sink *sink)
{
	struct fault_path at = fault_key("/linux/sysctl", key);
	char name[256];

	if (!dotted_name(key, name, sizeof name))
		return fault_at(sink, at.text, "not a parameter's name");
	if (!strcmp(name, "kernel.hostname"))
		return fault_at(sink, at.text, "is what \"hostname\" is for");
	for (size_t i = 0; i < sizeof owners / sizeof *owners; i++) {
		size_t len = strlen(owners[i].name);
		bool prefix = owners[i].name[len - 1] == '.';
		if (prefix ? strncmp(name, owners[i].name, len) : strcmp(name, owners[i].name))
			continue;
		if (oci_namespace(c, owners[i].ns))
			return 0;
		return fault_at(sink, at.text, "needs a namespace of type %s",
				names_of(NAMES_NAMESPACE, owners[i].ns));
	}
	return fault_at(sink, at.text, "belongs to no namespace: it would change the host");
}

int validate_sysctls(const struct oci_config *c, struct fault_sink *sink)
{
	const oci_map *m = &c->linux_->sysctl;
	int r = 0;

	for (size_t i = 0; i < m->n && r == 0; i++)
		r = validate_sysctl_check(c, m->v[i].key, sink);
	return r;
}
