/* overlay_plan: see overlay_plan.h. */
#include "overlay_plan.h"

#include <string.h>

#include "base/err.h"

#define UPPER_KEY "org.hart.overlay"
#define LOWER_KEY "org.hart.overlay.lower"

/* Layers separated by ":", topmost first. */
static int split_lower(struct arena *a, const char *value, oci_strings *ret, struct err *e)
{
	char *save, *copy = arena_strdup(a, value);

	if (!copy)
		return err_set(e, ENOMEM, "read annotation " LOWER_KEY);
	for (char *s = strtok_r(copy, ":", &save); s; s = strtok_r(NULL, ":", &save)) {
		ret->v = arena_grow(a, ret->v, ret->n, sizeof *ret->v);
		if (!ret->v)
			return err_set(e, ENOMEM, "read annotation " LOWER_KEY);
		ret->v[ret->n++] = s;
	}
	if (!ret->n)
		return err_msg(e, EINVAL, "/annotations/" LOWER_KEY ": no layer in \"%s\"", value);
	return 0;
}

int overlay_plan(struct arena *a, const struct oci_config *c, const char *option, const char *id,
		 struct overlay_opts *ret, bool *ret_wanted, struct err *e)
{
	const char *upper = option ? option : oci_map_get(&c->annotations, UPPER_KEY);
	const char *lower = oci_map_get(&c->annotations, LOWER_KEY);

	*ret_wanted = upper;
	if (!upper)
		return lower ? err_msg(e, EINVAL, "/annotations/" LOWER_KEY ": without " UPPER_KEY) : 0;
	*ret = (struct overlay_opts){ .id = id, .mount_label = c->linux_->mount_label };
	int r = overlay_parse(a, upper, ret, e);
	if (r >= 0 && lower)
		return split_lower(a, lower, &ret->lower, e);
	if (r < 0)
		return r;
	ret->lower.v = arena_alloc(a, sizeof *ret->lower.v);
	if (!ret->lower.v)
		return err_set(e, ENOMEM, "plan the overlay");
	ret->lower.v[0] = c->root->path;
	ret->lower.n = 1;
	return 0;
}
