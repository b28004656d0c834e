/* SPDX-License-Identifier: Apache-2.0 */
/* cli_show: what state, list, spec, validate and features print, on a fake runtime. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/io.h"
#include "fake_runtime.h"
#include "json.h"
#include "spec.h"

static void state_is_json(void **state)
{
	(void)state;
	assert_int_equal(hart("state noted"), 0);
	assert_string_equal(hart_output(), "{\n"
					   "  \"ociVersion\": \"1.2.0\",\n"
					   "  \"id\": \"noted\",\n"
					   "  \"pid\": 4321,\n"
					   "  \"status\": \"running\",\n"
					   "  \"bundle\": \"/srv/bundle\",\n"
					   "  \"rootfs\": \"/srv/bundle/rootfs\",\n"
					   "  \"created\": \"2026-01-02T03:04:05.678Z\",\n"
					   "  \"annotations\": {\n"
					   "    \"a\\\"b\": \"c\"\n"
					   "  },\n"
					   "  \"owner\": \"root\"\n"
					   "}\n");
	assert_int_equal(hart("state done"), 0);
	assert_non_null(strstr(hart_output(), "\"pid\": 0,\n  \"status\": \"stopped\""));
	assert_int_equal(hart("state none"), 1);
	assert_non_null(strstr(hart_output(), "does not exist"));
}

static void list_in_three_forms(void **state)
{
	static const char *const ids[] = { "web", "done", "none", NULL };

	(void)state;
	fake()->ids = ids;
	assert_int_equal(hart("list"), 0);
	assert_string_equal(
		hart_output(),
		"ID          PID         STATUS      BUNDLE        CREATED                    OWNER\n"
		"web         4321        running     /srv/bundle   2026-01-02T03:04:05.678Z   root\n"
		"done        0           stopped     /srv/bundle   2026-01-02T03:04:05.678Z   root\n");
	assert_int_equal(hart("list -q"), 0);
	assert_string_equal(hart_output(), "web\ndone\n");
	assert_int_equal(hart("list --format=json"), 0);
	assert_string_equal(
		hart_output(),
		"[{\"ociVersion\":\"1.2.0\",\"id\":\"web\",\"pid\":4321,\"status\":\"running\","
		"\"bundle\":\"/srv/bundle\",\"rootfs\":\"/srv/bundle/rootfs\","
		"\"created\":\"2026-01-02T03:04:05.678Z\",\"owner\":\"root\"},"
		"{\"ociVersion\":\"1.2.0\",\"id\":\"done\",\"pid\":0,\"status\":\"stopped\","
		"\"bundle\":\"/srv/bundle\",\"rootfs\":\"/srv/bundle/rootfs\","
		"\"created\":\"2026-01-02T03:04:05.678Z\",\"owner\":\"root\"}]\n");
	fake()->ids = NULL;
	assert_int_equal(hart("list"), 0);
	assert_string_equal(hart_output(),
			    "ID          PID         STATUS      BUNDLE      CREATED     OWNER\n");
	assert_int_equal(hart("list -f json"), 0);
	assert_string_equal(hart_output(), "[]\n");
	assert_int_equal(hart("list -f xml"), 1);
	assert_non_null(strstr(hart_output(), "invalid format option"));
}

/* What cannot be read is told of, and the others are still listed. */
static void list_with_broken_ones(void **state)
{
	static const char *const ids[] = { "broken", "odd", "web", NULL };

	(void)state;
	fake()->ids = ids;
	assert_int_equal(hart("list -q"), 0);
	assert_non_null(strstr(hart_output(), "level=warning msg=\"list broken: "));
	assert_non_null(strstr(hart_output(), "level=warning msg=\"list odd: "));
	assert_non_null(strstr(hart_output(), "\nweb\n"));
	fake()->ids = NULL;
}

