/* cgroup/driver: see cgroup/driver.h. */
#include "cgroup/driver.h"

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
