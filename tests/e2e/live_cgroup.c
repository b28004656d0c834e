/* live_cgroup: runtime/cgroup/cgroup.h against a real cgroup2 tree, as root. Each test has a cgroup of its
 * own; what a host has no controller for is skipped, User Mode Linux has them all. */
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/io.h"
#include "cgroup/cgroup.h"
#include "cgroup/limits.h"

#define SET(x) { true, x }
static struct err e; /* of the last call that failed */

#define OK(call)                                                       \
	do {                                                           \
		if ((call) < 0)                                        \
			fail_msg("%s: %s", #call, e.text);             \
	} while (0)

struct fixture {
	char top[64], path[96]; /* "/hart-live-PID" and a cgroup below it */
	struct cgroup cg;
};

static bool has(struct fixture *f, const char *controller)
{
	char text[512];

	assert_true(io_read_small(f->cg.root_fd, "cgroup.controllers", text, sizeof text, NULL) >= 0);
	return cgroup_controllers_parse(text) & cgroup_controllers_parse(controller);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	snprintf(f->top, sizeof f->top, "/hart-live-%d", getpid());
	snprintf(f->path, sizeof f->path, "%s/c", f->top);
	f->cg = CGROUP_INIT;
	OK(f->cg.root_fd = cgroup_mount_open(&e));
	*state = f;
	return 0;
}

/* Whatever a test left goes, so that a failed one does not fail the next. */
static int teardown(void **state)
{
	struct fixture *f = *state;
	struct cgroup top = CGROUP_INIT;
	int r = cgroup_open(&top, f->top, &e);

	if (r >= 0) {
		cgroup_kill(&top, &e);
		while (waitpid(-1, NULL, 0) > 0)
			;
		r = cgroup_remove(&top, 5000, &e);
		cgroup_close(&top);
	}
	cgroup_close(&f->cg);
	free(f);
	if (r < 0 && r != -ENOENT)
		print_error("teardown: %s\n", e.text);
	return r < 0 && r != -ENOENT;
}

static void make(struct fixture *f, const struct oci_resources *needs)
{
	OK(cgroup_create(&f->cg, f->path, needs, &e));
	assert_true(f->cg.owned);
}

static void assert_file(struct cgroup *cg, const char *file, const char *want)
{
	char text[512];

	if (io_read_small(cg->fd, file, text, sizeof text, NULL) < 0)
		fail_msg("no %s", file);
	text[strcspn(text, "\n")] = '\0';
	assert_string_equal(text, want);
}

static bool exists(struct fixture *f, const char *path)
{
	bool there;

	OK(cgroup_exists(f->cg.root_fd, path, &there, &e));
	return there;
}

/* A process in `dirfd`'s cgroup that waits to be killed. */
static pid_t spawn(int dirfd)
{
	char pid_text[16];
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		for (;;)
			pause();
	}
	int len = snprintf(pid_text, sizeof pid_text, "%d", pid);
	OK(io_write_at(dirfd, "cgroup.procs", pid_text, (size_t)len, &e));
	return pid;
}

