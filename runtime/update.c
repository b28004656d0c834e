/* SPDX-License-Identifier: Apache-2.0 */
/* update: see update.h. */
#include "update.h"

#include <string.h>

#include "base/err.h"
#include "cgroup/cgroup.h"
#include "cgroup/driver.h"
#include "rdt/rdt.h"
#include "version.h"

static int check_running(struct container *c, struct err *e)
{
	enum container_status status;
	int r = container_status(c, &status, e);

	if (r >= 0 && status == STATUS_STOPPED)
		return err_msg(e, ESRCH, "container not running");
	return r;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool same_number(const struct opt_i64 *a, const struct opt_i64 *b)
{
	return a->set == b->set && (!a->set || a->v == b->v);
}

static bool same_devices(const struct oci_resources *a, const struct oci_resources *b)
{
	if (!b || a->devices.n != b->devices.n)
		return false;
	for (size_t i = 0; i < a->devices.n; i++) {
		const struct oci_device_rule *x = &a->devices.v[i], *y = &b->devices.v[i];
		if (x->allow != y->allow || !same_text(x->type, y->type) ||
		    !same_text(x->access, y->access) || !same_number(&x->major, &y->major) ||
		    !same_number(&x->minor, &y->minor))
			return false;
	}
	return true;
}

int container_update(struct container *c, const struct oci_resources *r, struct err *e)
{
	struct oci_resources wanted = *r;
	const struct cgroup_driver *driver;
	struct cgroup cg = CGROUP_INIT;
	struct cgroup_place place;
	struct oci_config *config;
	int ret = check_running(c, e);

	version_adapt_resources(c->state->oci_version, &wanted);
	if (ret < 0)
		return ret;
	if (!c->state->cgroup)
		return err_msg(e, ENOTSUP, "container \"%s\" has no cgroup of its own",
			       c->state->id);
	if (r->devices.n) {
		ret = container_config(c, &config, e);
		if (ret < 0)
			return ret;
		if (same_devices(r, config->linux_->resources))
			wanted.devices.n = 0;
	}
	driver = container_cgroup_driver(c, &place);
	ret = cgroup_open(&cg, place.path, e);
	if (ret >= 0)
		ret = driver->apply(&cg, &place, &wanted, true, e);
	cgroup_close(&cg);
	return ret;
}

int container_update_rdt(struct container *c, const char *l3_cache_schema,
			 const char *mem_bw_schema, struct err *e)
{
	struct oci_config *config;
	int ret = check_running(c, e);

	if (ret >= 0)
		ret = container_config(c, &config, e);
	if (ret < 0)
		return ret;
	if (!config->linux_->intel_rdt)
		return err_msg(e, EINVAL, "updating a non-existent Intel RDT configuration is not "
			       "supported");
	struct oci_intel_rdt rdt = *config->linux_->intel_rdt;
	/* Only what was named is written; the group keeps the rest. */
	rdt.schemata.n = 0;
	rdt.l3_cache_schema = (char *)l3_cache_schema;
	rdt.mem_bw_schema = (char *)mem_bw_schema;
	return rdt_update(&rdt, c->state->id, e);
}
