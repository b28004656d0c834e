/* SPDX-License-Identifier: Apache-2.0 */
/* hooks: what a hook gets, and what becomes of ones that fail, hang, do not read or do not exist. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "folder.h"
#include "hooks.h"

static struct err e;
static char folder[FOLDER_MAX];

static int enter_folder(void **state)
{
	(void)state;
	return folder_make(folder) < 0 ? -1 : chdir(folder);
}

static int remove_folder(void **state)
{
	(void)state;
	return folder_remove(folder);
}

static int clean(void **state)
{
	(void)state;
	return system("rm -f ./*");
}

/* A hook that runs a shell script. */
#define SCRIPT(text) \
	{ .path = (char *)"/bin/sh", .args = { (char *[]){ (char *)"sh", (char *)"-c", (char *)(text) }, 3 } }

static int run(struct oci_hook *v, size_t n, const char *json)
{
	oci_hook_list list = { v, n };

	err_clear(&e);
	return hooks_run(&list, json, strlen(json), "prestart", &e);
}

static const char *content(const char *path)
{
	static char text[4096];
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, text, sizeof text - 1);

	assert_true(n >= 0);
	text[n] = '\0';
	close(fd);
	return text;
}

static void each_hook_reads_the_state_from_its_start(void **state)
{
	struct oci_hook v[] = { SCRIPT("head -c 3 >one"), SCRIPT("cat >two") };

	(void)state;
	assert_int_equal(run(v, 2, "{\"id\":\"c1\"}\n"), 0);
	assert_string_equal(content("one"), "{\"i");
	assert_string_equal(content("two"), "{\"id\":\"c1\"}\n");
}

static void the_state_cannot_be_changed_for_the_next(void **state)
{
	struct oci_hook v[] = { SCRIPT("echo evil >&0"), SCRIPT("cat >two") };

	(void)state;
	assert_int_equal(run(v, 1, "{}"), -EIO);
	v[0] = (struct oci_hook)SCRIPT("echo evil >&0; exit 0");
	assert_int_equal(run(v, 2, "{}"), 0);
	assert_string_equal(content("two"), "{}");
}

static void a_large_state_that_nobody_reads_is_no_obstacle(void **state)
{
	struct oci_hook v[] = { SCRIPT("exec <&-"), SCRIPT("wc -c >size") };
	size_t n = 4 << 20;
	char *json = malloc(n + 1);

	(void)state;
	memset(json, 'x', n);
	json[n] = '\0';
	assert_int_equal(run(v, 2, json), 0);
	assert_int_equal(atoi(content("size")), n);
	free(json);
}

static void arguments_and_environment_are_those_of_the_config(void **state)
{
	struct oci_hook v[] = {
		{ .path = (char *)"/bin/sh",
		  .args = { (char *[]){ (char *)"zero", (char *)"-c", (char *)"echo $0 $A $LEAK >out" }, 3 },
		  .env = { (char *[]){ (char *)"A=two words" }, 1 } },
		{ .path = (char *)"/usr/bin/env" },
	};

	(void)state;
	setenv("LEAK", "leaked", 1);
	assert_int_equal(run(v, 2, "{}"), 0);
	assert_string_equal(content("out"), "zero two words\n");
	/* No arguments: argv[0] is the path; no environment: ours. */
	v[1].path = (char *)"/bin/sh";
	v[1].args.n = 0;
	assert_int_equal(run(v + 1, 1, "echo $0 >out; env >>out"), 0);
	assert_string_equal(strtok((char *)content("out"), "\n"), "/bin/sh");
	assert_non_null(strstr(content("out"), "LEAK"));
	/* An empty list is an empty environment. */
	v[1].env.v = (char *[]){ NULL };
	assert_int_equal(run(v + 1, 1, "env >out"), 0);
	assert_null(strstr(content("out"), "LEAK"));
}

static void no_other_descriptor_gets_in(void **state)
{
	struct oci_hook v[] = { SCRIPT("ls /proc/self/fd >fds") };
	int leaked = open("/", O_RDONLY);

	(void)state;
	assert_true(leaked > 2);
	assert_int_equal(run(v, 1, "{}"), 0);
	/* 3 is the folder that ls reads. */
	assert_string_equal(content("fds"), "0\n1\n2\n3\n");
	close(leaked);
}