static int make_sub(int dirfd, const char *name)
{
	assert_int_equal(mkdirat(dirfd, name, 0755), 0);
	int fd = openat(dirfd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void made_with_its_parents_and_removed(void **state)
{
	struct fixture *f = *state;

	make(f, NULL);
	assert_true(exists(f, f->path));
	OK(cgroup_remove(&f->cg, 1000, &e));
	assert_false(exists(f, f->path));
	OK(cgroup_remove(&f->cg, 1000, &e)); /* gone already */
}

static void all_controllers_of_the_host_are_on(void **state)
{
	struct fixture *f = *state;
	char host[512], mine[512];
	const char *usual = "cpu cpuset io memory hugetlb pids rdma misc";

	make(f, NULL);
	OK(cgroup_apply(&f->cg, NULL, false, &e)); /* nothing was asked for: they come with the limits */
	assert_true(io_read_small(f->cg.root_fd, "cgroup.controllers", host, sizeof host, NULL) >= 0);
	assert_true(io_read_small(f->cg.fd, "cgroup.controllers", mine, sizeof mine, NULL) >= 0);
	assert_int_equal(cgroup_controllers_parse(mine),
			 cgroup_controllers_parse(host) & cgroup_controllers_parse(usual));
}

static void a_missing_controller_is_named(void **state)
{
	static const char *const names[] = { "memory", "pids", "cpu", "dmem", "misc" };
	struct fixture *f = *state;
	char key[32], want[128];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct oci_pair pair = { key, (char *)"1" };
		struct oci_resources r = { .unified = { &pair, 1 } };
		if (has(f, names[i]))
			continue;
		snprintf(key, sizeof key, "%s.max", names[i]);
		assert_int_equal(cgroup_create(&f->cg, f->path, &r, &e), -ENOTSUP);
		snprintf(want, sizeof want, "cgroup controller %s is asked for, but", names[i]);
		assert_non_null(strstr(e.text, want));
		assert_false(exists(f, f->top)); /* and nothing is left */
	}
}

static void processes_in_the_parent_are_named(void **state)
{
	struct fixture *f = *state;
	struct oci_hugepage_limit limit = { (char *)"2MB", 0 };
	struct oci_memory m = { .limit = SET(1 << 20) };
	struct oci_resources r = { 0 };

	if (has(f, "hugetlb"))
		r.hugepage_limits.v = &limit, r.hugepage_limits.n = 1;
	else if (has(f, "memory"))
		r.memory = &m;
	else
		skip();
	int top = make_sub(f->cg.root_fd, f->top + 1);
	spawn(top);
	close(top);
	assert_int_equal(cgroup_create(&f->cg, f->path, &r, &e), -ENOTSUP);
	assert_non_null(strstr(e.text, "no internal processes"));
	assert_non_null(strstr(e.text, f->top));
	assert_false(exists(f, f->path));
	/* Nothing was asked for: it works without controllers, and as a usable domain. */
	make(f, NULL);
	assert_file(&f->cg, "cgroup.type", "domain");
	spawn(f->cg.fd);
}

static void an_unused_cgroup_is_used_but_not_owned(void **state)
{
	struct fixture *f = *state;

	make(f, NULL);
	fd_close(&f->cg.fd);
	OK(cgroup_create(&f->cg, f->path, NULL, &e));
	assert_false(f->cg.owned);
	spawn(f->cg.fd);
	fd_close(&f->cg.fd);
	assert_int_equal(cgroup_create(&f->cg, f->path, NULL, &e), -EBUSY);
	assert_non_null(strstr(e.text, "container's cgroup is not empty"));
	assert_true(exists(f, f->path));
}

static void limits_arrive(void **state)
{
	struct fixture *f = *state;
	struct oci_memory m = { .limit = SET(64 << 20), .swap = SET(96 << 20),
				.reservation = SET(16 << 20) };
	struct oci_cpu u = { .shares = SET(2048), .quota_us = SET(50000), .period_us = SET(100000),
			     .burst_us = SET(10000) };
	struct oci_resources r = { .memory = &m, .cpu = &u, .pids_limit = SET(32) };

	if (!has(f, "memory") || !has(f, "pids") || !has(f, "cpu"))
		skip();
	make(f, &r);
	OK(cgroup_apply(&f->cg, &r, false, &e));
	assert_file(&f->cg, "memory.max", "67108864");
	assert_file(&f->cg, "memory.low", "16777216");
	assert_file(&f->cg, "pids.max", "32");
	assert_file(&f->cg, "cpu.weight", "174");
	assert_file(&f->cg, "cpu.max", "50000 100000");
	assert_file(&f->cg, "cpu.max.burst", "10000");
	if (faccessat(f->cg.fd, "memory.swap.max", F_OK, 0) == 0)
		assert_file(&f->cg, "memory.swap.max", "33554432");
}

static void cpuset_arrives(void **state)
{
	struct fixture *f = *state;
	struct oci_cpu u = { .cpus = (char *)"0", .mems = (char *)"0" };
	struct oci_resources r = { .cpu = &u };

	if (!has(f, "cpuset"))
		skip();
	make(f, &r);
	OK(cgroup_apply(&f->cg, &r, false, &e));
	assert_file(&f->cg, "cpuset.cpus", "0");
	assert_file(&f->cg, "cpuset.mems", "0");
}

static void hugetlb_arrives(void **state)
{
	struct fixture *f = *state;
	struct oci_hugepage_limit limit = { (char *)"2MB", 4 << 20 };
	struct oci_resources r = { .hugepage_limits = { &limit, 1 } };

	if (!has(f, "hugetlb"))
		skip();
	make(f, &r);
	OK(cgroup_apply(&f->cg, &r, false, &e));
	assert_file(&f->cg, "hugetlb.2MB.max", "4194304");
	assert_file(&f->cg, "hugetlb.2MB.rsvd.max", "4194304");
}

static bool first_disk(unsigned *major, unsigned *minor)
{
	char path[300], text[32];
	DIR *dir = opendir("/sys/block");
	struct dirent *d;
	bool found = false;

	while (dir && !found && (d = readdir(dir))) {
		snprintf(path, sizeof path, "/sys/block/%s/dev", d->d_name);
		found = io_read_small(AT_FDCWD, path, text, sizeof text, NULL) > 0 &&
			sscanf(text, "%u:%u", major, minor) == 2;
	}
	if (dir)
		closedir(dir);
	return found;
}

static void io_limits_arrive(void **state)
{
	struct fixture *f = *state;
	unsigned major = 0, minor = 0;
	char want[128];

	if (!has(f, "io") || !first_disk(&major, &minor))
		skip();
	struct oci_throttle_device read = { major, minor, 1 << 20 }, write = { major, minor, 500 };
	struct oci_block_io b = { .read_bps = { &read, 1 }, .write_iops = { &write, 1 } };
	struct oci_resources r = { .block_io = &b };
	make(f, &r);
	OK(cgroup_apply(&f->cg, &r, false, &e));
	snprintf(want, sizeof want, "%u:%u rbps=1048576 wbps=max riops=max wiops=500", major, minor);
	assert_file(&f->cg, "io.max", want);
	/* A rate of 0 takes the limit away. */
	read.rate = write.rate = 0;
	OK(cgroup_apply(&f->cg, &r, true, &e));
	assert_file(&f->cg, "io.max", "");
}

/* BFQ's file where the scheduler is, the cost model's where that is compiled in. */
static void io_weight_arrives(void **state)
{
	struct fixture *f = *state;
	struct oci_block_io b = { .weight = SET(500) };
	struct oci_resources r = { .block_io = &b };

	if (!has(f, "io"))
		skip();
	make(f, &r);
	if (faccessat(f->cg.fd, "io.bfq.weight", F_OK, 0) == 0) {
		OK(cgroup_apply(&f->cg, &r, false, &e));
		assert_file(&f->cg, "io.bfq.weight", "default 500");
	} else if (faccessat(f->cg.fd, "io.weight", F_OK, 0) == 0) {
		OK(cgroup_apply(&f->cg, &r, false, &e));
		assert_file(&f->cg, "io.weight", "default 4950");
	} else {
		assert_int_equal(cgroup_apply(&f->cg, &r, false, &e), -ENOTSUP);
		assert_non_null(strstr(e.text, "this kernel's cgroup controller io has no"));
	}
}

static void updates_change_what_they_name(void **state)
{
	struct fixture *f = *state;
	struct oci_memory m = { .limit = SET(64 << 20), .swap = SET(96 << 20) };
	struct oci_cpu u = { .quota_us = SET(50000), .period_us = SET(100000) };
	struct oci_resources r = { .memory = &m, .cpu = &u, .pids_limit = SET(32) };

	if (!has(f, "memory") || !has(f, "pids") || !has(f, "cpu"))
		skip();
	make(f, &r);
	OK(cgroup_apply(&f->cg, &r, false, &e));
	m = (struct oci_memory){ .limit = SET(80 << 20) };
	u = (struct oci_cpu){ .period_us = SET(200000) };
	r.pids_limit.set = false;
	OK(cgroup_apply(&f->cg, &r, true, &e));
	assert_file(&f->cg, "memory.max", "83886080");
	assert_file(&f->cg, "cpu.max", "50000 200000");
	assert_file(&f->cg, "pids.max", "32");
	if (faccessat(f->cg.fd, "memory.swap.max", F_OK, 0) == 0)
		assert_file(&f->cg, "memory.swap.max", "16777216");
	/* Burst and quota both up: neither order of the two writes alone would do. */
	u = (struct oci_cpu){ .quota_us = SET(80000), .burst_us = SET(70000) };
	OK(cgroup_apply(&f->cg, &r, true, &e));
	assert_file(&f->cg, "cpu.max", "80000 200000");
	assert_file(&f->cg, "cpu.max.burst", "70000");
	u = (struct oci_cpu){ .quota_us = SET(20000), .burst_us = SET(10000) };
	OK(cgroup_apply(&f->cg, &r, true, &e));
	assert_file(&f->cg, "cpu.max", "20000 200000");
	assert_file(&f->cg, "cpu.max.burst", "10000");
}

static void a_refused_update_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct oci_pair pairs[] = { { (char *)"cgroup.max.depth", (char *)"5" },
				    { (char *)"cgroup.max.descendants", (char *)"nonsense" } };
	struct oci_resources r = { .unified = { pairs, 1 } };

	make(f, NULL);
	OK(cgroup_apply(&f->cg, &r, true, &e));
	pairs[0].value = (char *)"7";
	r.unified.n = 2;
	assert_int_equal(cgroup_apply(&f->cg, &r, true, &e), -EINVAL);
	assert_non_null(strstr(e.text, "cgroup.max.descendants"));
	assert_file(&f->cg, "cgroup.max.depth", "5");
}

