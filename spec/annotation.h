/* SPDX-License-Identifier: Apache-2.0 */
/*
 * annotation: the annotations that hart heeds, its own (org.hart.*) and crun's that Podman sets: one
 * row a key. Their values are as untrusted as the rest of config.json; each is parsed here once, into
 * a struct.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "oci.h"

struct arena;
struct err;

#define ANNOTATION_OVERLAY "org.hart.overlay"
#define ANNOTATION_OVERLAY_LOWER "org.hart.overlay.lower"
#define ANNOTATION_PRIVATE "org.hart.private"
#define ANNOTATION_KEEP_GROUPS "run.oci.keep_original_groups"

enum annotation_upper { UPPER_NONE, UPPER_TMPFS, UPPER_DIR };

/* How the rootfs is to be assembled as an overlay. */
struct annotation_overlay {
	int upper;         /* enum annotation_upper; UPPER_NONE: no overlay */
	char *size;        /* UPPER_TMPFS: tmpfs(5)'s "size=": "64m", "50%"; NULL = its own */
	char *dir;         /* UPPER_DIR: absolute path of the folder for upper and work */
	oci_strings lower; /* topmost first; relative ones are to the bundle; none = its rootfs */
};

/*
 * Reads the overlay annotations of a config into `ret`, all memory from `a`. `upper_flag`, when not
 * NULL, is the value of --overlay and stands in for org.hart.overlay. -EINVAL names the key.
 */
int annotation_overlay(struct arena *a, const oci_map *annotations, const char *upper_flag,
		       struct annotation_overlay *ret, struct err *e);

/* The namespaces that a standby does not share (org.hart.private), 1 << enum oci_ns. -EINVAL names the key. */
int annotation_private(const oci_map *annotations, unsigned *ret, struct err *e);

/* Whether the caller's additional groups stay in place of process.user's, whatever the value. */
bool annotation_keep_groups(const oci_map *annotations);

/* Why a value of hart's own annotations cannot be used, NULL when it can or is not hart's. */
const char *annotation_fault(const char *key, const char *value);

/* The key of row `i` with what it is for, NULL behind the last. For features and documentation. */
const char *annotation_key(size_t i, const char **ret_doc);
