/* SPDX-License-Identifier: Apache-2.0 */
/* facts: a JSON document flat, as paths and values: "members.0.state" is "warm". For documents of our own. */
#pragma once

#include <stddef.h>

struct arena;
struct err;

struct facts {
	struct fact {
		char *path, *value;
	} *v;
	size_t n;
};

/* Into `a`. Numbers are as they were written, true is "1", false "0"; null is not there. */
int facts_read(struct facts *ret, struct arena *a, const char *json, size_t len, struct err *e);

/* NULL: not there. */
const char *facts_get(const struct facts *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
