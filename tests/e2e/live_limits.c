/* SPDX-License-Identifier: Apache-2.0 */
/* live_limits: limits arrive in the files of a real cgroup, and updates change what they name: live_cgroup.h. */
#include "live_cgroup.h"

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

size_t live_limits(struct CMUnitTest *at)
{
	const struct CMUnitTest tests[] = {
		LIVE(limits_arrive),
		LIVE(cpuset_arrives),
		LIVE(hugetlb_arrives),
		LIVE(io_limits_arrive),
		LIVE(io_weight_arrives),
		LIVE(updates_change_what_they_name),
		LIVE(a_refused_update_changes_nothing),
		LIVE(check_before_update),
		LIVE(unified_is_verbatim),
	};

	memcpy(at, tests, sizeof tests);
	return sizeof tests / sizeof *tests;
}
