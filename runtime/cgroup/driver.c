/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/driver: see cgroup/driver.h. */
#include "cgroup/driver.h"

#include "base/caller.h"
#include "base/err.h"
#include "oci.h"
#include "systemd/name.h"

const struct cgroup_driver *cgroup_driver(bool systemd)
{
	return systemd ? &cgroup_systemd : &cgroup_fs;
}

bool cgroup_is_unit(const struct oci_config *c)
{
	return c->linux_ && systemd_is_place(c->linux_->cgroups_path);
}

int cgroup_advise(int r, const struct cgroup_place *place, struct err *e)
{
	bool refused = r == -EACCES || r == -EPERM || r == -EROFS;

	if (!refused || !place->path || !caller_is_unprivileged())
		return r;
	if (place->unit)
		return err_in(e, "in cgroup %s: the caller is outside the user's systemd; start it by "
				 "\"systemd-run --user --scope\"", place->path);
	return err_in(e, "cgroup %s is not the caller's to make or to enter; start it by \"systemd-run --user --scope "
			 "-p Delegate=yes\", use --systemd-cgroup, or let root give it a cgroup", place->path);
}
