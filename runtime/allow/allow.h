/* SPDX-License-Identifier: Apache-2.0 */
/*
 * allow: what annotations may do to this host. They come from people who may name no path of it, from images and
 * pods; what /etc/hart/hart.conf (hart-failover(7), ANNOTATIONS AND THE HOST) does not allow is refused. Flags are not limited.
 *
 *	allow = DIR[:DIR...]                folders below which annotations may name paths
 *	allow-annotation = KEY[ KEY...]     annotations that are refused otherwise, as they take from isolation
 *	policy ...                          see shim/policy/hostconf.h
 *
 * Any other word, anywhere in the file, is an error: a misspelt protection would be none.
 */
#pragma once

#include <stdbool.h>

#include "oci.h"

struct arena;
struct err;

#define HOSTCONF_FILE "/etc/hart/hart.conf"

/* The file's lines one by one, without comments; stops when fn returns other than 0. A missing file has none. */
int allow_each_line(struct arena *a, int (*fn)(char *line, void *arg, struct err *e), void *arg, struct err *e);

/* Whether a line is of that word: "policy", "allow", ...; what follows it, NULL when it is not. */
char *allow_word(char *line, const char *word);

/*
 * Holds each annotation against the table (annotation_kind.h) and the file: -EACCES names one that is refused.
 * Paths are looked up once, by the kernel, beneath the allowed folder (an overlay's relative layers: beneath
 * bundle_fd), and put into the map as their real ones, memory from `a`: they are opened without following a symlink
 * any more (path_open_real).
 */
enum allow_whose {
	ALLOW_CONTAINER, /* what each container heeds: its overlay, its groups */
	ALLOW_SERVICE, /* what makes a supervised service of it: a policy's */
};

int allow_annotations(struct arena *a, int bundle_fd, enum allow_whose whose, oci_map *annotations,
		      struct err *e);
