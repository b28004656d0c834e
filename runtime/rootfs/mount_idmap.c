/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mount_idmap: see mount_idmap.h. Numbers are checked here, overlaps by the kernel.
 */
#include "rootfs/mount_idmap.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"
#include "ns/idmap.h"
#include "rootfs/mount.h"
#include "rootfs/mount_plan.h"

/* True when `c` stands here, which is stepped over. */
static bool take_char(const char **text, char c)
{
	if (**text != c)
		return false;
	++*text;
	return true;
}

/* A number and the character behind it, which is stepped over. */
static bool take_number(const char **text, char behind, uint32_t *ret)
{
	char *end;

	if (**text < '0' || **text > '9')
		return false;
	errno = 0;
	unsigned long value = strtoul(*text, &end, 10);
	if (errno || value > UINT32_MAX || (behind && *end != behind))
		return false;
	*text = end + (behind ? 1 : 0);
	*ret = (uint32_t)value;
	return true;
}

/* The host ID of the container's user namespace for what stands for `id` in it. */
static int make_absolute(const oci_id_mappings *container, struct oci_id_mapping *m, struct err *e)
{
	for (size_t i = 0; i < container->n; i++) {
		const struct oci_id_mapping *c = &container->v[i];
		if (m->host_id < c->container_id || m->host_id - c->container_id >= c->size)
			continue;
		uint32_t offset = m->host_id - c->container_id;
		if (m->size > c->size - offset)
			return err_msg(e, EINVAL, "idmap: @%u-%u-%u reaches beyond a mapping of the "
						  "container's user namespace: split it",
				       m->container_id, m->host_id, m->size);
		m->host_id = c->host_id + offset;
		return 0;
	}
	return err_msg(e, EINVAL, "idmap: the container's user namespace has no mapping for ID %u", m->host_id);
}

/* "0-1000-10#10-2000-5" up to ";" or the end, which `text` is moved to. */
static int parse_list(struct arena *a, const char **text, const oci_id_mappings *container,
		      oci_id_mappings *ret, struct err *e)
{
	bool relative = take_char(text, '@');
	int r;

	do {
		struct oci_id_mapping *v = arena_grow(a, ret->v, ret->n, sizeof *v);
		if (!v)
			return err_set(e, ENOMEM, "idmap");
		ret->v = v;
		struct oci_id_mapping *m = &v[ret->n++];
		if (!take_number(text, '-', &m->container_id) || !take_number(text, '-', &m->host_id) ||
		    !take_number(text, '\0', &m->size) || !m->size)
			return err_msg(e, EINVAL, "idmap: a mapping is CONTAINER-HOST-SIZE, as in "
						  "uids=0-100000-65536");
		r = relative ? make_absolute(container, m, e) : 0;
	} while (r >= 0 && take_char(text, '#'));
	return r;
}

int mount_idmap_parse(struct arena *a, const char *value, const struct oci_linux *container,
		      oci_id_mappings *ret_uids, oci_id_mappings *ret_gids, struct err *e)
{
	oci_id_mappings uids = { 0 }, gids = { 0 };
	const char *at = value;
	int r;

	do {
		bool is_uids = !strncmp(at, "uids=", strlen("uids="));
		oci_id_mappings *list = is_uids ? &uids : &gids;
		if ((!is_uids && strncmp(at, "gids=", strlen("gids="))) || list->n)
			return err_msg(e, EINVAL, "idmap=%s: must be uids=LIST;gids=LIST", value);
		at += strlen("uids=");
		r = parse_list(a, &at, is_uids ? &container->uid_mappings : &container->gid_mappings, list, e);
	} while (r >= 0 && take_char(&at, ';'));
	if (r < 0)
		return r;
	if (*at || !uids.n || !gids.n)
		return err_msg(e, EINVAL, "idmap=%s: must be uids=LIST;gids=LIST", value);
	*ret_uids = uids;
	*ret_gids = gids;
	return 0;
}

bool mount_idmap_wanted(const struct mount_op *op)
{
	return op->o.idmap || op->mount->uid_mappings.n;
}

static int open_userns(struct arena *a, const struct oci_config *c, const struct mount_op *op,
		       int *ret_fd, struct err *e)
{
	oci_id_mappings uids = op->mount->uid_mappings, gids = op->mount->gid_mappings;

	if (op->o.id_maps) {
		int r = mount_idmap_parse(a, op->o.id_maps, c->linux_, &uids, &gids, e);
		if (r < 0)
			return r;
	}
	return uids.n ? idmap_userns(&uids, &gids, ret_fd, e) : idmap_container_userns(c, ret_fd, e);
}

int mount_idmap_apply(struct arena *a, const struct oci_config *c, const struct mount_op *op,
		      struct err *e)
{
	_cleanup_fd_ int userns = FD_NONE;
	int r = open_userns(a, c, op, &userns, e);

	if (r < 0)
		return r;
	struct mount_change change = {
		.set = MOUNT_ATTR_IDMAP,
		.recursive = op->o.ridmap,
		.userns_fd = userns,
	};
	r = mount_change(op->tree_fd, &change, op->mount->destination, e);
	return r == -EINVAL ? err_in(e, "idmap (perhaps the file system does not support it)") : r;
}
