/* SPDX-License-Identifier: Apache-2.0 */
/* merge: the examples of RFC 7396, appendix A, and the limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"
#include "merge.h"

static struct merge_text text(const char *s)
{
	return (struct merge_text){ s, strlen(s) };
}

static void as_the_rfc_has_it(void **state)
{
	static const struct {
		const char *target, *patch, *result;
	} cases[] = {
		{ "{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}" },
		{ "{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}" },
		{ "{\"a\":\"b\"}", "{\"a\":null}", "{}" },
		{ "{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}" },
		{ "{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}" },
		{ "{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}" },
		{ "{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\":{\"b\":\"d\"}}" },
		{ "{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}" },
		{ "[\"a\",\"b\"]", "[\"c\",\"d\"]", "[\"c\",\"d\"]" },
		{ "{\"a\":\"b\"}", "[\"c\"]", "[\"c\"]" },
		{ "{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}" },
		{ "[1,2]", "{\"a\":\"b\",\"c\":null}", "{\"a\":\"b\"}" },
		{ "{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}" },
		{ "{\"n\":18446744073709551615}", "{\"t\":true}", "{\"n\":18446744073709551615,\"t\":true}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		struct err e = ERR_INIT;
		char *result;
		size_t len;
		assert_int_equal(merge_patch(&a, text(cases[i].target), text(cases[i].patch), &result, &len, &e), 0);
		assert_string_equal(result, cases[i].result);
		assert_int_equal(len, strlen(cases[i].result));
	}
}

static void refuse(const char *patch, size_t len, const char *why)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct err e = ERR_INIT;
	char *result;
	size_t result_len;

	assert_int_equal(merge_patch(&a, text("{}"), (struct merge_text){ patch, len }, &result, &result_len, &e), -EINVAL);
	assert_non_null(strstr(e.text, why));
}

static void what_is_not_json_is_named(void **state)
{
	char deep[200];

	(void)state;
	refuse("{\"a\":", 5, "config.patch.json:1:");
	refuse("{\"a\":1,\"a\":2}", 13, "twice");
	memset(deep, '[', sizeof deep);
	refuse(deep, sizeof deep, "config.patch.json");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_the_rfc_has_it),
		cmocka_unit_test(what_is_not_json_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
