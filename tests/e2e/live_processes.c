/* SPDX-License-Identifier: Apache-2.0 */
/* live_processes: freezing and killing what is in a real cgroup: live_cgroup.h. */
#include "live_cgroup.h"

static void a_frozen_process_stands_still(void **state)
{
	struct fixture *f = *state;
	volatile unsigned long *count = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
					     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	make(f, NULL);
	pid_t pid = fork();
	if (pid == 0) {
		for (;;)
			(*count)++;
	}
	OK(cgroup_enter(&f->cg, pid, &e));
	while (!*count)
		sched_yield();
	assert_int_equal(cgroup_frozen(&f->cg, &e), 0);
	OK(cgroup_freeze(&f->cg, true, &e));
	unsigned long at = *count;
	nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	assert_int_equal(*count, at);
	assert_int_equal(cgroup_frozen(&f->cg, &e), 1);
	OK(cgroup_freeze(&f->cg, false, &e));
	while (*count == at)
		sched_yield();
	assert_int_equal(cgroup_frozen(&f->cg, &e), 0);
	/* Killing works on a frozen one too. */
	OK(cgroup_freeze(&f->cg, true, &e));
	OK(cgroup_kill(&f->cg, &e));
	OK(cgroup_wait_empty(&f->cg, 5000, &e));
}

static void kill_reaches_sub_cgroups(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct fixture *f = *state;
	pid_t want[3], *got;
	size_t n;

	make(f, NULL);
	_cleanup_fd_ int x = make_sub(f->cg.fd, "x"), y = make_sub(x, "y");
	want[0] = spawn(f->cg.fd);
	want[1] = spawn(x);
	want[2] = spawn(y);
	close(y);
	OK(cgroup_procs(&f->cg, &a, &got, &n, &e));
	assert_int_equal(n, 3);
	assert_memory_equal(got, want, sizeof want);
	assert_int_equal(cgroup_wait_empty(&f->cg, 20, &e), -ETIMEDOUT);
	assert_int_equal(cgroup_remove(&f->cg, 20, &e), -EBUSY);
	OK(cgroup_kill(&f->cg, &e));
	/* The children are not reaped yet: that must not matter. */
	OK(cgroup_wait_empty(&f->cg, 5000, &e));
	OK(cgroup_procs(&f->cg, &a, &got, &n, &e));
	assert_int_equal(n, 0);
	OK(cgroup_remove(&f->cg, 5000, &e));
	assert_false(exists(f, f->path));
	OK(cgroup_kill(&f->cg, &e)); /* gone: nothing to kill */
	OK(cgroup_wait_empty(&f->cg, 0, &e));
}

static void other_signals_reach_all(void **state)
{
	struct fixture *f = *state;
	int status;

	make(f, NULL);
	_cleanup_fd_ int x = make_sub(f->cg.fd, "x");
	for (int i = 0; i < 200; i++)
		spawn(i % 2 ? x : f->cg.fd);
	OK(cgroup_signal(&f->cg, SIGTERM, &e));
	for (int i = 0; i < 200; i++) {
		assert_true(wait(&status) > 0);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	}
}

/* The last process dies while cgroup_remove waits, in a sub-cgroup, at once and repeatedly. */
static void remove_waits_for_the_dying(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 50; i++) {
		make(f, NULL);
		_cleanup_fd_ int x = make_sub(f->cg.fd, "x");
		pid_t pid = spawn(x);
		OK(cgroup_kill(&f->cg, &e));
		OK(cgroup_remove(&f->cg, 5000, &e));
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		fd_close(&f->cg.fd);
	}
}

size_t live_processes(struct CMUnitTest *at)
{
	const struct CMUnitTest tests[] = {
		LIVE(a_frozen_process_stands_still),
		LIVE(kill_reaches_sub_cgroups),
		LIVE(other_signals_reach_all),
		LIVE(remove_waits_for_the_dying),
	};

	memcpy(at, tests, sizeof tests);
	return sizeof tests / sizeof *tests;
}
