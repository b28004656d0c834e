/* SPDX-License-Identifier: Apache-2.0 */
/* live_tree: real cgroups come and go with their parents: live_cgroup.h. */
#include "live_cgroup.h"

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

size_t live_tree(struct CMUnitTest *at)
{
	const struct CMUnitTest tests[] = {
		LIVE(made_with_its_parents_and_removed),
		LIVE(all_controllers_of_the_host_are_on),
		LIVE(a_missing_controller_is_named),
		LIVE(processes_in_the_parent_are_named),
		LIVE(an_unused_cgroup_is_used_but_not_owned),
		LIVE(deep_and_wide_trees_are_removed),
		LIVE(ownership_is_given_when_asked),
	};

	memcpy(at, tests, sizeof tests);
	return sizeof tests / sizeof *tests;
}
