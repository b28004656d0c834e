/* SPDX-License-Identifier: Apache-2.0 */
/* live_devices: the device programs of a real cgroup: live_cgroup.h. */
#include "live_cgroup.h"

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
	assert_true(WEXITSTATUS(status) <= 253);
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

size_t live_devices(struct CMUnitTest *at)
{
	const struct CMUnitTest tests[] = {
		LIVE(devices_are_denied_and_allowed),
		LIVE(no_rules_is_default_deny),
		LIVE(many_device_rules_load),
	};

	memcpy(at, tests, sizeof tests);
	return sizeof tests / sizeof *tests;
}
