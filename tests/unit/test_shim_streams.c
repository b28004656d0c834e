/* SPDX-License-Identifier: Apache-2.0 */
/* Where containerd's URIs lead: files, loggers and their arguments; and who listens at a shim's address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "address.h"
#include "base/err.h"
#include "base/fd.h"
#include "folder.h"
#include "ledger.h"
#include "streams.h"

static char folder[FOLDER_MAX];
static struct ledger *ledger;

static int make_folder(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	ledger = ledger_new(&e);
	return ledger ? folder_make(folder) : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return folder_remove(folder);
}

/* A record whose standard output is what the format makes. It has a terminal: streams_use leaves 0 to 2 alone. */
__attribute__((format(printf, 1, 2))) static struct record *record(const char *fmt, ...)
{
	const char *words[RECORD_WORDS] = { "c", "", "/bundle", "", "", "" };
	static char uri[1024];
	struct err e = ERR_INIT;
	struct record *r;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(uri, sizeof uri, fmt, ap);
	va_end(ap);
	words[RECORD_STDOUT] = uri;
	assert_int_equal(record_new(ledger, words, &r, &e), 0);
	r->terminal = true;
	return r;
}

/* What the file of the folder says. */
static const char *text_of(const char *name)
{
	static char text[1024];
	char path[FOLDER_MAX + 64];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	ssize_t n = read(fd, text, sizeof text - 1);
	text[n < 0 ? 0 : n] = '\0';
	return text;
}

/* -- loggers ----------------------------------------------------------------------------------- */

/* Runs the logger of the record and waits until it has written what it was given. */
static void log_to(struct record *r)
{
	struct streams io;
	struct err e = ERR_INIT;

	assert_int_equal(streams_open(&io, r, &e), 0);
	if (streams_use(&io, r, "test", &e) < 0)
		fail_msg("%s", e.text);
	streams_close(&io);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

static void make_logger(const char *name, const char *says)
{
	shell("printf '#!/bin/sh\\n%%s >%s/out\\nexec 5>&-\\n' '%s' >'%s/%s' && chmod +x '%s/%s'", folder, says, folder,
	      name, folder, name);
}

static void what_is_no_escape_stays_as_it_is(void **state)
{
	(void)state;
	make_logger("logger", "printf \"<%s>\" \"$@\"");
	log_to(record("binary://%s/logger?a=%%41+b&c=%%4&d=%%&e=%%zz", folder));
	assert_string_equal(text_of("out"), "<a><A b><c><%4><d><%><e><%zz>");
	log_to(record("binary://%s/logger?%%4", folder));
	assert_string_equal(text_of("out"), "<%4>");
}

static void a_path_is_decoded_too(void **state)
{
	struct streams io;
	struct err e = ERR_INIT;

	(void)state;
	make_logger("a+log ger", "echo here");
	log_to(record("binary://%s/a+log%%20ger", folder));
	assert_string_equal(text_of("out"), "here\n");
	assert_int_equal(streams_open(&io, record("file://%s/new/a%%20file", folder), &e), 0);
	streams_close(&io);
	assert_string_equal(text_of("new/a file"), "");
	assert_int_equal(streams_open(&io, record("file://"), &e), -EINVAL);
}

static void a_logger_hears_of_a_broken_pipe(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN); /* as the shim does */
	make_logger("logger", "sed -n \"s/^SigIgn:.//p\" /proc/self/status");
	log_to(record("binary://%s/logger", folder));
	signal(SIGPIPE, SIG_DFL);
	assert_int_equal(strtoull(text_of("out"), NULL, 16) & 1U << (SIGPIPE - 1), 0);
}

/* -- fifos -------------------------------------------------------------------------------------- */

/* As the job that makes a program does it: the program says "hello" and ends at once. */
static pid_t say_hello(struct streams *io, struct record *r)
{
	struct err e = ERR_INIT;
	pid_t pid = fork();

	if (pid == 0)
		_exit(streams_use(io, r, "test", &e) < 0 || write(STDOUT_FILENO, "hello", 5) != 5);
	assert_true(pid > 0);
	return pid;
}

static void a_program_waits_for_who_reads_its_output(void **state)
{
	struct streams io;
	struct err e = ERR_INIT;
	char path[FOLDER_MAX + 64], text[8] = "";
	struct record *r = record("%s/fifo", folder);
	int status;

	(void)state;
	r->terminal = false;
	snprintf(path, sizeof path, "%s/fifo", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(streams_open(&io, r, &e), 0);
	pid_t pid = say_hello(&io, r);
	poll(NULL, 0, 100);
	assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC); /* waits for a writer */
	assert_true(fd >= 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(read(fd, text, sizeof text), 5);
	assert_string_equal(text, "hello");
	assert_int_equal(streams_reopen(&io, r, &e), 0);
	assert_true(io.hold[1] >= 0);
	streams_close(&io);
}

static void with_a_reader_it_does_not_wait(void **state)
{
	struct streams io;
	struct err e = ERR_INIT;
	char path[FOLDER_MAX + 64];
	struct record *r = record("fifo://%s/fifo", folder);

	(void)state;
	r->terminal = false;
	snprintf(path, sizeof path, "%s/fifo", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	_cleanup_fd_ int reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(reader >= 0);
	assert_int_equal(streams_open(&io, r, &e), 0);
	assert_true(io.give[1] >= 0 && io.hold[1] >= 0);
	streams_close(&io);
	r = record("%s", folder);
	r->terminal = false;
	assert_int_equal(streams_open(&io, r, &e), -EISDIR);
}

static void a_path_may_look_like_another_kind(void **state)
{
	struct streams io;
	struct err e = ERR_INIT;
	struct record *r;

	(void)state;
	shell("mkdir '%s/a:' && mkfifo '%s/a:/b'", folder, folder);
	r = record("fifo://%s/a://b", folder);
	r->terminal = false;
	assert_int_equal(streams_open(&io, r, &e), 0);
	streams_close(&io);
	r = record("%s/a://b", folder);
	r->terminal = false;
	assert_int_equal(streams_open(&io, r, &e), -ENOTSUP);
}

/* -- addresses --------------------------------------------------------------------------------- */

/* Fills the queue of who listens at the path and does not accept. */
static bool fill_queue(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
	for (int i = 0; i < 4096; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (connect(fd, (struct sockaddr *)&at, sizeof at) < 0)
			return errno == EAGAIN;
	}
	return false;
}

/* In a /run of its own; 0 when all is as it should be. */
static int listen_twice(void)
{
	static const char path[] = "/run/containerd/s/test";
	struct err e = ERR_INIT;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("run", "/run", "tmpfs", 0, NULL) < 0)
		return 1;
	int first = address_listen(path, &e);
	if (first < 0 || !fill_queue(path))
		return 2;
	if (address_listen(path, &e) != -EADDRINUSE)
		return 3;
	address_remove(path);
	if (access(path, F_OK) < 0)
		return 4;
	close(first);
	if (address_listen(path, &e) < 0)
		return 5;
	return 0;
}

static void who_is_busy_keeps_its_address(void **state)
{
	int status;

	(void)state;
	if (geteuid())
		skip();
	pid_t pid = fork();
	if (pid == 0)
		_exit(listen_twice());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_no_escape_stays_as_it_is),
		TEST(a_path_is_decoded_too),
		TEST(a_logger_hears_of_a_broken_pipe),
		TEST(a_program_waits_for_who_reads_its_output),
		TEST(with_a_reader_it_does_not_wait),
		TEST(a_path_may_look_like_another_kind),
		TEST(who_is_busy_keeps_its_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
