/* SPDX-License-Identifier: Apache-2.0 */
/* policy: flags and annotations into a policy; every bad word is named. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"
#include "policy/policy.h"

static struct policy_flags flags;
static char *values[POLICY_KEYS][4];

static void say(enum policy_key key, const char *value)
{
	struct policy_values *v = &flags.values[key];

	v->v = values[key];
	v->v[v->n++] = (char *)value;
}

static int forget(void **state)
{
	(void)state;
	flags = (struct policy_flags){ 0 };
	return 0;
}

static void defaults_are_as_documented(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct policy p;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(policy_parse(&a, NULL, NULL, &p, &e), 0);
	assert_int_equal(p.machine.max_failures, BUDGET_NONE);
	assert_int_equal(p.machine.window_ms, 60000);
	assert_int_equal(p.machine.backoff_min_ms, 100);
	assert_int_equal(p.machine.backoff_max_ms, 10000);
	assert_int_equal(p.machine.ready_timeout_ms, 60000);
	assert_int_equal(p.machine.failback_ms, -1);
	assert_int_equal(p.probe.interval_ms, 1000);
	assert_int_equal(p.probe.retries, 3);
	assert_int_equal(p.stop_signal, 15);
	assert_int_equal(p.log_max_bytes, 10 << 20);
	assert_int_equal(p.n_success, 1);
	assert_false(policy_is_asked(NULL, NULL));
}

static void flags_win_over_annotations(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct oci_pair pairs[] = { { (char *)"org.hart.window", (char *)"5s" },
				    { (char *)"org.hart.standby", (char *)"self /srv/b" },
				    { (char *)"org.hart.max-failures", (char *)"7" } };
	oci_map annotations = { pairs, 3 };
	struct policy p;
	struct err e = ERR_INIT;

	(void)state;
	say(POLICY_WINDOW, "1m30s");
	assert_int_equal(policy_parse(&a, &flags, &annotations, &p, &e), 0);
	assert_int_equal(p.machine.window_ms, 90000);
	assert_int_equal(p.machine.max_failures, 7);
	assert_int_equal(p.n_standbys, 2);
	assert_string_equal(p.standbys[1], "/srv/b");
	assert_true(policy_is_asked(NULL, &annotations));
	assert_false(policy_is_asked(&flags, NULL)); /* a window alone asks for nothing */
}

static void probes_and_sockets_are_taken_apart(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct policy p;
	struct err e = ERR_INIT;

	(void)state;
	say(POLICY_PROBE, "http://[::1]:80/up?x=1");
	say(POLICY_LISTEN, "web=tcp:127.0.0.1:8080");
	say(POLICY_LISTEN, "unix:/run/x");
	say(POLICY_STALL, "memory=some:150ms/1s");
	assert_int_equal(policy_parse(&a, &flags, NULL, &p, &e), 0);
	assert_int_equal(p.probe.kind, PROBE_HTTP);
	assert_string_equal(p.probe.host, "::1");
	assert_int_equal(p.probe.port, 80);
	assert_string_equal(p.probe.path, "/up?x=1");
	assert_string_equal(p.listen[0].name, "web");
	assert_string_equal(p.listen[0].host, "127.0.0.1");
	assert_int_equal(p.listen[0].port, 8080);
	assert_string_equal(p.listen[1].name, "unix");
	assert_string_equal(p.listen[1].path, "/run/x");
	assert_false(p.stalls[0].full);
	assert_string_equal(p.stalls[0].resource, "memory");
	assert_int_equal(p.stalls[0].stall_us, 150000);
}

static void signals_by_all_their_names(void **state)
{
	static const char *const names[] = { "SIGRTMIN+3", "RTMIN+3", "rtmin+3" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		struct policy p;
		struct err e = ERR_INIT;
		flags = (struct policy_flags){ 0 };
		say(POLICY_STOP_SIGNAL, names[i]);
		assert_int_equal(policy_parse(&a, &flags, NULL, &p, &e), 0);
		assert_int_equal(p.stop_signal, SIGRTMIN + 3);
	}
}

static void the_stop_signal_of_the_image(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct oci_pair pairs[] = { { (char *)"org.opencontainers.image.stopSignal", (char *)"SIGQUIT" },
				    { (char *)"org.hart.stop-signal", (char *)"INT" } };
	oci_map image = { pairs, 1 }, both = { pairs, 2 };
	struct policy p;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(policy_parse(&a, NULL, &image, &p, &e), 0);
	assert_int_equal(p.stop_signal, SIGQUIT);
	assert_int_equal(policy_parse(&a, NULL, &both, &p, &e), 0);
	assert_int_equal(p.stop_signal, SIGINT);
	assert_false(policy_is_asked(NULL, &image));
}

