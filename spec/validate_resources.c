/* SPDX-License-Identifier: Apache-2.0 */
/* validate_resources: the rules of config-linux.md, "Control groups", see validate.h. */
#include <string.h>

#include "fault.h"
#include "validate.h"

static int validate_resources_check_devices(const struct oci_resources *r, const char *path, struct fault_sink *sink)
{
	int ret = 0;

	for (size_t i = 0; i < r->devices.n && ret == 0; i++) {
		const char *access = r->devices.v[i].access;
		if (access && access[strspn(access, "rwm")])
			ret = fault_at(sink, fault_path("%s/devices/%zu/access", path, i).text,
				       "\"%s\" is not made of r, w and m", access);
	}
	return ret;
}

static int check_cpu(const struct oci_resources *r, const char *path, struct fault_sink *sink)
{
	const struct oci_cpu *c = r->cpu;

	if (!c || !c->burst_us.set || !c->quota_us.set || c->quota_us.v <= 0 ||
	    c->burst_us.v <= (uint64_t)c->quota_us.v)
		return 0;
	return fault_at(sink, fault_path("%s/cpu/burst", path).text, "greater than quota");
}

/* "64KB", "2MB", "1GB": [1-9][0-9]*[KMG]B, in any case */
static bool is_page_size(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n && s[0] != '0' && s[n] && strchr("KMGkmg", s[n]) && !strcasecmp(s + n + 1, "B");
}

static int check_hugepages(const struct oci_resources *r, const char *path, struct fault_sink *sink)
{
	int ret = 0;

	for (size_t i = 0; i < r->hugepage_limits.n && ret == 0; i++) {
		const char *size = r->hugepage_limits.v[i].page_size;
		if (size && !is_page_size(size))
			ret = fault_at(sink,
				       fault_path("%s/hugepageLimits/%zu/pageSize", path, i).text,
				       "\"%s\" is not a page size like 2MB", size);
	}
	return ret;
}

static int check_weights(const struct oci_resources *r, const char *path, struct fault_sink *sink)
{
	int ret = 0;

	for (size_t i = 0; r->block_io && i < r->block_io->weight_device.n && ret == 0; i++) {
		const struct oci_weight_device *d = &r->block_io->weight_device.v[i];
		if (!d->weight.set && !d->leaf_weight.set)
			ret = fault_at(sink,
				       fault_path("%s/blockIO/weightDevice/%zu", path, i).text,
				       "needs weight or leafWeight");
	}
	return ret;
}

static int check_rdma(const struct oci_resources *r, const char *path, struct fault_sink *sink)
{
	int ret = 0;

	for (size_t i = 0; i < r->rdma.n && ret == 0; i++) {
		const struct oci_rdma *d = &r->rdma.v[i];
		if (!d->hca_handles.set && !d->hca_objects.set)
			ret = fault_at(sink,
				       fault_key(fault_path("%s/rdma", path).text, d->device).text,
				       "needs hcaHandles or hcaObjects");
	}
	return ret;
}

/* The keys are files of the container's cgroup; a slash would lead elsewhere. */
static int check_unified(const struct oci_resources *r, const char *path, struct fault_sink *sink)
{
	struct fault_path at = fault_path("%s/unified", path);
	int ret = 0;

	for (size_t i = 0; i < r->unified.n && ret == 0; i++) {
		const char *key = r->unified.v[i].key;
		if (!*key || strchr(key, '/') || !strcmp(key, ".") || !strcmp(key, ".."))
			ret = fault_at(sink, fault_key(at.text, key).text,
				       "\"%s\" is not a file name", key);
	}
	return ret;
}

int validate_resources(const struct oci_resources *r, const char *path, struct fault_sink *sink)
{
	static int (*const rules[])(const struct oci_resources *r, const char *path,
				    struct fault_sink *sink) = {
		validate_resources_check_devices, check_cpu, check_hugepages, check_weights, check_rdma, check_unified,
	};
	int ret = 0;

	for (size_t i = 0; i < sizeof rules / sizeof *rules && ret == 0; i++)
		ret = rules[i](r, path, sink);
	return ret;
}
