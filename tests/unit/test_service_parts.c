/* SPDX-License-Identifier: Apache-2.0 */
/* service_parts: parts of a service that work without one: what a member is told (env.h), the generation's file
 * (generation.h), the marks of hot standbys (heat_mark.h), and what an engine's shim is told. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/fd.h"
#include "own_folder.h"
#include "service/env.h"
#include "service/fdset.h"
#include "service/generation.h"
#include "service/heat_mark.h"
#include "service/parts.h"
#include "service/record.h"

/* True when `text`, whole, is one of the variables in `env`. */
static bool has(const char *env, size_t len, const char *text)
{
	for (size_t at = 0; at < len; at += strlen(env + at) + 1)
		if (!strcmp(env + at, text))
			return true;
	return false;
}

static bool has_name(const char *env, size_t len, const char *name)
{
	for (size_t at = 0; at < len; at += strlen(env + at) + 1)
		if (!strncmp(env + at, name, strlen(name)) && env[at + strlen(name)] == '=')
			return true;
	return false;
}

static struct fdset two_sockets(void)
{
	struct fdset set;

	fdset_init(&set);
	assert_int_equal(fdset_add(&set, open("/dev/null", O_RDONLY | O_CLOEXEC), "web", false, false, 0), 0);
	assert_int_equal(fdset_add(&set, open("/dev/zero", O_RDONLY | O_CLOEXEC), "admin", false, false, 0), 0);
	return set;
}

static void who_serves_is_told_its_generation(void **state)
{
	struct fdset set = two_sockets();
	const struct env_facts facts = { .id = "web", .member = "primary", .generation = 7, .watchdog_ms = 1500,
					 .fds = &set, .n_fds = 2 };
	struct err e = ERR_INIT;
	char env[512];
	size_t len = 0;

	(void)state;
	assert_int_equal(env_write(&facts, env, sizeof env, &len, &e), 0);
	assert_true(has(env, len, "HART_GENERATION=7"));
	assert_true(has(env, len, "HART_ROLE=active"));
	assert_true(has(env, len, "HART_MEMBER=primary"));
	assert_true(has(env, len, "HART_ID=web"));
	assert_true(has(env, len, "WATCHDOG_USEC=1500000"));
	assert_true(has(env, len, "LISTEN_FDS=2"));
	assert_true(has(env, len, "LISTEN_FDNAMES=web:admin"));
	fdset_clear(&set);
}

static void a_standby_has_no_generation(void **state)
{
	struct fdset set = two_sockets();
	const struct env_facts facts = { .id = "web", .member = "standby-1", .fds = &set, .n_fds = 0 };
	struct err e = ERR_INIT;
	char env[512];
	size_t len = 0;

	(void)state;
	assert_int_equal(env_write(&facts, env, sizeof env, &len, &e), 0);
	assert_true(has(env, len, "HART_ROLE=standby"));
	assert_false(has_name(env, len, "HART_GENERATION"));
	assert_false(has_name(env, len, "WATCHDOG_USEC"));
	assert_false(has_name(env, len, "LISTEN_FDS"));
	fdset_clear(&set);
}

/* Whatever the size, nothing is written behind it, and what does not fit is an error. */
static void what_does_not_fit_is_refused(void **state)
{
	struct fdset set = two_sockets();
	const struct env_facts facts = { .id = "web", .member = "primary", .generation = 1, .watchdog_ms = 1, .fds = &set,
					 .n_fds = 2 };
	struct err e = ERR_INIT;
	char env[512];
	size_t whole = 0, len;

	(void)state;
	assert_int_equal(env_write(&facts, env, sizeof env, &whole, &e), 0);
	for (size_t size = 1; size < whole; size++) {
		memset(env, 'x', sizeof env);
		assert_int_equal(env_write(&facts, env, size, &len, &e), -E2BIG);
		assert_int_equal(env[size], 'x');
	}
	assert_int_equal(env_write(&facts, env, whole, &len, &e), 0);
	assert_int_equal(len, whole);
	fdset_clear(&set);
}

static void generations_rise_over_a_restart(void **state)
{
	_cleanup_fd_ int dir = open(tmp, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct record r = { .generation_fd = openat(dir, "generation", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) };
	struct err e = ERR_INIT;
	uint64_t generation = 0, found = 0;
	char name[40] = "?";

	(void)state;
	assert_int_equal(generation_read(&r, &found, name, sizeof name, &e), 0);
	assert_string_equal(name, "");
	assert_int_equal(found, 0);
	assert_int_equal(generation_next(&r, &generation, "primary", &e), 0);
	assert_int_equal(generation_next(&r, &generation, "standby-1", &e), 0);
	assert_int_equal(generation, 2);
	assert_int_equal(generation_read(&r, &found, name, sizeof name, &e), 0);
	assert_int_equal(found, 2);
	assert_string_equal(name, "standby-1");
	assert_int_equal(lseek(r.generation_fd, 0, SEEK_END), GENERATION_LINE); /* in place: a full disk does not matter */
	close(r.generation_fd);
	r.generation_fd = -1;
	assert_true(generation_next(&r, &generation, "primary", &e) < 0);
}

static void a_mark_goes_through_its_states(void **state)
{
	_cleanup_fd_ int dir = open(tmp, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(heat_mark_of(dir, "standby-1"), HEAT_NONE);
	assert_true(heat_mark_ready(dir, "standby-1", &e) < 0); /* it was never started */
	assert_int_equal(heat_mark(dir, "standby-1", &e), 0);
	assert_int_equal(heat_mark_of(dir, "standby-1"), HEAT_STARTED);
	assert_int_equal(heat_mark_of(dir, "standby-2"), HEAT_NONE);
	assert_int_equal(heat_mark_ready(dir, "standby-1", &e), 0);
	assert_int_equal(heat_mark_of(dir, "standby-1"), HEAT_READY);
	heat_unmark(dir, "standby-1");
	assert_int_equal(heat_mark_of(dir, "standby-1"), HEAT_NONE);
}

/* A shim of containerd's that stands still: it is told of who serves then, when it reads again. */
static void an_engine_that_does_not_read_holds_nobody_up(void **state)
{
	struct service *s = calloc(1, sizeof *s);
	struct service_note note;
	int ends[2];

	(void)state;
	assert_non_null(s);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	s->ends.notes_fd = ends[0];
	for (pid_t pid = 1; pid <= 10000; pid++)
		service_note(s, pid);
	for (pid_t pid = 1; recv(ends[1], &note, sizeof note, MSG_DONTWAIT) == (ssize_t)sizeof note; pid++)
		assert_int_equal(note.pid, pid);
	service_note(s, 4711);
	assert_int_equal(recv(ends[1], &note, sizeof note, MSG_DONTWAIT), sizeof note);
	assert_int_equal(note.pid, 4711);
	close(ends[0]);
	close(ends[1]);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_serves_is_told_its_generation),
		cmocka_unit_test(a_standby_has_no_generation),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(generations_rise_over_a_restart),
		cmocka_unit_test(a_mark_goes_through_its_states),
		cmocka_unit_test(an_engine_that_does_not_read_holds_nobody_up),
	};

	return cmocka_run_group_tests(tests, make_tmp, remove_tmp);
}
