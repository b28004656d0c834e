/* SPDX-License-Identifier: Apache-2.0 */
/* spec_oom: the Nth allocation fails, for every N until none does: each time a clean -ENOMEM.
 * Linked with --wrap for malloc, calloc and realloc, so that only hart's own calls can fail. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "config_full.h"
#include "oci_features.h"
#include "spec.h"
#include "state.h"
#include "within.h"

static long left = -1; /* allocations until one fails; negative: none does */

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

static bool fails(void)
{
	return left >= 0 && left-- == 0;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

static int load_config(struct arena *a, struct buf *out, struct err *e)
{
	struct oci_config *c;

	(void)out;
	return spec_load_config(a, CONFIG_FULL, sizeof CONFIG_FULL - 1, &c, NULL, e);
}

/* Escapes, and more keys than the first table of keys holds. */
static int load_large(struct arena *a, struct buf *out, struct err *e)
{
	struct oci_config *c;

	buf_puts(out, "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},"
		      "\"annotations\":{\"k\":\"");
	for (int i = 0; i < 5000; i++)
		buf_puts(out, "\\n\\u00e9 ");
	for (int i = 0; i < 3000; i++)
		buf_printf(out, "\",\"key%d\":\"value", i);
	buf_puts(out, "\"}}");
	if (out->failed)
		return -ENOMEM;
	return spec_load_config(a, out->data, out->len, &c, NULL, e);
}

static int load_broken(struct arena *a, struct buf *out, struct err *e)
{
	static const char text[] = "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":7},"
				   "\"mounts\":[{}]} x";
	struct spec_faults faults = { .arena = a };
	struct oci_config *c;

	(void)out;
	int r = spec_load_config(a, text, sizeof text - 1, &c, &faults, e);
	return r == -EINVAL ? 0 : r;
}

static int state_round(struct arena *a, struct buf *out, struct err *e)
{
	struct state s = { .id = (char *)"c", .bundle = (char *)"/b" }, *back;
	int r = state_encode(&s, out, e);

	return r < 0 ? r : state_decode(a, out->data, out->len, &back, e);
}

static int write_default(struct arena *a, struct buf *out, struct err *e)
{
	(void)a;
	char *env[] = { (char *)"A=b" };

	return spec_write_default(out, &(struct spec_wish){ .rootless = true, .uid = 1, .gid = 1, .env = env, .n_env = 1 },
				  e);
}

static int write_features(struct arena *a, struct buf *out, struct err *e)
{
	struct features_support s = { .libseccomp_version = (char *)"2.5.4" };

	(void)a;
	return features_write(out, &s, e);
}

static int write_doc(struct arena *a, struct buf *out, struct err *e)
{
	(void)a;
	return spec_write_doc(out, "man", e);
}

static void out_of_memory_is_an_error(void **state)
{
	static const struct {
		const char *name;
		int (*fn)(struct arena *a, struct buf *out, struct err *e);
		long least; /* allocations that it takes */
	} cases[] = {
		{ "config", load_config, 2 },	  { "large", load_large, 10 },
		{ "broken", load_broken, 2 },	  { "state", state_round, 3 },
		{ "default", write_default, 5 },  { "features", write_features, 4 },
		{ "doc", write_doc, 100 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		long n = 0;
		for (int r = -ENOMEM; r == -ENOMEM; n++) {
			_cleanup_arena_ struct arena a = ARENA_INIT;
			_cleanup_buf_ struct buf out = BUF_INIT;
			struct err e = ERR_INIT;

			left = n;
			r = cases[i].fn(&a, &out, &e);
			left = -1;
			if (r < 0 && r != -ENOMEM)
				fail_msg("%s, allocation %ld: %d %s", cases[i].name, n, r, e.text);
			assert_within(n, 0, 100000);
		}
		if (n <= cases[i].least)
			fail_msg("%s: only %ld allocations could fail", cases[i].name, n - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(out_of_memory_is_an_error) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
