/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup: where a container's cgroup is to be, and what needs one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"
#include "cgroup/cgroup.h"
#include "base/mountinfo.h"

static void absolute_paths_are_cleaned(void **state)
{
	static const char *const pairs[][2] = {
		{ "/a/b", "/a/b" },	  { "/a//b/", "/a/b" },	  { "/./a/./b/.", "/a/b" },
		{ "/a..b/...", "/a..b/..." }, { "/s.slice:p:n", "/s.slice:p:n" },
	};
	_cleanup_arena_ struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		struct oci_linux l = { .cgroups_path = (char *)pairs[i][0] };
		struct oci_config c = { .linux_ = &l };
		struct err e = ERR_INIT;
		char *path;
		assert_int_equal(cgroup_plan(&a, &c, "id", &path, &e), 0);
		assert_string_equal(path, pairs[i][1]);
	}
}

static void bad_paths_are_refused(void **state)
{
	char wide[400], deep[6000];
	char *const bad[] = { "/..", "/a/../b", "../a", "a/..", "/", "//./", wide, deep };
	_cleanup_arena_ struct arena a = ARENA_INIT;

	(void)state;
	memset(wide, 'x', sizeof wide - 1);
	wide[sizeof wide - 1] = '\0';
	for (size_t i = 0; i < sizeof deep; i += 2)
		memcpy(deep + i, "/x", 2);
	deep[sizeof deep - 1] = '\0';
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct oci_linux l = { .cgroups_path = bad[i] };
		struct oci_config c = { .linux_ = &l };
		struct err e = ERR_INIT;
		char *path = NULL;
		assert_int_equal(cgroup_plan(&a, &c, "id", &path, &e), -EINVAL);
		assert_null(path);
	}
}

/* Beside the own cgroup: what that is depends on where the test runs. */
static void relative_paths_are_beside_us(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct oci_linux l = { .cgroups_path = NULL };
	struct oci_config c = { .linux_ = &l };
	struct err e = ERR_INIT;
	char *own, *path;

	(void)state;
	if (cgroup_path_of(&a, 0, &own, &e) < 0)
		skip(); /* a host without cgroup2 */
	*strrchr(own, '/') = '\0';
	assert_int_equal(cgroup_plan(&a, &c, "id1", &path, &e), 0);
	assert_string_equal(path, arena_printf(&a, "%s/id1", own));
	l.cgroups_path = "x/y";
	assert_int_equal(cgroup_plan(&a, &c, "id1", &path, &e), 0);
	assert_string_equal(path, arena_printf(&a, "%s/x/y", own));
}

static void lines_of_mountinfo(void **state)
{
	struct mountinfo m;
	char unified[] = "41 31 0:38 / /sys/fs/cgroup rw,relatime shared:9 - cgroup2 cgroup2 rw";
	char part[] = "41 31 0:38 /docker/x /sys/fs/cgr\\040oup\\134 rw - cgroup2 cgroup2 rw";
	char named[] = "37 31 0:34 / /mnt/cgroup2 rw - tmpfs cgroup2 rw";
	char ends_in_an_escape[] = "37 31 0:34 / /a\\04 rw - tmpfs";
	char cut[] = "37 - cgroup2 x";
	char other[] = "37 31 0:34 / /sys/fs/cgroup";

	(void)state;
	assert_true(mountinfo_parse(unified, &m));
	assert_string_equal(m.point, "/sys/fs/cgroup");
	assert_string_equal(m.type, "cgroup2");
	assert_string_equal(m.root, "/");
	assert_true(mountinfo_parse(part, &m));
	assert_string_equal(m.point, "/sys/fs/cgr oup\\");
	assert_string_equal(m.root, "/docker/x");
	assert_true(mountinfo_parse(named, &m));
	assert_string_equal(m.type, "tmpfs");
	assert_true(mountinfo_parse(ends_in_an_escape, &m));
	assert_string_equal(m.point, "/a\\04");
	assert_false(mountinfo_parse(cut, &m));
	assert_false(mountinfo_parse(other, &m));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(absolute_paths_are_cleaned),
		cmocka_unit_test(bad_paths_are_refused),
		cmocka_unit_test(relative_paths_are_beside_us),
		cmocka_unit_test(lines_of_mountinfo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
