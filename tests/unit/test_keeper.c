/* SPDX-License-Identifier: Apache-2.0 */
/* keeper: it ends with its parent until that leaves it, and a parent may leave it, and end, at once. */
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "cgroup/keeper.h"

#define TIMES 50

/* The pid of the keeper of a child that has ended. */
static pid_t keeper_of_the_dead(bool leaves)
{
	int tell[2];
	pid_t child, pid;

	assert_int_equal(pipe(tell), 0);
	child = fork();
	if (child == 0) {
		struct keeper k;
		struct err e = ERR_INIT;
		int r = keeper_start(&k, &e);
		pid = r < 0 ? r : k.pid;
		if (r >= 0 && leaves)
			keeper_leave(&k);
		_exit(write(tell[1], &pid, sizeof pid) != sizeof pid);
	}
	assert_int_equal(read(tell[0], &pid, sizeof pid), sizeof pid);
	assert_int_equal(waitpid(child, NULL, 0), child);
	close(tell[0]);
	close(tell[1]);
	assert_true(pid > 0);
	return pid;
}

static int status_at_end(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void one_that_is_left_lives_on(void **state)
{
	(void)state;
	for (int i = 0; i < TIMES; i++) {
		pid_t pid = keeper_of_the_dead(true);
		kill(pid, SIGTERM); /* the only thing that it may end by */
		assert_int_equal(status_at_end(pid), SIGTERM);
	}
}

static void another_ends_with_its_parent(void **state)
{
	(void)state;
	for (int i = 0; i < TIMES; i++) {
		int status = status_at_end(keeper_of_the_dead(false));
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_is_left_lives_on),
		cmocka_unit_test(another_ends_with_its_parent),
	};

	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); /* who waits for the keepers */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
