/* SPDX-License-Identifier: Apache-2.0 */
/* state_json: state.json, and the state that the OCI specification asks for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "rows.h"
#include "state.h"

static struct state example(void)
{
	static struct oci_pair annotations[] = { { (char *)"k", (char *)"v" } };

	return (struct state){
		.id = (char *)"c1", .bundle = (char *)"/b\xc3\xa9\n\"x\"", .rootfs = (char *)"/b/r",
		.oci_version = (char *)"1.0.2", .created = (char *)"2026-01-02T03:04:05.678901234Z",
		.owner = (char *)"root", .boot_id = (char *)"boot", .pid = 4422,
		.pid_start = UINT64_MAX, .cgroup = (char *)"/c1", .cgroup_owned = true,
		.started = true, .systemd_unit = "a.scope", .no_pivot = true, .no_new_keyring = true,
		.has_poststart = true, .has_poststop = true, .has_user_ns = true,
		.has_mount_ns = true, .has_pid_ns = true, .has_small_memory = true, .overlay_dir = (char *)"/o",
		.rdt_group = (char *)"g",
		.supervisor_pid = 8, .supervisor_start = 9,
		.standin_pid = 10, .standin_start = 11,
		.active = (char *)"primary", .annotations = { annotations, 1 },
	};
}

static void state_goes_round(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf first = BUF_INIT;
	_cleanup_buf_ struct buf second = BUF_INIT;
	struct state s = example(), *back;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(state_encode(&s, &first, &e), 0);
	assert_int_equal(state_decode(&a, first.data, first.len, &back, &e), 0);
	assert_string_equal(back->bundle, s.bundle);
	assert_true(back->pid_start == UINT64_MAX);
	assert_int_equal(state_encode(back, &second, &e), 0);
	assert_string_equal(second.data, first.data);
	assert_ptr_equal(strchr(first.data, '\n'), first.data + first.len - 1);
	const struct table *t = table_get(TABLE_STATE);
	for (unsigned i = 0; i < t->n; i++)
		assert_non_null(strstr(first.data, t->fields[i].name));
}

static void damaged_state_is_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "", "state.json:1:1: parse error: premature EOF" },
		{ "{\"version\":1,\"id\":\"x\"", "state.json:1:22: parse error: premature EOF" },
		{ "{\"version\":1}", "state.json:1:1: /id: required, but missing" },
		{ "{\"version\":1,\"id\":\"x\",\"pid\":\"1\"}",
		  "state.json:1:29: /pid: expected integer, found a string" },
	};
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct state *s;
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(state_decode(&a, bad[i].text, strlen(bad[i].text), &s, &e),
				 -EINVAL);
		assert_string_equal(e.text, bad[i].why);
	}
	static const char newer[] = "{\"version\":99,\"id\":\"x\"}";
	assert_int_equal(state_decode(&a, newer, sizeof newer - 1, &s, &e), -EPROTO);
}

/* Never to be changed: containers that run have it. */
static void what_an_older_hart_wrote_is_read(void **state)
{
	static const char as_written[] =
		"{\"version\":1,\"id\":\"c1\",\"bundle\":\"/b\",\"rootfs\":\"/b/rootfs\",\"ociVersion\":\"1.0.2\","
		"\"created\":\"2026-01-02T03:04:05.678901234Z\",\"owner\":\"root\",\"bootID\":\"boot\",\"pid\":4422,"
		"\"pidStart\":99,\"cgroup\":\"/c1\",\"cgroupOwned\":true,\"started\":true,\"hasPoststop\":true,"
		"\"supervisorPid\":8,\"supervisorStart\":9,\"active\":\"primary\",\"annotations\":{\"k\":\"v\"},"
		"\"later\":{\"x\":[1]}}\n";
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct state *s;
	struct err e = ERR_INIT;

	(void)state;
	if (state_decode(&a, as_written, sizeof as_written - 1, &s, &e) < 0)
		fail_msg("%s", e.text);
	assert_true(s->pid == 4422 && s->pid_start == 99 && s->supervisor_pid == 8);
	assert_true(s->cgroup_owned && s->started && s->has_poststop && !s->has_poststart);
	assert_string_equal(s->cgroup, "/c1");
	assert_string_equal(s->active, "primary");
	assert_string_equal(oci_map_get(&s->annotations, "k"), "v");
}

static void paths_that_are_no_text_are_refused(void **state)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct state s = example();
	struct err e = ERR_INIT;

	(void)state;
	s.bundle = (char *)"/b/\xff";
	assert_int_equal(state_encode(&s, &out, &e), -EILSEQ);
	assert_string_equal(e.text, "write state.json: a path or name is not UTF-8");
}

static void oci_state_is_the_specs(void **state)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct state s = example();
	struct err e = ERR_INIT;

	(void)state;
	s.bundle = (char *)"/b";
	assert_int_equal(state_encode_oci(&s, STATUS_CREATED, 7, &out, &e), 0);
	assert_string_equal(out.data,
			    "{\"ociVersion\":\"1.3.0\",\"id\":\"c1\",\"status\":\"created\","
			    "\"pid\":7,\"bundle\":\"/b\",\"annotations\":{\"k\":\"v\"}}\n");
	buf_free(&out);
	s.annotations.n = 0;
	assert_int_equal(state_encode_oci(&s, STATUS_STOPPED, 0, &out, &e), 0);
	assert_string_equal(out.data,
			    "{\"ociVersion\":\"1.3.0\",\"id\":\"c1\",\"status\":\"stopped\","
			    "\"bundle\":\"/b\"}\n");
	assert_string_equal(state_status_name(STATUS_CREATING), "creating");
	assert_string_equal(state_status_name(STATUS_RUNNING), "running");
	assert_string_equal(state_status_name(STATUS_PAUSED), "paused");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(state_goes_round),
		cmocka_unit_test(damaged_state_is_refused),
		cmocka_unit_test(what_an_older_hart_wrote_is_read),
		cmocka_unit_test(paths_that_are_no_text_are_refused),
		cmocka_unit_test(oci_state_is_the_specs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
