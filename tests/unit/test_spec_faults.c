/* SPDX-License-Identifier: Apache-2.0 */
/* spec_faults: what is wrong with a config.json is told with its place and its path. */
#include "spec_load.h"

/* Checks the one fault of a document, in the form of an error and in that of a list. */
static void check_fault(const char *text, const char *place, const char *path, const char *what)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct spec_faults faults = { .arena = &a };
	struct err e = ERR_INIT;
	struct oci_config *c = NULL;
	char expected[ERR_TEXT_SIZE], at[32];

	snprintf(expected, sizeof expected, "config.json:%s: %s%s%s", place, path,
		 *path ? ": " : "", what);
	assert_int_equal(spec_load_config(&a, text, strlen(text), &c, NULL, &e), -EINVAL);
	assert_string_equal(e.text, expected);
	assert_int_equal(spec_load_config(&a, text, strlen(text), &c, &faults, &e), -EINVAL);
	assert_null(c);
	if (!faults.n)
		fail_msg("no fault in %s: %s", text, e.text);
	snprintf(at, sizeof at, "%d:%d", faults.v[0].line, faults.v[0].column);
	assert_string_equal(at, place);
	assert_string_equal(faults.v[0].path, path);
	assert_string_equal(faults.v[0].text, what);
}

struct faulty {
	const char *text, *place, *path, *what;
};

static void check_faults(const struct faulty *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_fault(v[i].text, v[i].place, v[i].path, v[i].what);
}

static void types_are_checked(void **state)
{
	static const struct faulty bad[] = {
		{ "[]", "1:1", "", "expected object, found an array" },
		{ "\n 12", "2:2", "", "expected object, found a number" },
		{ "{" ROOT ",\n \"process\": 1}", "2:13", "/process",
		  "expected object, found a number" },
		{ "{" ROOT ",\n \"process\": [{\"cwd\":7}]}", "2:13", "/process",
		  "expected object, found an array" },
		{ "{" ROOT ",\n\"mounts\":{}}", "2:10", "/mounts",
		  "expected array, found an object" },
		{ "{" ROOT ",\n\"mounts\":[null]}", "2:11", "/mounts/0",
		  "expected object, found null" },
		{ "{" ROOT ",\n\"mounts\":[{\"destination\":\"/\"},\n{\"destination\":false}]}",
		  "3:16", "/mounts/1/destination", "expected string, found a boolean" },
		{ "{" ROOT ",\n\"annotations\":{\"a/b~c\":1}}", "2:24", "/annotations/a~1b~0c",
		  "expected string, found a number" },
		{ "{" ROOT ",\n\"annotations\":[]}", "2:15", "/annotations",
		  "expected object, found an array" },
		{ "{" ROOT ",\n\"process\":{\"cwd\":\"/\",\"args\":[\"x\",null]}}", "2:34",
		  "/process/args/1", "expected string, found null" },
		{ "{" ROOT ",\n\"process\":{\"cwd\":\"/\",\"terminal\":\"yes\",\"args\":[\"x\"]}}",
		  "2:33", "/process/terminal", "expected boolean, found a string" },
		{ "{" ROOT ",\n\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"pod\"}]}}",
		  "2:47", "/linux/namespaces/1/type", "unknown value \"pod\"" },
		{ "{" ROOT ",\n\"linux\":{\"rootfsPropagation\":\"sharedd\"}}", "2:30",
		  "/linux/rootfsPropagation", "unknown value \"sharedd\"" },
		{ "{" ROOT ",\n\"linux\":{\"netDevices\":{\"eth0\":7}}}", "2:31",
		  "/linux/netDevices/eth0", "expected object, found a number" },
	};

	(void)state;
	check_faults(bad, sizeof bad / sizeof *bad);
}

static void what_is_required_must_be_there(void **state)
{
	static const struct faulty bad[] = {
		{ "{\"ociVersion\":\"1.0.0\"}", "1:1", "/root", "required, but missing" },
		{ "{\"ociVersion\":\"1.0.0\",\n\"root\":{}}", "2:8", "/root/path",
		  "required, but missing" },
		{ "{\"ociVersion\":\"1.0.0\",\n\"root\":{\"path\":\"\"}}", "2:16", "/root/path",
		  "must not be empty" },
		{ "{" ROOT ",\n\"process\":{\"args\":[\"x\"]}}", "2:11", "/process/cwd",
		  "required, but missing" },
		{ "{" ROOT ",\n\"mounts\":[{\"destination\":\"/\"},{}]}", "2:31",
		  "/mounts/1/destination", "required, but missing" },
	};

	(void)state;
	check_faults(bad, sizeof bad / sizeof *bad);
}

