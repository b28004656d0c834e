/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mount_idmap: the mappings of an idmapped bind mount: uidMappings and gidMappings of the entry, what
 * the option says as crun and Podman write it ("idmap=uids=0-1000-10#…;gids=…"), or the container's
 * user namespace. mount_setattr(2) "ID-mapped mounts".
 */
#pragma once

#include "oci.h"

struct arena;
struct err;
struct mount_op;

/*
 * Reads the value of the option: lists of CONTAINER-HOST-SIZE, "#" between them. A list that starts
 * with "@" is relative to the container's user namespace: its host IDs are counted from where that
 * namespace has them. -EINVAL for anything else.
 */
int mount_idmap_parse(struct arena *a, const char *value, const struct oci_linux *container,
		      oci_id_mappings *ret_uids, oci_id_mappings *ret_gids, struct err *e);

/* True when the mount's IDs are to be mapped. */
bool mount_idmap_wanted(const struct mount_op *op);

/* Maps the IDs of the detached tree op->tree_fd; it must not have been attached yet. */
int mount_idmap_apply(struct arena *a, const struct oci_config *c, const struct mount_op *op,
		      struct err *e);