static void check_before_update(void **state)
{
	struct fixture *f = *state;
	struct oci_memory m = { .limit = SET(64 << 20) };
	struct oci_resources r = { .memory = &m };

	if (!has(f, "memory"))
		skip();
	make(f, &r);
	OK(cgroup_apply(&f->cg, &r, false, &e));
	pid_t pid = fork();
	if (pid == 0) {
		cgroup_enter(&f->cg, 0, NULL);
		char *p = mmap(NULL, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			       -1, 0);
		memset(p, 1, 8 << 20);
		kill(getpid(), SIGSTOP);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, NULL, WUNTRACED), pid);
	m = (struct oci_memory){ .limit = SET(4 << 20), .check_before_update = SET(true) };
	assert_int_equal(cgroup_apply(&f->cg, &r, true, &e), -EINVAL);
	assert_non_null(strstr(e.text, "rejecting memory limit 4194304 <= usage"));
	assert_file(&f->cg, "memory.max", "67108864");
}

static void unified_is_verbatim(void **state)
{
	struct fixture *f = *state;
	struct oci_pair pair = { (char *)"cgroup.max.depth", (char *)"3" };
	struct oci_resources r = { .unified = { &pair, 1 } };

	make(f, &r);
	OK(cgroup_apply(&f->cg, &r, false, &e));
	assert_file(&f->cg, "cgroup.max.depth", "3");
	pair.value = (char *)"nonsense";
	assert_int_equal(cgroup_apply(&f->cg, &r, false, &e), -EINVAL);
	assert_non_null(strstr(e.text, "write \"nonsense\" to cgroup.max.depth"));
	pair.key = (char *)"strange.max";
	assert_int_equal(cgroup_apply(&f->cg, &r, false, &e), -ENOTSUP);
	assert_non_null(strstr(e.text, "cgroup controller strange is not available"));
}

