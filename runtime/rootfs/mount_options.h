/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mount_options: the table of mount option names and what an entry's options add up to.
 * config.md "Linux mount options", mount_setattr(2), mount(8).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci.h"

struct arena;
struct err;

/* What the options of one mount add up to. */
struct mount_options {
	uint64_t attr_set, attr_clr; /* MOUNT_ATTR_* of the mount itself */
	uint64_t rec_set, rec_clr; /* MOUNT_ATTR_* of the whole tree: "rro", "rnosuid" … */
	const unsigned *propagation; /* MS_SHARED … | MS_REC, in the order given */
	size_t n_propagation;
	const char **data; /* for the file system: "key" or "key=value" */
	size_t n_data;
	unsigned sb_set, sb_clr; /* MS_* that belong to the superblock: ro, sync, lazytime … */
	bool bind, recursive, remount, tmpcopyup;
	bool idmap, ridmap;
	const char *id_maps; /* "idmap=": what follows, NULL = the mount's or the container's mappings */
};

/* Sorts the options; unknown ones are file system data. -ENOMEM only. */
int mount_options_parse(struct arena *a, const oci_strings *options, struct mount_options *ret,
			struct err *e);

/* True when the data has an entry that starts with `prefix` ("mode="). */
bool mount_has_data(const struct mount_options *o, const char *prefix);

/* The name of the i-th option that is known, NULL past the end: for `hart features`. */
const char *mount_option_name(size_t i);