static void commands_are_split_as_a_shell_would(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct policy p;
	struct err e = ERR_INIT;

	(void)state;
	say(POLICY_PROBE, "exec:/bin/sh -c \"test -e '/tmp/a b'\" ''");
	assert_int_equal(policy_parse(&a, &flags, NULL, &p, &e), 0);
	assert_string_equal(p.probe.argv[0], "/bin/sh");
	assert_string_equal(p.probe.argv[2], "test -e '/tmp/a b'");
	assert_string_equal(p.probe.argv[3], "");
	assert_null(p.probe.argv[4]);
}

static void bad_words_are_named(void **state)
{
	static const struct {
		enum policy_key key;
		const char *value;
	} bad[] = {
		{ POLICY_STANDBY, "relative" },	   { POLICY_STANDBY_MODE, "tepid" }, { POLICY_STANDBY, "self,mode=" }, { POLICY_STANDBY, "/a,mode=x" },
		{ POLICY_RESTARTS, "-1" },	   { POLICY_MAX_FAILURES, "4294967295" },
		{ POLICY_WINDOW, "5x" },	   { POLICY_WINDOW, "" },
		{ POLICY_WINDOW, "99999999999h" }, { POLICY_BACKOFF, "0s" },
		{ POLICY_SUCCESS, "256" },	   { POLICY_SUCCESS, "" },
		{ POLICY_READY, "maybe" },	   { POLICY_READY, "probe" },
		{ POLICY_PROBE, "ftp:x" },	   { POLICY_PROBE, "tcp:0" },
		{ POLICY_PROBE, "tcp:::1:80" },	   { POLICY_PROBE, "exec:" },
		{ POLICY_PROBE, "exec:'open" },	   { POLICY_PROBE, "unix:relative" },
		{ POLICY_PROBE, "http://h:80/a b" }, { POLICY_PROBE_TIMEOUT, "0s" },
		{ POLICY_OOM, "all" },		   { POLICY_STALL, "memory=150ms" },
		{ POLICY_STALL, "disk=1ms/1s" },   { POLICY_STALL, "io=2s/1s" },
		{ POLICY_STALL, "mem=1ms/1s" },	   { POLICY_STALL, "c=1ms/1s" },
		{ POLICY_STALL, "=1ms/1s" },	   { POLICY_STALL, "memoryx=1ms/1s" },
		{ POLICY_STALL, "io=0x10ms/1s" },  { POLICY_WINDOW, "0x10s" },
		{ POLICY_WINDOW, "1e3s" },	   { POLICY_WATCHDOG, "500us" },
		{ POLICY_STOP_SIGNAL, "0" },	   { POLICY_STOP_SIGNAL, "RTMIN+99" },
		{ POLICY_LOG_SIZE, "-1" },	   { POLICY_FAILBACK, "auto:" },	   { POLICY_LISTEN, "tcp:1.2.3.4" },
		{ POLICY_LISTEN, "=tcp:1.2.3.4:5" }, { POLICY_LISTEN, "sctp:1.2.3.4:5" },
		{ POLICY_FDSTORE_MAX, "1000" },	   { POLICY_STOP_SIGNAL, "NOPE" },
		{ POLICY_FENCE_TIMEOUT, "0s" },	   { POLICY_LOG_FILE, "relative" },
		{ POLICY_LOG_SIZE, "10X" },	   { POLICY_JOURNAL, "x" },
		{ POLICY_MLOCK, "2" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		struct policy p;
		struct err e = ERR_INIT;
		flags = (struct policy_flags){ 0 };
		say(bad[i].key, bad[i].value);
		if (policy_parse(&a, &flags, NULL, &p, &e) != -EINVAL)
			fail_msg("--%s \"%s\" was taken", policy_rows[bad[i].key].name, bad[i].value);
		assert_non_null(strstr(e.text, policy_rows[bad[i].key].name));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(defaults_are_as_documented, forget),
		cmocka_unit_test_setup(flags_win_over_annotations, forget),
		cmocka_unit_test_setup(probes_and_sockets_are_taken_apart, forget),
		cmocka_unit_test_setup(signals_by_all_their_names, forget),
		cmocka_unit_test_setup(the_stop_signal_of_the_image, forget),
		cmocka_unit_test_setup(commands_are_split_as_a_shell_would, forget),
		cmocka_unit_test_setup(bad_words_are_named, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