static void processes_and_events(void **state)
{
	(void)state;
	assert_int_equal(hart("ps -f json id"), 0);
	assert_string_equal(hart_output(), "[7,11]\n");
	assert_int_equal(hart("events --stats id"), 0);
	assert_string_equal(hart_output(), "{\"type\":\"stats\",\"id\":\"id\",\"data\":{}}\n");
	assert_int_equal(hart("events --stats done"), 1);
	assert_non_null(strstr(hart_output(), "not running"));
	assert_int_equal(hart("events --interval 0s id"), 1);
}

static void spec_writes_what_validates(void **state)
{
	(void)state;
	unlink("config.json");
	rmdir("rootfs");
	assert_int_equal(hart("spec"), 0);
	assert_string_equal(hart_output(), "");
	assert_int_equal(hart("spec"), 1);
	assert_non_null(strstr(hart_output(), "config.json exists"));
	assert_int_equal(hart("validate"), 1);
	assert_string_equal(hart_output(),
			    "config.json: /root/path: rootfs: No such file or directory\n");
	assert_int_equal(mkdir("rootfs", 0700), 0);
	assert_int_equal(hart("validate"), 0);
	assert_string_equal(hart_output(), "");
	unlink("config.json");
	assert_int_equal(hart("spec --rootless -b ."), 0);
	assert_int_equal(hart("validate ."), 0);
	unlink("config.json");
	rmdir("rootfs");
	assert_int_equal(hart("spec --bundle /nowhere"), 1);
	assert_int_equal(hart("validate"), 1);
}

static void validate_names_every_fault(void **state)
{
	static const char text[] = "{\"ociVersion\": \"1.0.2\",\n"
				   "\"process\": {\"cwd\": 5, \"args\": [\"sh\"],\n"
				   " \"user\": {\"uid\": -1, \"gid\": 0}},\n"
				   "\"root\": {\"path\": \"rootfs\"}}\n";
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(io_replace_at(AT_FDCWD, "config.json", text, sizeof text - 1, 0600, &e), 0);
	assert_int_equal(hart("validate ."), 1);
	unlink("config.json");
	const char *cwd = strstr(hart_output(), "config.json:2:");
	const char *uid = strstr(hart_output(), "config.json:3:");
	assert_true(cwd && uid);
	assert_non_null(strstr(cwd, "/process/cwd"));
	assert_non_null(strstr(uid, "/process/user/uid"));
}

struct counts {
	unsigned keys, strings;
};

static int count(void *ctx, struct json_reader *r, const struct json_event *ev)
{
	struct counts *c = ctx;

	(void)r;
	c->keys += ev->type == JSON_KEY;
	c->strings += ev->type == JSON_STRING;
	return 0;
}

static void features_are_json(void **state)
{
	static const char *const parts[] = {
		"\"ociVersionMin\": \"1.0.0\"", "\"ociVersionMax\": \"" OCI_VERSION "\"",
		"\"startContainer\"", "\"rro\"", "\"tmpcopyup\"", "\"time\"", "\"CAP_CHOWN\"",
		"\"SCMP_ACT_NOTIFY\"", "\"org.hart.overlay\"", "\"systemd\": true",
	};
	struct counts counts = { 0 };
	struct json_fault fault;

	(void)state;
	assert_int_equal(hart("features"), 0);
	assert_int_equal(json_read(hart_output(), strlen(hart_output()), count, &counts, &fault), 0);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		assert_non_null(strstr(hart_output(), parts[i]));
	assert_true(counts.keys > 30 && counts.strings > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(state_is_json),
		cmocka_unit_test(list_in_three_forms),
		cmocka_unit_test(list_with_broken_ones),
		cmocka_unit_test(processes_and_events),
		cmocka_unit_test(spec_writes_what_validates),
		cmocka_unit_test(validate_names_every_fault),
		cmocka_unit_test(features_are_json),
	};

	return cmocka_run_group_tests(tests, fake_make_folder, fake_remove_folder);
}
