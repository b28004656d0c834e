/* SPDX-License-Identifier: Apache-2.0 */
/*
 * annotation_kind: what each annotation that hart heeds can do to the host: one row a key. Images and pods write
 * annotations as well as people do, so one that is not in the table, or is not harmless, needs the host's permission
 * (runtime/allow/allow.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "oci.h"

enum annotation_kind {
	ANNOTATION_FOREIGN, /* none that hart heeds */
	ANNOTATION_UNKNOWN, /* begins as hart's do, and is none: a typing error */
	ANNOTATION_HARMLESS,
	ANNOTATION_HOST_PATH, /* its value may name paths of the host */
	ANNOTATION_RUNS_OUTSIDE, /* makes hart run a program of its choice outside of the container */
	ANNOTATION_WEAKENS, /* takes something from the container's isolation */
};

/* Where in the value of one of ANNOTATION_HOST_PATH the paths are. */
enum annotation_form {
	FORM_NONE,
	FORM_FOLDERS, /* folders, or "self", separated by blanks */
	FORM_FILE,
	FORM_SOCKETS, /* [NAME=]unix:PATH among other words, separated by blanks */
	FORM_UPPER, /* a folder, or tmpfs[:SIZE] */
	FORM_LAYERS, /* folders separated by ":", which "\" protects; relative ones are the bundle's */
};

enum annotation_kind annotation_kind(const char *key, enum annotation_form *ret_form);

/* Whether it is a flag of policy_rows by another name. */
bool annotation_is_policy(const char *key);

/* The first of ANNOTATION_UNKNOWN from *at on, which goes behind it; NULL: no more. */
const char *annotation_next_unknown(const oci_map *annotations, size_t *at);
