/* SPDX-License-Identifier: Apache-2.0 */
/* validate_linux: the rules of config-linux.md, but for sysctl, seccomp and resources, which have
 * files of their own. See validate.h. */
#include <linux/mempolicy.h>
#include <stdbool.h>
#include <string.h>

#include "cpulist.h"
#include "fault.h"
#include "names.h"
#include "validate.h"

/* UID_GID_MAP_MAX_EXTENTS of the kernel: user_namespaces(7). */
#define ID_MAPPINGS_MAX 340
/* IFNAMSIZ without the NUL. */
#define NET_NAME_BYTES 15

static bool overlap(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size)
{
	return a < (uint64_t)b + b_size && b < (uint64_t)a + a_size;
}

static const char *id_mapping_fault(const oci_id_mappings *m, size_t i)
{
	const struct oci_id_mapping *x = &m->v[i];

	if (!x->size)
		return "size is 0";
	if ((uint64_t)x->container_id + x->size > UINT32_MAX ||
	    (uint64_t)x->host_id + x->size > UINT32_MAX)
		return "goes beyond the last ID, 4294967294";
	for (size_t k = 0; k < i; k++) {
		const struct oci_id_mapping *y = &m->v[k];
		if (overlap(x->container_id, x->size, y->container_id, y->size))
			return "overlaps an earlier mapping in the container";
		if (overlap(x->host_id, x->size, y->host_id, y->size))
			return "overlaps an earlier mapping on the host";
	}
	return NULL;
}

int validate_id_mappings(const oci_id_mappings *m, const char *path, struct fault_sink *sink)
{
	int r = 0;

	if (m->n > ID_MAPPINGS_MAX)
		return fault_at(sink, path, "%zu mappings, the kernel takes %d", m->n,
				ID_MAPPINGS_MAX);
	for (size_t i = 0; i < m->n && r == 0; i++) {
		const char *why = id_mapping_fault(m, i);
		if (why)
			r = fault_at(sink, fault_path("%s/%zu", path, i).text, "%s", why);
	}
	return r;
}

static int check_namespaces(const struct oci_config *c, struct fault_sink *sink)
{
	unsigned seen = 0;
	int r = 0;

	for (size_t i = 0; i < c->linux_->namespaces.n && r == 0; i++) {
		const struct oci_namespace *n = &c->linux_->namespaces.v[i];
		struct fault_path at = fault_path("/linux/namespaces/%zu", i);

		if (n->type >= 0 && seen >> n->type & 1)
			r = fault_at(sink, at.text, "a second %s namespace",
				     names_of(NAMES_NAMESPACE, n->type));
		if (r == 0 && n->path && n->path[0] != '/')
			r = fault_at(sink, fault_path("%s/path", at.text).text,
				     "\"%s\" is not an absolute path", n->path);
		if (n->type >= 0)
			seen |= 1U << n->type;
	}
	return r;
}

static int check_user_namespace(const struct oci_config *c, struct fault_sink *sink)
{
	const struct oci_linux *l = c->linux_;
	const struct oci_namespace *user = oci_namespace(c, OCI_NS_USER);
	int r = 0;

	if (user && !user->path && !l->uid_mappings.n && !l->gid_mappings.n)
		r = fault_at(sink, "/linux/uidMappings", "a new user namespace needs mappings");
	if (!user && (l->uid_mappings.n || l->gid_mappings.n))
		r = fault_at(sink, l->uid_mappings.n ? "/linux/uidMappings" : "/linux/gidMappings",
			     "needs a user namespace");
	if (r == 0)
		r = validate_id_mappings(&l->uid_mappings, "/linux/uidMappings", sink);
	return r == 0 ? validate_id_mappings(&l->gid_mappings, "/linux/gidMappings", sink) : r;
}

static int check_time_offsets(const struct oci_config *c, struct fault_sink *sink)
{
	const struct oci_linux *l = c->linux_;
	const struct oci_namespace *ns = oci_namespace(c, OCI_NS_TIME);
	int r = 0;

	if (!l->time_offsets.n)
		return 0;
	if (!ns)
		r = fault_at(sink, "/linux/timeOffsets", "needs a time namespace");
	else if (ns->path)
		r = fault_at(sink, "/linux/timeOffsets", "not for a time namespace that is joined");
	for (size_t i = 0; i < l->time_offsets.n && r == 0; i++) {
		const char *clock = l->time_offsets.v[i].clock;
		if (!names_find(NAMES_CLOCK, clock, strlen(clock)))
			r = fault_at(sink, fault_key("/linux/timeOffsets", clock).text,
				     "unknown clock: monotonic or boottime");
	}
	return r;
}

static int check_cgroups_path(const struct oci_config *c, struct fault_sink *sink)
{
	const char *path = c->linux_->cgroups_path;

	for (const char *p = path; p; p = strchr(p, '/')) {
		p += strspn(p, "/");
		if (!strncmp(p, "..", 2) && (p[2] == '/' || !p[2]))
			return fault_at(sink, "/linux/cgroupsPath", "\"%s\" has a \"..\"", path);
	}
	return 0;
}

static int check_paths(const struct oci_config *c, const oci_strings *paths, const char *path,
		       struct fault_sink *sink)
{
	int r = 0;

