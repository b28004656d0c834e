/* SPDX-License-Identifier: Apache-2.0 */
/* The small parts of the shim: notifications, the fd store, the journal, requests. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "ctl/message.h"
#include "own_folder.h"
#include "loop/loop.h"
#include "record/journal.h"
#include "record/logfile.h"
#include "record/logpipe.h"
#include "service/fdset.h"
#include "watch/notify.h"
#include "within.h"

/* -- sd_notify(3) ---------------------------------------------------------------------------- */

static int parse(const char *text, size_t len, struct notify_message *m, char *copy)
{
	memcpy(copy, text, len);
	return notify_parse(copy, len, m);
}

static void notifications_are_read(void **state)
{
	struct notify_message m;
	char copy[600];

	(void)state;
	assert_int_equal(parse("READY=1\nSTATUS=all\x01well\nWATCHDOG_USEC=250000", 44, &m, copy), 0);
	assert_true(m.ready);
	assert_string_equal(m.status, "all?well");
	assert_int_equal(m.watchdog_usec, 250000);
	assert_int_equal(parse("WATCHDOG=trigger\nX_OTHER=1\nFDSTORE=1\nFDNAME=a b\nFDPOLL=0", 56, &m, copy), 0);
	assert_true(m.watchdog_trigger && m.fdstore && m.fdpoll_off && !m.watchdog && !m.ready);
	assert_string_equal(m.fdname, "a b");
	assert_int_equal(parse("READY=10\nWATCHDOG_USEC=-1\nFDNAME=a:b\nERRNO=2", 44, &m, copy), 0);
	assert_false(m.ready);
	assert_int_equal(m.watchdog_usec, -1);
	assert_null(m.fdname);
	assert_int_equal(m.errnum, 2);
}

static void what_is_no_notification_is_refused(void **state)
{
	struct notify_message m;
	char copy[600];

	(void)state;
	assert_int_equal(parse("", 0, &m, copy), -EINVAL);
	assert_int_equal(parse("READY", 5, &m, copy), -EINVAL);
	assert_int_equal(parse("=1", 2, &m, copy), -EINVAL);
	assert_int_equal(parse("READY=1\0X=2", 11, &m, copy), -EINVAL);
}

/* -- descriptors ----------------------------------------------------------------------------- */

