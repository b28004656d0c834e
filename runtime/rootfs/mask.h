/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mask: linux.maskedPaths and linux.readonlyPaths. Child, before the root is entered: "/" is the
 * host's, paths are looked up below `root_fd`. What is missing is passed over.
 */
#pragma once

#include "oci.h"

struct err;

/* Made when the first path needs them, and attached since then. */
struct mask_covers {
	int null_fd; /* null_clone() */
	int given_null_fd; /* one that is there already and attached nowhere, or FD_NONE */
	int folder_fd; /* the tmpfs */
	const char *label; /* SELinux mount context or NULL */
};

void mask_close(struct mask_covers *c);

/* Covers folders by one shared, empty, read-only tmpfs and everything else by the host's /dev/null, read-only
 * as well. */
int mask_paths(int root_fd, const oci_strings *paths, struct mask_covers *c, struct err *e);

/* Covers each path by itself, read-only. */
int mask_readonly_paths(int root_fd, const oci_strings *paths, struct err *e);