/* A number as the value of a member; path and column follow from where it stands. */
static void numbers_are_checked(void **state)
{
	static const struct {
		const char *member, *value, *what; /* NULL: it is fine */
	} rows[] = {
		{ "uid", "4294967294", NULL },
		{ "uid", "4294967295", "4294967295 is not within 0..4294967294" },
		{ "uid", "-1", "-1 is not within 0..4294967294" },
		{ "uid", "-0", "-0 is not within 0..4294967294" },
		{ "uid", "1.0", "expected integer, found 1.0" },
		{ "uid", "1e3", "expected integer, found 1e3" },
		{ "uid", "1E400000", "expected integer, found 1E400000" },
		{ "uid", "\"0\"", "expected integer, found a string" },
		{ "uid", "true", "expected integer, found a boolean" },
		{ "umask", "511", NULL },
		{ "umask", "512", "512 is not within 0..511" },
		{ "soft", "18446744073709551615", NULL },
		{ "soft", "18446744073709551616",
		  "18446744073709551616 is not within 0..18446744073709551615" },
		{ "soft", "99999999999999999999999999999999999999999999999999",
		  "999999999999999999999999... is not within 0..18446744073709551615" },
		{ "oomScoreAdj", "-1000", NULL },
		{ "oomScoreAdj", "-0", NULL },
		{ "oomScoreAdj", "-1001", "-1001 is not within -1000..1000" },
		{ "oomScoreAdj", "1001", "1001 is not within -1000..1000" },
		{ "nice", "-20", NULL },
		{ "nice", "2147483648", "2147483648 is not within -2147483648..2147483647" },
		{ "nice", "-2147483649", "-2147483649 is not within -2147483648..2147483647" },
		{ "secs", "-9223372036854775808", NULL },
		{ "secs", "-9223372036854775809",
		  "-9223372036854775809 is not within -9223372036854775808..9223372036854775807" },
		{ "timeout", "0", "0 is not within 1..2147483647" },
		{ "timeout", "1", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		struct err e = ERR_INIT;
		struct oci_config *c;
		char *key = arena_printf(&a, "\"%s\":", rows[i].member);
		const char *at = strstr(CONFIG_FULL, key) + strlen(key);
		char *text = arena_printf(&a, "%.*s%s%s", (int)(at - CONFIG_FULL), CONFIG_FULL,
					  rows[i].value, at + strcspn(at, ",}"));
		int r = spec_load_config(&a, text, strlen(text), &c, NULL, &e);

		if (!rows[i].what) {
			if (r < 0 && !strstr(e.text, "SCHED"))
				fail_msg("%s %s: %s", rows[i].member, rows[i].value, e.text);
			continue;
		}
		assert_int_equal(r, -EINVAL);
		assert_string_equal(strstr(e.text, rows[i].member) + strlen(rows[i].member) + 2,
				    rows[i].what);
	}
}

static void hostile_documents_are_refused(void **state)
{
	static const struct faulty bad[] = {
		{ "{" ROOT ",\n\"hostname\":\"a\",\"hostname\":\"b\"}", "2:16", "/hostname",
		  "duplicate key" },
		{ "{" ROOT ",\n\"x\":1,\"x\":2}", "2:7", "/x", "duplicate key" },
		{ "{" ROOT ",\n\"annotations\":{\"k\":\"1\",\"\\u006b\":\"2\"}}", "2:24",
		  "/annotations/k", "duplicate key" },
		{ "{" ROOT ",\n\"x\":{\"y\":{\"z\":1,\"z\":1}}}", "2:17", "", "duplicate key" },
		{ "{" ROOT ",\n\"hostname\":\"a\\u0000b\"}", "2:12", "",
		  "string with a NUL (\\u0000)" },
		{ "{" ROOT ",\n\"hostname\":\"a\xff\"}", "2:14", "", "invalid UTF-8" },
		{ "{" ROOT "} x", "1:49", "", "parse error: trailing garbage" },
		{ "", "1:1", "", "parse error: premature EOF" },
	};

	(void)state;
	check_faults(bad, sizeof bad / sizeof *bad);
}

static void all_faults_are_collected(void **state)
{
	static const char text[] = "{\"ociVersion\":\"2.0.0\",\n"
				   "\"root\":{\"readonly\":1},\n"
				   "\"hostname\":\"h\",\n"
				   "\"mounts\":[{\"destination\":3}, {\"type\":\"proc\"}],\n"
				   "\"linux\":{\"maskedPaths\":[\"proc\"],\n"
				   " \"namespaces\":[{\"type\":\"x\"}]}}";
	static const char *const expected[] = {
		"2:20 /root/readonly: expected boolean, found a number",
		"2:8 /root/path: required, but missing",
		"4:26 /mounts/0/destination: expected string, found a number",
		"4:30 /mounts/1/destination: required, but missing",
		"6:24 /linux/namespaces/0/type: unknown value \"x\"",
		"1:15 /ociVersion: \"2.0.0\" is not a version 1.x of the runtime-spec",
		"3:12 /hostname: needs a uts namespace",
		"5:24 /linux/maskedPaths: needs a mount namespace",
		"5:25 /linux/maskedPaths/0: \"proc\" is not an absolute path",
	};
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct spec_faults faults = { .arena = &a };
	struct err e = ERR_INIT;
	struct oci_config *c;

	(void)state;
	assert_int_equal(spec_load_config(&a, text, sizeof text - 1, &c, &faults, &e), -EINVAL);
	assert_string_equal(e.text, "config.json: 9 faults");
	for (size_t i = 0; i < faults.n; i++) {
		struct spec_fault *f = &faults.v[i];
		assert_string_equal(arena_printf(&a, "%d:%d %s: %s", f->line, f->column, f->path,
						 f->text),
				    expected[i]);
	}
}

/* The rules between members find whole lists, and their paths have the document's indexes. */
static void refused_elements_leave_no_hole(void **state)
{
	static const char text[] =
		"{" ROOT ",\"mounts\":[{\"destination\":\"/\",\"options\":[1,\"idmap\",[]]},3],"
		"\"annotations\":{\"org.hart.overlay\":1,\"\":2},"
		"\"linux\":{\"maskedPaths\":[null,\"x\"],\"sysctl\":{\"a\":{}}}}";
	static const char *const expected[] = {
		"/mounts/0/options/0: expected string, found a number",
		"/mounts/0/options/2: expected string, found an array",
		"/mounts/1: expected object, found a number",
		"/annotations/org.hart.overlay: expected string, found a number",
		"/annotations/: expected string, found a number",
		"/linux/maskedPaths/0: expected string, found null",
		"/linux/sysctl/a: expected string, found an object",
		"/mounts/0: idmap needs mappings or a user namespace",
		"/annotations/: empty key",
		"/linux/sysctl/a: belongs to no namespace: it would change the host",
		"/linux/maskedPaths: needs a mount namespace",
		"/linux/maskedPaths/1: \"x\" is not an absolute path",
	};
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct spec_faults faults = { .arena = &a };
	struct err e = ERR_INIT;
	struct oci_config *c;

	(void)state;
	assert_int_equal(spec_load_config(&a, text, sizeof text - 1, &c, &faults, &e), -EINVAL);
	assert_int_equal(faults.n, sizeof expected / sizeof *expected);
	for (size_t i = 0; i < faults.n; i++)
		assert_string_equal(
			arena_printf(&a, "%s: %s", faults.v[i].path, faults.v[i].text),
			expected[i]);
}

static void faults_are_bounded(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct spec_faults faults = { .arena = &a };
	struct err e = ERR_INIT;
	struct oci_config *c;

	(void)state;
	buf_puts(&text, "{" ROOT ",\"mounts\":[{}");
	for (int i = 0; i < 100000; i++)
		buf_puts(&text, ",{}");
	buf_puts(&text, "]}");
	assert_int_equal(spec_load_config(&a, text.data, text.len, &c, &faults, &e), -EINVAL);
	assert_int_equal(faults.n, 100);
	assert_string_equal(faults.v[99].text, "too many faults: the rest was not looked for");
	assert_string_equal(e.text, "config.json: too many faults");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_are_checked),
		cmocka_unit_test(what_is_required_must_be_there),
		cmocka_unit_test(numbers_are_checked),
		cmocka_unit_test(hostile_documents_are_refused),
		cmocka_unit_test(all_faults_are_collected),
		cmocka_unit_test(refused_elements_leave_no_hole),
		cmocka_unit_test(faults_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
