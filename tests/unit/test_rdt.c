/* SPDX-License-Identifier: Apache-2.0 */
/* rdt: resctrl groups, in a folder that looks like one (resctrl needs a processor that has it). */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/io.h"
#include "folder.h"
#include "rdt/rdt.h"
#include "rdt/schema.h"

static struct err e;

struct fixture {
	char path[FOLDER_MAX];
	int root;
	struct arena arena;
};

static void write_file(int root, const char *path, const char *text)
{
	int fd = openat(root, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static const char *content(int root, const char *path)
{
	static char text[256];

	assert_true(io_read_small(root, path, text, sizeof text, NULL) >= 0);
	return text;
}

/* A folder with the files that the kernel would put into a group. */
static void make_group(int root, const char *name, const char *schemata)
{
	char path[128];

	assert_int_equal(mkdirat(root, name, 0700), 0);
	snprintf(path, sizeof path, "%s/schemata", name);
	write_file(root, path, schemata);
	snprintf(path, sizeof path, "%s/tasks", name);
	write_file(root, path, "");
	snprintf(path, sizeof path, "%s/mon_groups", name);
	assert_int_equal(mkdirat(root, path, 0700), 0);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_int_equal(folder_make(f->path), 0);
	f->root = open(f->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	*state = f;
	return f->root < 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	folder_remove(f->path);
	close(f->root);
	arena_free(&f->arena);
	free(f);
	return 0;
}

static void schemata_are_compared_by_value(void **state)
{
	static const char text[] = "    MB:0= 50;1=100\n    L3:0=00ff;1=7f0\n  L2:0=f\nL3CODE:0=3\n";

	(void)state;
	assert_true(rdt_schema_matches(text, "L3:0=ff"));
	assert_true(rdt_schema_matches(text, "L3:1=7F0;0=ff"));
	assert_true(rdt_schema_matches(text, "L3:0=ff;1=7f0;\n"));
	assert_true(rdt_schema_matches(text, "MB:0=050;1=100"));
	assert_true(rdt_schema_matches(text, "L3CODE:0=03"));
	assert_false(rdt_schema_matches(text, "L3:0=fe"));
	assert_false(rdt_schema_matches(text, "L3:2=ff"));
	assert_false(rdt_schema_matches(text, "MB:0=80"));
	assert_false(rdt_schema_matches(text, "MB:0=0x32"));
	assert_false(rdt_schema_matches(text, "L3DATA:0=1"));
	assert_false(rdt_schema_matches(text, "L3:0=ff;x"));
	assert_false(rdt_schema_matches(text, "L3:0"));
	assert_false(rdt_schema_matches(text, "L3"));
	assert_false(rdt_schema_matches("", "L3:0=ff"));
}

static void only_what_is_the_container_s_is_planned(void **state)
{
	struct fixture *f = *state;
	struct oci_intel_rdt r = { 0 };
	char *group;

	assert_int_equal(rdt_plan_in(f->root, &f->arena, &r, "c1", &group, &e), 0);
	assert_string_equal(group, "c1");
	make_group(f->root, "c1", "");
	assert_int_equal(rdt_plan_in(f->root, &f->arena, &r, "c1", &group, &e), 0);
	assert_null(group);
	r.enable_monitoring = true;
	assert_int_equal(rdt_plan_in(f->root, &f->arena, &r, "c1", &group, &e), 0);
	assert_string_equal(group, "c1/mon_groups/c1");
	r.clos_id = (char *)"gold";
	assert_int_equal(rdt_plan_in(f->root, &f->arena, &r, "c1", &group, &e), 0);
	assert_string_equal(group, "gold/mon_groups/c1");
	r.clos_id = (char *)"/";
	assert_int_equal(rdt_plan_in(f->root, &f->arena, &r, "c1", &group, &e), 0);
	assert_string_equal(group, "./mon_groups/c1");
	r.enable_monitoring = false;
	assert_int_equal(rdt_plan_in(f->root, &f->arena, &r, "c1", &group, &e), 0);
	assert_null(group);
}

static void a_named_group_must_be_there_and_gets_the_task(void **state)
{
	struct fixture *f = *state;
	struct oci_intel_rdt r = { .clos_id = (char *)"gold" };

	assert_int_equal(rdt_apply_in(f->root, &r, "c1", 77, &e), -ENOENT);
	assert_string_equal(e.text, "open resctrl group gold: No such file or directory");
	make_group(f->root, "gold", "L3:0=f\n");
	assert_int_equal(rdt_apply_in(f->root, &r, "c1", 77, &e), 0);
	assert_string_equal(content(f->root, "gold/tasks"), "77\n");
	assert_string_equal(content(f->root, "gold/schemata"), "L3:0=f\n");
}

static void a_group_that_differs_is_refused(void **state)
{
	struct fixture *f = *state;
	struct oci_intel_rdt r = { .clos_id = (char *)"gold", .l3_cache_schema = (char *)"L3:0=0f",
				   .mem_bw_schema = (char *)"MB:0=20" };

	make_group(f->root, "gold", "MB:0=30\nL3:0=f\n");
	assert_int_equal(rdt_apply_in(f->root, &r, "c1", 77, &e), -EINVAL);
	assert_string_equal(e.text, "resctrl group gold is there and differs from \"MB:0=20\"");
	assert_string_equal(content(f->root, "gold/tasks"), "");
	write_file(f->root, "gold/schemata", "MB:0=20\nL3:0=f\n");
	assert_int_equal(rdt_apply_in(f->root, &r, "c1", 77, &e), 0);
	assert_string_equal(content(f->root, "gold/tasks"), "77\n");
}

static void a_new_group_is_made_for_schemata_or_the_container(void **state)
{
	struct fixture *f = *state;
	char *lines[] = { (char *)"L3:0=f" };
	struct oci_intel_rdt named = { .clos_id = (char *)"new", .schemata = { lines, 1 } };
	struct oci_intel_rdt own = { 0 };
	struct stat st;

	/* The kernel would put the files into it. */
	assert_int_equal(rdt_apply_in(f->root, &named, "c1", 77, &e), -ENOENT);
	assert_non_null(strstr(e.text, "resctrl schema \"L3:0=f\""));
	assert_int_equal(fstatat(f->root, "new", &st, 0), 0);
	assert_int_equal(rdt_apply_in(f->root, &own, "c2", 77, &e), -ENOENT);
	assert_non_null(strstr(e.text, "put process 77 into resctrl group c2"));
	assert_int_equal(fstatat(f->root, "c2", &st, 0), 0);
	assert_int_equal(rdt_undo_in(f->root, "c2", &e), 0);
	assert_int_equal(fstatat(f->root, "c2", &st, 0), -1);
	assert_int_equal(rdt_undo_in(f->root, "c2", &e), 0);
}

static void the_monitoring_group_gets_the_task_as_well(void **state)
{
	struct fixture *f = *state;
	struct oci_intel_rdt r = { .clos_id = (char *)"gold", .enable_monitoring = true };

	make_group(f->root, "gold", "");
	assert_int_equal(rdt_join_in(f->root, &r, "c1", 5, &e), -ENOENT);
	make_group(f->root, "gold/mon_groups/c1", "");
	assert_int_equal(rdt_apply_in(f->root, &r, "c1", 77, &e), 0);
	assert_string_equal(content(f->root, "gold/mon_groups/c1/tasks"), "77\n");
	write_file(f->root, "gold/tasks", "");
	write_file(f->root, "gold/mon_groups/c1/tasks", "");
	assert_int_equal(rdt_join_in(f->root, &r, "c1", 78, &e), 0);
	assert_string_equal(content(f->root, "gold/tasks"), "78\n");
	assert_string_equal(content(f->root, "gold/mon_groups/c1/tasks"), "78\n");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(schemata_are_compared_by_value),
		TEST(only_what_is_the_container_s_is_planned),
		TEST(a_named_group_must_be_there_and_gets_the_task),
		TEST(a_group_that_differs_is_refused),
		TEST(a_new_group_is_made_for_schemata_or_the_container),
		TEST(the_monitoring_group_gets_the_task_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
