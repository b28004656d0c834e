/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/fs: the driver that is hart itself, in the cgroup file system: cgroupfs. See cgroup/driver.h. */
#include "cgroup/driver.h"

#include "base/err.h"
#include "base/sys.h"
#include "cgroup/cgroup.h"

static int fs_plan(struct cgroup *cg, struct arena *a, const struct oci_config *c, const char *id,
		   struct cgroup_place *ret, struct err *e)
{
	bool exists;
	int r = cgroup_plan(a, c, id, &ret->path, e);

	if (r < 0)
		return r;
	r = cg->root_fd = cgroup_mount_open(e);
	if (r >= 0)
		r = cgroup_exists(cg->root_fd, ret->path, &exists, e);
	if (r >= 0)
		ret->owned = !exists;
	return r;
}

static int fs_make(struct cgroup *cg, struct arena *a, struct cgroup_place *p, const struct oci_resources *needs,
		   struct err *e)
{
	(void)a;
	int r = cgroup_create(cg, p->path, needs, e);
	/* It was not there before, and is another one's now: nothing in it is ours to kill. */
	if (r == -EBUSY)
		p->owned = false;
	return r;
}

static int fs_apply(struct cgroup *cg, const struct cgroup_place *p, const struct oci_resources *r,
		    bool update, struct err *e)
{
	(void)p;
	return cgroup_apply(cg, r, update, e);
}

/* A PID namespace leaves an empty cgroup behind; else whatever is in there is killed first. */
static int fs_remove(const struct cgroup_place *p, struct err *e)
{
	struct cgroup cg = CGROUP_INIT;
	int r = cgroup_open(&cg, p->path, e);

	cg.spares = p->spares;
	if (r >= 0 && (r = cgroup_remove(&cg, 0, e)) == -EBUSY && !p->spares) {
		err_clear(e);
		r = cgroup_end(&cg, e);
		if (r >= 0)
			r = cgroup_remove(&cg, KILL_TIMEOUT_MS, e);
	} else if (r == -ENOENT) {
		err_clear(e);
		r = 0;
	}
	cgroup_close(&cg);
	return r;
}

const struct cgroup_driver cgroup_fs = { "cgroupfs", NULL, fs_plan, fs_make, fs_apply, fs_remove };
