/* SPDX-License-Identifier: Apache-2.0 */
/*
 * property: a unit's properties, as systemd's StartTransientUnit and SetUnitProperties take them: org.freedesktop.systemd1(5).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct buf;

enum systemd_type { SYSTEMD_STRING, SYSTEMD_BOOL, SYSTEMD_U64, SYSTEMD_U32S, SYSTEMD_BYTES };

#define SYSTEMD_INFINITY UINT64_MAX

struct systemd_property {
	const char *name;
	enum systemd_type type;
	uint64_t number; /* of BOOL and U64 */
	const void *data; /* a STRING; an array of uint32_t or bytes; borrowed */
	size_t n; /* its elements */
};

/* A growing list. */
struct systemd_properties {
	struct systemd_property *v;
	size_t n;
	struct arena *arena; /* must be set */
	bool failed; /* out of memory: incomplete */
};

void systemd_add(struct systemd_properties *p, struct systemd_property v);

/* All of them, as a(sv). */
void systemd_put_properties(struct buf *b, const struct systemd_properties *p);
