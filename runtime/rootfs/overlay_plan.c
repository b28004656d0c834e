/* SPDX-License-Identifier: Apache-2.0 */
/* overlay_plan: see overlay_plan.h. */
#include "rootfs/overlay_plan.h"

#include "annotation.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/path.h"

int overlay_plan(struct arena *a, const struct oci_config *c, const char *option, const char *id,
		 struct overlay_opts *ret, bool *ret_wanted, struct err *e)
{
	struct annotation_overlay o;
	char *dir = NULL;
	int r = annotation_overlay(a, &c->annotations, option, &o, e);

	*ret_wanted = r >= 0 && o.upper != UPPER_NONE;
	if (!*ret_wanted)
		return r;
	*ret = (struct overlay_opts){
		.lower = o.lower,
		.lower_is_real = true, /* an annotation's: allow.h */
		.upper = o.upper == UPPER_DIR ? OVERLAY_DIR : OVERLAY_TMPFS,
		.size = o.size,
		.id = id,
		.mount_label = c->linux_->mount_label,
	};
	if (o.dir && (r = path_real(a, o.dir, false, &dir)) < 0)
		return err_set(e, -r, "overlay folder %s", o.dir);
	ret->dir = dir;
	if (ret->lower.n)
		return 0;
	ret->lower_is_real = false;
	ret->lower.v = arena_alloc(a, sizeof *ret->lower.v);
	if (!ret->lower.v)
		return err_set(e, ENOMEM, "plan the overlay");
	ret->lower.v[0] = c->root->path;
	ret->lower.n = 1;
	return 0;
}