/* What opening a node of these numbers gives in the cgroup (NULL: outside): 0 or an errno. */
static int try_device(struct cgroup *cg, unsigned major, unsigned minor, int flags)
{
	const char *tmp = getenv("TMPDIR");
	char dir[200], node[220];
	int status;

	snprintf(dir, sizeof dir, "%s/hart-live-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(dir));
	snprintf(node, sizeof node, "%s/node", dir);
	pid_t pid = fork();
	if (pid == 0) {
		if (cg && cgroup_enter(cg, 0, NULL) < 0)
			_exit(255);
		if (mknod(node, S_IFCHR | 0600, makedev(major, minor)) < 0)
			_exit(254);
		_exit(open(node, flags | O_NONBLOCK) < 0 ? errno : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	unlink(node);
	rmdir(dir);
	assert_true(WIFEXITED(status));
	assert_in_range(WEXITSTATUS(status), 0, 253);
	return WEXITSTATUS(status);
}

/* A device that is there, but not among the defaults. */
static bool pick_device(unsigned *major, unsigned *minor)
{
	static const unsigned nodes[][2] = { { 1, 11 }, { 10, 229 }, { 10, 237 }, { 1, 1 } };

	for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
		*major = nodes[i][0];
		*minor = nodes[i][1];
		if (try_device(NULL, *major, *minor, O_RDONLY) == 0)
			return true;
	}
	return false;
}

static void devices_are_denied_and_allowed(void **state)
{
	struct fixture *f = *state;
	unsigned major = 0, minor = 0;

	if (!pick_device(&major, &minor))
		skip();
	struct oci_device_rule rules[] = {
		{ .allow = false, .access = (char *)"rwm" },
		{ .allow = true, .type = (char *)"c", .major = SET(major), .minor = SET(minor),
		  .access = (char *)"r" },
	};
	struct oci_resources r = { .devices = { rules, 1 } };
	make(f, &r);
	OK(cgroup_apply(&f->cg, &r, false, &e));
	assert_int_equal(try_device(&f->cg, 1, 3, O_RDWR), 0);
	assert_int_equal(try_device(&f->cg, 1, 9, O_RDONLY), 0);
	assert_int_equal(try_device(&f->cg, major, minor, O_RDONLY), EPERM);
	r.devices.n = 2;
	OK(cgroup_apply(&f->cg, &r, true, &e));
	assert_int_equal(try_device(&f->cg, major, minor, O_RDONLY), 0);
	assert_int_equal(try_device(&f->cg, major, minor, O_RDWR), EPERM);
	/* An update without rules leaves them; back to the first ones; all allowed. */
	r.devices.n = 0;
	OK(cgroup_apply(&f->cg, &r, true, &e));
	assert_int_equal(try_device(&f->cg, major, minor, O_RDONLY), 0);
	r.devices.n = 1;
	OK(cgroup_apply(&f->cg, &r, true, &e));
	assert_int_equal(try_device(&f->cg, major, minor, O_RDONLY), EPERM);
	rules[0].allow = true;
	OK(cgroup_apply(&f->cg, &r, true, &e));
	assert_int_equal(try_device(&f->cg, major, minor, O_RDONLY), 0);
	rules[0].allow = false;
	OK(cgroup_apply(&f->cg, &r, true, &e));
	assert_int_equal(try_device(&f->cg, major, minor, O_RDONLY), EPERM);
}

static void no_rules_is_default_deny(void **state)
{
	struct fixture *f = *state;
	unsigned major = 0, minor = 0;

	if (!pick_device(&major, &minor))
		skip();
	make(f, NULL);
	OK(cgroup_apply(&f->cg, NULL, false, &e));
	assert_int_equal(try_device(&f->cg, 1, 5, O_RDWR), 0);
	assert_int_equal(try_device(&f->cg, major, minor, O_RDONLY), EPERM);
}

/* The kernel checks the program path by path: many rules must not be too many paths. */
static void load_many(struct fixture *f, int n, const char *access)
{
	struct oci_device_rule *rules = calloc((size_t)n, sizeof *rules);
	struct oci_resources r = { .devices = { rules, (size_t)n } };

	for (int i = 1; i < n; i++)
		rules[i] = (struct oci_device_rule){
			.allow = i % 3, .type = (char *)(i % 2 ? "c" : "b"), .major = SET(i),
			.minor = { i % 5, i }, .access = (char *)access,
		};
	OK(cgroup_apply(&f->cg, &r, false, &e));
	free(rules);
}

static void many_device_rules_load(void **state)
{
	struct fixture *f = *state;

	make(f, NULL);
	load_many(f, 3000, "rwm");
	load_many(f, 500, "rw");
	assert_int_equal(try_device(&f->cg, 1, 3, O_RDWR), 0);
}

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

static void deep_and_wide_trees_are_removed(void **state)
{
	struct fixture *f = *state;
	char name[16];

	make(f, NULL);
	for (int i = 0; i < 150; i++) {
		snprintf(name, sizeof name, "w%d", i);
		close(make_sub(f->cg.fd, name));
	}
	int fd = openat(f->cg.fd, ".", O_PATH | O_CLOEXEC);
	for (int i = 0; i < 600; i++) {
		close(make_sub(fd, "z"));
		int next = make_sub(fd, "d");
		close(fd);
		fd = next;
	}
	close(fd);
	OK(cgroup_remove(&f->cg, 5000, &e));
	assert_false(exists(f, f->path));
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

static void ownership_is_given_when_asked(void **state)
{
	struct fixture *f = *state;
	struct oci_namespace ns = { .type = OCI_NS_CGROUP };
	char *rw = (char *)"rw", *ro = (char *)"ro";
	struct oci_mount m = { .destination = (char *)"/sys/fs/cgroup", .type = (char *)"cgroup",
			       .source = (char *)"cgroup", .options = { &ro, 1 } };
	struct oci_linux l = { .namespaces = { &ns, 1 } };
	struct oci_config c = { .linux_ = &l, .mounts = { &m, 1 } };
	struct stat st;

	make(f, NULL);
	OK(cgroup_delegate(&f->cg, &c, 1234, &e));
	assert_int_equal(fstat(f->cg.fd, &st), 0);
	assert_int_equal(st.st_uid, 0);
	m.options.v = &rw;
	OK(cgroup_delegate(&f->cg, &c, 1234, &e));
	assert_int_equal(fstat(f->cg.fd, &st), 0);
	assert_int_equal(st.st_uid, 1234);
	assert_int_equal(fstatat(f->cg.fd, "cgroup.procs", &st, 0), 0);
	assert_int_equal(st.st_uid, 1234);
	assert_int_equal(fstatat(f->cg.fd, "cgroup.freeze", &st, 0), 0);
	assert_int_equal(st.st_uid, 0);
}

#define LIVE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LIVE(made_with_its_parents_and_removed),
		LIVE(all_controllers_of_the_host_are_on),
		LIVE(a_missing_controller_is_named),
		LIVE(processes_in_the_parent_are_named),
		LIVE(an_unused_cgroup_is_used_but_not_owned),
		LIVE(limits_arrive),
		LIVE(cpuset_arrives),
		LIVE(hugetlb_arrives),
		LIVE(io_limits_arrive),
		LIVE(io_weight_arrives),
		LIVE(updates_change_what_they_name),
		LIVE(a_refused_update_changes_nothing),
		LIVE(check_before_update),
		LIVE(unified_is_verbatim),
		LIVE(devices_are_denied_and_allowed),
		LIVE(no_rules_is_default_deny),
		LIVE(many_device_rules_load),
		LIVE(a_frozen_process_stands_still),
		LIVE(kill_reaches_sub_cgroups),
		LIVE(other_signals_reach_all),
		LIVE(deep_and_wide_trees_are_removed),
		LIVE(remove_waits_for_the_dying),
		LIVE(ownership_is_given_when_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
