/*
 * mask: linux.maskedPaths and linux.readonlyPaths. Child, before the root is entered: "/" is the
 * host's, paths are looked up below `root_fd`. What is missing is passed over.
 */
#pragma once

#include "oci.h"

struct err;

/* Covers folders by one shared, empty, read-only tmpfs and everything else by the host's /dev/null.
 * `label`: SELinux mount context or NULL. */
int mask_paths(int root_fd, const oci_strings *paths, const char *label, struct err *e);

/* Covers each path by itself, read-only. */
int mask_readonly_paths(int root_fd, const oci_strings *paths, struct err *e);
