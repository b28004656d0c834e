/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idmap: user namespaces that exist for their mappings alone, for idmapped mounts.
 * mount_setattr(2) "ID-mapped mounts", user_namespaces(7).
 */
#pragma once

#include "oci.h"

struct err;

/*
 * Makes a user namespace with these mappings and gives its fd to the caller. It is made by a short-
 * lived child process; nothing runs in it afterwards. Needs CAP_SETUID/CAP_SETGID for mappings
 * other than the caller's own ids.
 */
int idmap_userns(const oci_id_mappings *uids, const oci_id_mappings *gids, int *ret_fd,
		 struct err *e);

/*
 * The same with the mappings of the container's user namespace, or that namespace itself when it
 * is joined by path. -EINVAL when the container has none: an idmapped mount then needs its own.
 */
int idmap_container_userns(const struct oci_config *c, int *ret_fd, struct err *e);
