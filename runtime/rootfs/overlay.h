/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlay: hart's own overlayfs rootfs (--overlay, org.hart.overlay, org.hart.overlay.lower).
 * Assembled in the parent as a detached mount, so that nothing stays mounted on the host, whenever
 * hart dies. Linux: filesystems/overlayfs.rst.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci.h"

struct arena;
struct err;

enum overlay_upper { OVERLAY_TMPFS, OVERLAY_DIR };

struct overlay_opts {
	oci_strings lower; /* read-only layers, topmost first; absolute, or relative to the bundle */
	enum overlay_upper upper;
	const char *size; /* tmpfs: its "size=" value ("64m", "50%"), NULL = the kernel's default */
	bool lower_is_real; /* paths without symlinks: none is followed */
	const char *dir; /* a real path: kept by name "upper" and "work" below `dir`/`id` */
	const char *id; /* container id: upper folders are per member */
	const char *mount_label; /* SELinux context or NULL */
	const char *bundle; /* overlay_mount in another mount namespace: the bundle's path; NULL: by descriptor */
	const char *mark; /* says whose the folder is: of this creation alone; needed with `dir` */
};

/*
 * What will exist on the host once overlay_assemble has begun, for the state's intent record:
 * `*ret_dir` is the folder that overlay_remove takes away, NULL for a tmpfs upper.
 */
int overlay_intent(struct arena *a, const struct overlay_opts *o, const char **ret_dir,
		   struct err *e);

/*
 * Makes the upper and assembles the overlay as a detached mount; *ret_fd is the caller's. Nothing
 * is attached to the host's mount tree. On failure the folders made are removed.
 */
int overlay_assemble(struct arena *a, int bundle_fd, const struct overlay_opts *o, int *ret_fd,
		     struct err *e);

/*
 * The two halves of that, for a caller without privileges: itself it makes the folder, and its child, root of its user
 * namespace, the overlay. overlay_mount returns the detached mount, the caller's; what was made stays to be removed.
 */
int overlay_make_dir(const struct overlay_opts *o, struct err *e);
int overlay_mount(struct arena *a, int bundle_fd, const struct overlay_opts *o, struct err *e);

/*
 * Removes what assembly made: `dir` is what overlay_intent said. Idempotent: a missing folder is
 * success, and so is one that has another mark, which is another container's. Removes only "upper", "work"
 * and the folder itself, without following symlinks.
 */
int overlay_remove(const char *dir, const char *mark, struct err *e);