static int open_null(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void the_store_is_bounded_and_named(void **state)
{
	struct fdset *s = calloc(1, sizeof *s);
	char names[64];
	int first = open_null();

	(void)state;
	fdset_init(s);
	assert_int_equal(fdset_add(s, open_null(), "web", false, false, 0), 0);
	assert_int_equal(fdset_add(s, first, "a", true, true, 2), 0);
	assert_int_equal(fdset_add(s, dup(first), "a", true, true, 2), 0); /* the same file: once */
	assert_int_equal(s->n, 2);
	assert_int_equal(fdset_add(s, open_null(), NULL, true, true, 2), 0);
	assert_int_equal(fdset_add(s, open_null(), "b", true, true, 2), -E2BIG);
	assert_int_equal(fdset_add(s, open_null(), "a:b", true, true, 9), -EINVAL);
	assert_int_equal(fdset_names(s, s->n, names, sizeof names), 0);
	assert_string_equal(names, "web:a:stored");
	assert_int_equal(fdset_names(s, s->n, names, 8), -E2BIG);
	int ends[2], watched;
	assert_int_equal(pipe(ends), 0);
	watched = dup(ends[0]);
	assert_int_equal(fdset_add(s, watched, "hup", true, true, 9), 0);
	assert_int_equal(fdset_add(s, dup(ends[0]), "stays", true, false, 9), 0);
	assert_int_equal(fdset_drop_hung_up(s), 0);
	close(ends[1]);
	assert_int_equal(fdset_drop_hung_up(s), 1);
	assert_int_equal(fdset_drop_hung_up(s), 0);
	assert_int_equal(fdset_remove(s, "hup"), 0);
	assert_int_equal(fdset_remove(s, "stays"), 1);
	close(ends[0]);
	assert_int_equal(fdset_remove(s, "web"), 0); /* a listener stays */
	assert_int_equal(fdset_remove(s, "a"), 1);
	assert_int_equal(fcntl(first, F_GETFD), -1);
	fdset_clear(s);
	assert_int_equal(s->n, 0);
	free(s);
}

/* -- journal --------------------------------------------------------------------------------- */

/* Each line of the journal is a record, and the last one of that generation. */
static void journal_holds(int records, int generation)
{
	shell("jq -es 'length == %d and .[-1].generation == %d' '%s/j' >/dev/null", records, generation, tmp);
}

static void the_journal_is_json(void **state)
{
	int dir = open(tmp, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct journal j;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(journal_open(&j, dir, "j", 0, &e), 0);
	for (unsigned g = 1; g <= 300; g++) {
		struct journal_record r = { .generation = g, .member = "primary", .from = "active",
					    .to = "fencing", .cause = "signal", .status = 137,
					    .text = "\"quoted\"\n\xff" };
		assert_int_equal(journal_write(&j, &r), 0);
	}
	journal_holds(300, 300);
	journal_close(&j);
	close(dir);
}

static off_t size_of(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, 0) == 0 ? st.st_size : -1;
}

static void a_full_journal_gives_way_to_a_new_one(void **state)
{
	int dir = open(tmp, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct journal_record r = { .member = "primary", .to = "active", .status = -1 };
	struct journal j;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(journal_open(&j, dir, "j", 4096, &e), 0);
	for (r.generation = 1; r.generation <= 500; r.generation++) {
		assert_int_equal(journal_write(&j, &r), 0);
		assert_within(size_of(dir, "j"), 1, 4096);
	}
	assert_within(size_of(dir, "j.1"), 2048, 4096);
	shell("jq -es '.[-1].generation == 500' '%s/j' >/dev/null", tmp);
	journal_close(&j);
	close(dir);
}

static void a_journal_that_cannot_be_renewed_grows(void **state)
{
	int dir = open(tmp, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct journal_record r = { .member = "primary", .to = "active", .status = -1 };
	struct rlimit was, none = { 0, 0 };
	struct journal j;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(journal_open(&j, dir, "j", 1024, &e), 0);
	getrlimit(RLIMIT_NOFILE, &was);
	none.rlim_max = was.rlim_max;
	setrlimit(RLIMIT_NOFILE, &none);
	int failed = 0;
	for (r.generation = 1; r.generation <= 50; r.generation++)
		failed |= journal_write(&j, &r);
	setrlimit(RLIMIT_NOFILE, &was);
	assert_int_equal(failed, 0);
	assert_within(size_of(dir, "j"), 2048, 50 * 512);
	assert_int_equal(size_of(dir, "j.1"), -1);
	assert_int_equal(journal_write(&j, &r), 0);
	assert_within(size_of(dir, "j"), 1, 512);
	journal_close(&j);
	close(dir);
}

static void what_cannot_be_written_is_counted(void **state)
{
	int dir = open(tmp, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct rlimit was, none = { 0, 0 };
	struct journal_record r = { .generation = 1, .status = -1 };
	struct journal j;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(journal_open(&j, dir, "j", 0, &e), 0);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &was);
	none.rlim_max = was.rlim_max;
	setrlimit(RLIMIT_FSIZE, &none);
	int written = journal_write(&j, &r);
	setrlimit(RLIMIT_FSIZE, &was);
	assert_int_equal(written, -EFBIG);
	assert_int_equal(j.lost, 1);
	assert_int_equal(journal_write(&j, &r), 0);
	journal_close(&j);
	close(dir);
}

static void a_text_stays_what_it_was(void **state)
{
	int dir = open(tmp, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char text[JOURNAL_TEXT_MAX + 8], line[8 * JOURNAL_TEXT_MAX];
	struct journal_record r = { .generation = 1, .status = -1, .text = text };
	struct journal j;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(journal_open(&j, dir, "j", 0, &e), 0);
	strcpy(text, "na\303\257ve \"\\ \001 \377");
	assert_int_equal(journal_write(&j, &r), 0);
	memset(text, 'x', sizeof text);
	strcpy(text + JOURNAL_TEXT_MAX - 1, "\303\257"); /* the limit cuts it in two */
	assert_int_equal(journal_write(&j, &r), 0);
	memset(text, 1, JOURNAL_TEXT_MAX);
	assert_int_equal(journal_write(&j, &r), 0);
	journal_close(&j);
	FILE *f = fdopen(openat(dir, "j", O_RDONLY), "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof line, f));
	assert_non_null(strstr(line, "\"na\303\257ve \\\"\\\\ \\u0001 \\ufffd\"}\n"));
	assert_non_null(fgets(line, sizeof line, f));
	assert_non_null(strstr(line, "xx\"}\n"));
	assert_non_null(fgets(line, sizeof line, f));
	assert_non_null(strstr(line, "\\u0001\"}\n"));
	fclose(f);
	close(dir);
}

/* -- output ---------------------------------------------------------------------------------- */

static void who_writes_on_does_not_hold_up_the_end(void **state)
{
	static char flood[1 << 16];
	int dir = open(tmp, O_PATH | O_DIRECTORY | O_CLOEXEC), out;
	struct logpipe p = { .source = SOURCE_INIT, .read_fd = -1 };
	struct logfile f;
	struct loop l;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(loop_init(&l, &e), 0);
	assert_int_equal(logfile_open(&f, dir, "log", 4096, 1, &e), 0);
	assert_int_equal(logpipe_open(&p, &l, dir, &(struct logpipe_of){ &f, "primary", "stdout" }, &out, &e), 0);
	assert_int_equal(write(out, "first\n", 6), 6);
	memset(flood, '\n', sizeof flood);
	pid_t writers[3];
	for (size_t i = 0; i < 3; i++)
		if (!(writers[i] = fork())) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			while (write(out, flood, sizeof flood) > 0)
				;
			_exit(0);
		}
	alarm(20);
	logpipe_close(&p);
	alarm(0);
	for (size_t i = 0; i < 3; i++) {
		kill(writers[i], SIGKILL);
		waitpid(writers[i], NULL, 0);
	}
	assert_true(f.size > 0);
	assert_int_equal(f.lost, 0);
	close(out);
	logfile_close(&f);
	loop_finish(&l);
	close(dir);
}

static void a_log_that_cannot_be_rotated_grows(void **state)
{
	static const char record[] = "twenty bytes of log\n";
	int dir = open(tmp, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct logfile f;
	struct err e = ERR_INIT;

	(void)state;
	mkdirat(dir, "log.1", 0700); /* in its way */
	assert_int_equal(logfile_open(&f, dir, "log", 64, 1, &e), 0);
	for (int i = 0; i < 10; i++)
		logfile_write(&f, record, strlen(record));
	assert_int_equal(size_of(dir, "log"), 200);
	assert_int_equal(f.lost, 0);
	assert_within(f.size, 0, 64); /* it is not tried anew with each record */
	logfile_close(&f);
	close(dir);
}

static void a_rotated_log_has_no_blank_line(void **state)
{
	static const char record[] = "twenty bytes of log\n";
	int dir = open(tmp, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct logfile f;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(logfile_open(&f, dir, "log", 45, 1, &e), 0);
	logfile_write(&f, record, strlen(record));
	logfile_write(&f, record, strlen(record));
	f.torn = true; /* as a full disk leaves it */
	logfile_write(&f, record, strlen(record));
	assert_int_equal(size_of(dir, "log.1"), 40);
	assert_int_equal(size_of(dir, "log"), 20);
	logfile_close(&f);
	close(dir);
}

/* -- requests -------------------------------------------------------------------------------- */

static void requests_go_round(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct ctl_request q = { .command = CTL_FAILOVER, .to = "standby-\"1", .overlap = true, .wait = true };
	struct ctl_request back;
	struct err e = ERR_INIT;

	(void)state;
	ctl_request_encode(&q, &out);
	assert_int_equal(ctl_request_decode(out.data, out.len, &a, &back, &e), 0);
	assert_int_equal(back.command, CTL_FAILOVER);
	assert_string_equal(back.to, q.to);
	assert_true(back.overlap && back.wait && !back.bundle && !back.signal);
}

static void bad_requests_are_refused(void **state)
{
	static const char *const bad[] = {
		"", "{", "[]", "{}", "\"status\"", "{\"command\":\"reboot\"}", "{\"command\":1}",
		"{\"command\":\"stop\",\"signal\":65}", "{\"command\":\"stop\",\"signal\":-1}",
		"{\"command\":\"upgrade\"}", "{\"command\":\"upgrade\",\"bundle\":\"x\"}",
		"{\"x\":{\"command\":\"status\"}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		struct ctl_request q;
		struct err e = ERR_INIT;
		if (ctl_request_decode(bad[i], strlen(bad[i]), &a, &q, &e) != -EINVAL)
			fail_msg("taken: %s", bad[i]);
	}
}

static void refusals_are_errors(void **state)
{
	static const char refusal[] = "{\"errno\":16,\"error\":\"a switch is under way\"}";
	struct err e = ERR_INIT;

	(void)state;
	assert_true(ctl_answer_is_error(refusal, sizeof refusal - 1, &e));
	assert_int_equal(e.code, 16);
	assert_string_equal(e.text, "a switch is under way");
	assert_false(ctl_answer_is_error("{\"members\":[{\"error\":\"x\"}]}", 27, &e));
	assert_true(ctl_answer_is_error("nonsense", 8, &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notifications_are_read),
		cmocka_unit_test(what_is_no_notification_is_refused),
		cmocka_unit_test(the_store_is_bounded_and_named),
		cmocka_unit_test_setup_teardown(the_journal_is_json, make_tmp, remove_tmp),
		cmocka_unit_test_setup_teardown(a_text_stays_what_it_was, make_tmp, remove_tmp),
		cmocka_unit_test_setup_teardown(a_rotated_log_has_no_blank_line, make_tmp, remove_tmp),
		cmocka_unit_test_setup_teardown(a_full_journal_gives_way_to_a_new_one, make_tmp, remove_tmp),
		cmocka_unit_test_setup_teardown(a_journal_that_cannot_be_renewed_grows, make_tmp, remove_tmp),
		cmocka_unit_test_setup_teardown(a_log_that_cannot_be_rotated_grows, make_tmp, remove_tmp),
		cmocka_unit_test_setup_teardown(what_cannot_be_written_is_counted, make_tmp, remove_tmp),
		cmocka_unit_test_setup_teardown(who_writes_on_does_not_hold_up_the_end, make_tmp, remove_tmp),
		cmocka_unit_test(requests_go_round),
		cmocka_unit_test(bad_requests_are_refused),
		cmocka_unit_test(refusals_are_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