static void signals_are_as_a_program_expects_them(void **state)
{
	struct oci_hook v[] = { SCRIPT("grep -E 'SigBlk|SigIgn' /proc/self/status >signals") };
	sigset_t all, old;

	(void)state;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(run(v, 1, "{}"), 0);
	sigprocmask(SIG_SETMASK, &old, NULL);
	signal(SIGPIPE, SIG_DFL);
	assert_string_equal(content("signals"),
			    "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

static void the_first_failure_ends_it(void **state)
{
	struct oci_hook v[] = { SCRIPT("true"), SCRIPT("echo out; echo why >&2; exit 3"),
				SCRIPT("touch third") };

	(void)state;
	assert_int_equal(run(v, 3, "{}"), -EIO);
	assert_string_equal(e.text, "prestart hook 1: /bin/sh: exit status 3 (output: out why)");
	assert_int_equal(access("third", F_OK), -1);
}

static void output_of_earlier_hooks_is_not_blamed(void **state)
{
	struct oci_hook v[] = { SCRIPT("echo fine"), SCRIPT("exit 1") };

	(void)state;
	assert_int_equal(run(v, 2, "{}"), -EIO);
	assert_string_equal(e.text, "prestart hook 1: /bin/sh: exit status 1");
}

static void only_the_end_of_much_output_is_told(void **state)
{
	struct oci_hook v[] = { SCRIPT("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; "
				       "printf 'the \\033[1mend'; exit 1") };

	(void)state;
	assert_int_equal(run(v, 1, "{}"), -EIO);
	assert_non_null(strstr(e.text, "line 19999 the  [1mend)"));
	assert_null(strstr(e.text, "line 19000"));
	assert_true(strlen(e.text) < ERR_TEXT_SIZE - 1);
}

static void programs_that_cannot_run_say_why(void **state)
{
	struct oci_hook none = { .path = (char *)"/nowhere/hook" }, dir = { .path = (char *)"/tmp" };
	struct oci_hook killed = SCRIPT("kill -9 $$"), not_found = SCRIPT("exit 127");

	(void)state;
	assert_int_equal(run(&none, 1, "{}"), -ENOENT);
	assert_string_equal(e.text, "prestart hook 0: exec /nowhere/hook: No such file or directory");
	assert_int_equal(run(&dir, 1, "{}"), -EACCES);
	assert_string_equal(e.text, "prestart hook 0: exec /tmp: Permission denied");
	assert_int_equal(run(&killed, 1, "{}"), -EIO);
	assert_string_equal(e.text, "prestart hook 0: /bin/sh: killed by signal 9");
	assert_int_equal(run(&not_found, 1, "{}"), -EIO);
	assert_string_equal(e.text, "prestart hook 0: /bin/sh: exit status 127");
}

/* Ended, though perhaps not reaped yet by whom it went to. */
static bool is_gone(int pid)
{
	char path[32], text[256] = "";

	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	int fd = open(path, O_RDONLY);
	if (fd < 0)
		return true;
	ssize_t n = read(fd, text, sizeof text - 1);
	close(fd);
	return n <= 0 || strstr(text, ") Z ");
}

static void a_timeout_ends_the_hook_and_what_it_started(void **state)
{
	struct oci_hook slow = SCRIPT("sleep 600 & echo $! >pid; wait");
	struct oci_hook quick = SCRIPT("exit 0");

	(void)state;
	slow.timeout_s = (struct opt_i64){ true, 1 };
	assert_int_equal(run(&slow, 1, "{}"), -ETIMEDOUT);
	assert_string_equal(e.text, "prestart hook 0: /bin/sh: timed out after 1 s");
	for (int i = 0; i < 200 && !is_gone(atoi(content("pid"))); i++)
		usleep(20000);
	assert_true(is_gone(atoi(content("pid"))));
	quick.timeout_s = (struct opt_i64){ true, INT64_MAX };
	assert_int_equal(run(&quick, 1, "{}"), 0);
}

static void what_is_left_running_holds_up_nothing(void **state)
{
	struct oci_hook v[] = { SCRIPT("sleep 600 & echo $! >pid") };

	(void)state;
	assert_int_equal(run(v, 1, "{}"), 0);
	assert_int_equal(kill(atoi(content("pid")), SIGKILL), 0);
}

static void no_child_and_no_descriptor_is_left(void **state)
{
	struct oci_hook v[] = { SCRIPT("exit 0"), SCRIPT("exit 1") };
	int before = dup(0), after;

	(void)state;
	close(before);
	run(v, 2, "{}");
	after = dup(0);
	close(after);
	assert_int_equal(before, after);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

#define TEST(fn) cmocka_unit_test_teardown(fn, clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_hook_reads_the_state_from_its_start),
		TEST(the_state_cannot_be_changed_for_the_next),
		TEST(a_large_state_that_nobody_reads_is_no_obstacle),
		TEST(arguments_and_environment_are_those_of_the_config),
		TEST(no_other_descriptor_gets_in),
		TEST(signals_are_as_a_program_expects_them),
		TEST(the_first_failure_ends_it),
		TEST(output_of_earlier_hooks_is_not_blamed),
		TEST(only_the_end_of_much_output_is_told),
		TEST(programs_that_cannot_run_say_why),
		TEST(a_timeout_ends_the_hook_and_what_it_started),
		TEST(what_is_left_running_holds_up_nothing),
		TEST(no_child_and_no_descriptor_is_left),
	};

	return cmocka_run_group_tests(tests, enter_folder, remove_folder);
}
