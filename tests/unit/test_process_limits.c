/* SPDX-License-Identifier: Apache-2.0 */
/* process_limits: what a process may use, applied in a child and read back from the kernel: rlimits, OOM score,
 * scheduler, CPUs, memory policy, personality. */
#include "in_child.h"

/* -- lists ---------------------------------------------------------------------------------- */

static void lists_become_bits(void **state)
{
	unsigned long words[2] = { 0 };

	(void)state;
	assert_int_equal(bitlist_parse("0-2,7,63-65,127", words, 128, e), 0);
	assert_int_equal(words[0], 0x8000000000000087ul);
	assert_int_equal(words[1], 0x8000000000000003ul);
}

static void malformed_lists_are_refused(void **state)
{
	static const char *const bad[] = { "",    ",",   "1,",	",1", "-",   "1-",  "-1", "3-1",
					   " 1",  "1 ",  "1, 2", "a",  "0x1", "1--2", "+1", "1;2",
					   "99999999999999999999999", "0-18446744073709551616" };
	static const char *const far[] = { "64", "0-64", "65535" };
	unsigned long word;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(bitlist_parse(bad[i], &word, 64, e), -EINVAL);
	for (size_t i = 0; i < sizeof far / sizeof *far; i++)
		assert_int_equal(bitlist_parse(far[i], &word, 64, e), -ERANGE);
}

/* -- limits --------------------------------------------------------------------------------- */

static bool set_limits(void)
{
	struct oci_rlimit_row rows[] = { { RLIMIT_NOFILE, 200, 100 }, { RLIMIT_CORE, 0, 0 } };
	struct oci_process p = { .rlimits = { rows, 2 } };
	struct rlimit files, core;

	return rlimits_apply(0, &p, e) == 0 && getrlimit(RLIMIT_NOFILE, &files) == 0 &&
	       getrlimit(RLIMIT_CORE, &core) == 0 && files.rlim_cur == 100 && files.rlim_max == 200 &&
	       core.rlim_max == 0;
}

static bool exceed_limits(void)
{
	struct oci_rlimit_row rows[] = { { RLIMIT_NOFILE, 100, 200 } };
	struct oci_process p = { .rlimits = { rows, 1 } };

	return rlimits_apply(0, &p, e) == -EINVAL &&
	       !strcmp(e->text, "set RLIMIT_NOFILE to 200:100: Invalid argument");
}

static void limits_are_set_and_named(void **state)
{
	(void)state;
	in_child(set_limits, 0);
	in_child(exceed_limits, 0);
}

static bool set_oom_score(void)
{
	_cleanup_fd_ int procfd = procfd_open(e);
	char text[16] = "";
	int fd;

	if (procfd < 0 || oom_score_adj_apply(procfd, getpid(), 900, e) < 0)
		return false;
	fd = open("/proc/self/oom_score_adj", O_RDONLY);
	return read(fd, text, sizeof text - 1) > 0 && !strcmp(text, "900\n");
}

static void oom_score_is_set(void **state)
{
	(void)state;
	in_child(set_oom_score, 0);
}

/* -- scheduler ------------------------------------------------------------------------------ */

static bool set_batch(void)
{
	struct oci_scheduler s = { .policy = SCHED_BATCH, .nice = 7 };
	struct oci_io_priority io = { .class = 2, .priority = 6 };

	return sched_apply(0, &s, e) == 0 && io_priority_apply(&io, e) == 0 &&
	       sched_getscheduler(0) == SCHED_BATCH && getpriority(PRIO_PROCESS, 0) == 7 &&
	       syscall(SYS_ioprio_get, 1, 0) == (2 << 13 | 6);
}

static bool refuse_deadline(void)
{
	struct oci_scheduler s = { .policy = SCHED_DEADLINE, .runtime_ns = 2, .deadline_ns = 1 };

	return sched_apply(0, &s, e) < 0 && !strncmp(e->text, "set the scheduler to SCHED_DEADLINE: ", 37);
}

static void scheduler_and_io_priority_are_set(void **state)
{
	(void)state;
	in_child(set_batch, 0);
	in_child(refuse_deadline, 0);
}

static bool set_affinity(void)
{
	cpu_set_t before, after;
	char list[16];
	int cpu = 0;

	sched_getaffinity(0, sizeof before, &before);
	while (!CPU_ISSET(cpu, &before))
		cpu++;
	snprintf(list, sizeof list, "%d", cpu);
	return affinity_apply(list, e) == 0 && sched_getaffinity(0, sizeof after, &after) == 0 &&
	       CPU_COUNT(&after) == 1 && CPU_ISSET(cpu, &after) && affinity_apply(NULL, e) == 0 &&
	       affinity_apply("", e) == 0;
}

static bool refuse_affinity(void)
{
	return affinity_apply("8000-8191", e) == -EINVAL && affinity_apply("1-", e) == -EINVAL &&
	       !strncmp(e->text, "CPU affinity: \"1-\"", 18);
}

static void affinity_is_set(void **state)
{
	(void)state;
	in_child(set_affinity, 0);
	in_child(refuse_affinity, 0);
}

/* -- memory policy, personality -------------------------------------------------------------- */

static bool set_policy(void)
{
	struct oci_memory_policy m = { .mode = 3, .nodes = (char *)"0" }; /* MPOL_INTERLEAVE */
	unsigned long mask[16] = { 0 };
	int mode;

	if (syscall(SYS_get_mempolicy, &mode, NULL, 0, NULL, 0) < 0)
		_exit(SKIPPED); /* a kernel without NUMA */
	return mempolicy_apply(&m, e) == 0 &&
	       syscall(SYS_get_mempolicy, &mode, mask, 1024, NULL, 0) == 0 && mode == 3 && mask[0] == 1;
}

static bool refuse_policy(void)
{
	struct oci_memory_policy m = { .mode = 2, .nodes = (char *)"1000" }; /* MPOL_BIND */

	return mempolicy_apply(&m, e) < 0 &&
	       !strncmp(e->text, "set the memory policy to MPOL_BIND of nodes 1000: ", 49);
}

static void memory_policy_is_set(void **state)
{
	(void)state;
	in_child(refuse_policy, 0);
	in_child(set_policy, 0);
}

static bool set_personality(void)
{
	struct oci_personality p = { .domain = PER_LINUX32 };

	return personality_apply(&p, e) == 0 && personality(0xffffffff) == PER_LINUX32;
}

static void personality_is_set(void **state)
{
	(void)state;
	in_child(set_personality, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_become_bits),
		cmocka_unit_test(malformed_lists_are_refused),
		cmocka_unit_test(limits_are_set_and_named),
		cmocka_unit_test(oom_score_is_set),
		cmocka_unit_test(scheduler_and_io_priority_are_set),
		cmocka_unit_test(affinity_is_set),
		cmocka_unit_test(memory_policy_is_set),
		cmocka_unit_test(personality_is_set),
	};

	return cmocka_run_group_tests(tests, share_error, NULL);
}