	if (paths->n && !oci_namespace(c, OCI_NS_MOUNT))
		r = fault_at(sink, path, "needs a mount namespace");
	for (size_t i = 0; i < paths->n && r == 0; i++)
		if (paths->v[i][0] != '/')
			r = fault_at(sink, fault_path("%s/%zu", path, i).text,
				     "\"%s\" is not an absolute path", paths->v[i]);
	return r;
}

static int check_guarded_paths(const struct oci_config *c, struct fault_sink *sink)
{
	int r = check_paths(c, &c->linux_->masked_paths, "/linux/maskedPaths", sink);

	return r == 0 ? check_paths(c, &c->linux_->readonly_paths, "/linux/readonlyPaths", sink) :
			r;
}

static int check_devices(const struct oci_config *c, struct fault_sink *sink)
{
	int r = 0;

	for (size_t i = 0; i < c->linux_->devices.n && r == 0; i++) {
		const char *path = c->linux_->devices.v[i].path;
		if (path && path[0] != '/')
			r = fault_at(sink, fault_path("/linux/devices/%zu/path", i).text,
				     "\"%s\" is not an absolute path", path);
	}
	return r;
}

/* dev_valid_name() of the kernel. */
static bool is_net_name(const char *name)
{
	return *name && strlen(name) <= NET_NAME_BYTES && strcmp(name, ".") &&
	       strcmp(name, "..") && !name[strcspn(name, "/: \t\n\v\f\r")];
}

static int check_net_devices(const struct oci_config *c, struct fault_sink *sink)
{
	const struct oci_linux *l = c->linux_;
	int r = 0;

	if (l->net_devices.n && !oci_namespace(c, OCI_NS_NETWORK))
		r = fault_at(sink, "/linux/netDevices", "needs a network namespace");
	for (size_t i = 0; i < l->net_devices.n && r == 0; i++) {
		const struct oci_net_device *d = &l->net_devices.v[i];
		struct fault_path at = fault_key("/linux/netDevices", d->host_name);

		if (!is_net_name(d->host_name))
			r = fault_at(sink, at.text, "\"%s\" cannot be a device's name",
				     d->host_name);
		if (r == 0 && d->name && !is_net_name(d->name))
			r = fault_at(sink, fault_path("%s/name", at.text).text,
				     "\"%s\" cannot be a device's name", d->name);
	}
	return r;
}

static int check_intel_rdt(const struct oci_config *c, struct fault_sink *sink)
{
	const struct oci_intel_rdt *t = c->linux_->intel_rdt;
	const char *id = t ? t->clos_id : NULL;
	int r = 0;

	if (!t)
		return 0;
	if (id && strcmp(id, "/") && (strchr(id, '/') || !strcmp(id, ".") || !strcmp(id, "..")))
		r = fault_at(sink, "/linux/intelRdt/closID", "\"%s\" is not a folder's name", id);
	if (r == 0 && t->l3_cache_schema && strchr(t->l3_cache_schema, '\n'))
		r = fault_at(sink, "/linux/intelRdt/l3CacheSchema", "more than one line");
	if (r == 0 && t->mem_bw_schema &&
	    (strncmp(t->mem_bw_schema, "MB:", 3) || strchr(t->mem_bw_schema, '\n')))
		r = fault_at(sink, "/linux/intelRdt/memBwSchema",
			     "not one line that starts with MB:");
	for (size_t i = 0; i < t->schemata.n && r == 0; i++)
		if (strchr(t->schemata.v[i], '\n'))
			r = fault_at(sink, fault_path("/linux/intelRdt/schemata/%zu", i).text,
				     "more than one line");
	return r;
}

static int check_memory_policy(const struct oci_config *c, struct fault_sink *sink)
{
	const struct oci_memory_policy *p = c->linux_->memory_policy;

	if (!p || p->mode < 0)
		return 0;
	const char *mode = names_of(NAMES_MEMPOLICY_MODE, p->mode);
	bool none = p->mode == MPOL_DEFAULT || p->mode == MPOL_LOCAL;
	if (none && p->nodes)
		return fault_at(sink, "/linux/memoryPolicy/nodes", "not for %s", mode);
	if (!none && !p->nodes && p->mode != MPOL_PREFERRED)
		return fault_at(sink, "/linux/memoryPolicy/nodes", "%s needs nodes", mode);
	if (p->nodes && !cpulist_valid(p->nodes))
		return fault_at(sink, "/linux/memoryPolicy/nodes", "\"%s\" is not a list of nodes",
				p->nodes);
	return 0;
}

static int check_personality(const struct oci_config *c, struct fault_sink *sink)
{
	const struct oci_personality *p = c->linux_->personality;

	if (!p || !p->flags.n)
		return 0;
	return fault_at(sink, "/linux/personality/flags", "none is supported");
}

static int check_resources(const struct oci_config *c, struct fault_sink *sink)
{
	const struct oci_resources *r = c->linux_->resources;

	return r ? validate_resources(r, "/linux/resources", sink) : 0;
}

int validate_linux(const struct oci_config *c, struct fault_sink *sink)
{
	static int (*const rules[])(const struct oci_config *c, struct fault_sink *sink) = {
		check_namespaces,    check_user_namespace, check_time_offsets, check_cgroups_path,
		check_guarded_paths, check_devices,	   check_net_devices,  check_intel_rdt,
		check_memory_policy, check_personality,	   check_resources,
	};
	int r = 0;

	for (size_t i = 0; i < sizeof rules / sizeof *rules && r == 0; i++)
		r = rules[i](c, sink);
	return r;
}
