/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan: service.json as it is written: what a service was started with and whom it has, for a shim that adopts it. Everything is
 * a list of rows, a row is an array of strings; those at its end may be missing.
 */
#pragma once

#include "oci.h"

struct arena;
struct buf;
struct err;

struct plan_pair {
	char *name, *value; /* NULL: "" */
};

struct plan_member_row {
	char *name;
	char *dir; /* NULL: of the primary's bundle */
	char *gone; /* "gone"; NULL: it is not */
};

struct plan_rows {
	OCI_ARRAY(struct plan_pair) flags; /* the policy's, by name */
	OCI_ARRAY(struct plan_pair) options; /* of run that are no policy: what members are made with */
	OCI_ARRAY(struct plan_member_row) members;
	OCI_ARRAY(struct plan_pair) roles; /* role, member */
};

/* -EINVAL: that is no such document; memory from `a`. */
int plan_decode(struct arena *a, const char *json, size_t len, struct plan_rows *ret, struct err *e);

/* One line. */
int plan_encode(const struct plan_rows *p, struct buf *out, struct err *e);
