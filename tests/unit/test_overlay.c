/* SPDX-License-Identifier: Apache-2.0 */
/* overlay: assembling for real (root only). */
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "folder.h"
#include "rootfs/overlay.h"
#include "rootfs/rmtree.h"

static char top[FOLDER_MAX];
static int top_fd;

static int set_up(void **state)
{
	(void)state;
	if (folder_make(top) < 0)
		return -1;
	top_fd = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	shell("cd %s && mkdir low low2 dir && echo low > low/f && echo two > low2/f && echo g > low2/g "
	      "&& chmod 711 low && chown 3:4 low", top);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(top_fd);
	return folder_remove(top);
}

static void must(int r, const struct err *e)
{
	if (r < 0)
		fail_msg("%s", e->text);
}

static void says(int fd, const char *path, const char *text)
{
	char data[64] = "";
	_cleanup_fd_ int f = openat(fd, path, O_RDONLY | O_CLOEXEC);

	assert_true(f >= 0);
	assert_true(read(f, data, sizeof data - 1) >= 0);
	assert_string_equal(data, text);
}

static void intents(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct overlay_opts o = { .id = "c1" };
	struct err e = ERR_INIT;
	const char *dir = "";

	(void)state;
	must(overlay_intent(&a, &o, &dir, &e), &e);
	assert_null(dir);
	o.upper = OVERLAY_DIR;
	o.dir = "/var/x";
	must(overlay_intent(&a, &o, &dir, &e), &e);
	assert_string_equal(dir, "/var/x/c1");
}

static void on_tmpfs(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	char *lower[] = { (char *)"low", (char *)"low2" };
	struct overlay_opts o = { .lower = { lower, 2 }, .id = "c1", .size = "1m" };
	struct err e = ERR_INIT;
	struct stat st;
	_cleanup_fd_ int fd = FD_NONE;

	(void)state;
	must(overlay_assemble(&a, top_fd, &o, &fd, &e), &e);
	says(fd, "f", "low\n");
	says(fd, "g", "g\n");
	assert_int_equal(fstatat(fd, ".", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0711);
	assert_true(st.st_uid == 3 && st.st_gid == 4);
	_cleanup_fd_ int f = openat(fd, "f", O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_int_equal(write(f, "new\n", 4), 4);
	says(fd, "f", "new\n");
	says(top_fd, "low/f", "low\n");
	/* The size holds. */
	static char big[2 << 20];
	assert_true(write(f, big, sizeof big) < (ssize_t)sizeof big);
	assert_int_equal(mkdirat(fd, "g2", 0755), 0);
}

static void in_a_folder(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	char dir[300], *lower[] = { (char *)"low" };
	struct overlay_opts o = { .lower = { lower, 1 }, .upper = OVERLAY_DIR, .id = "c1", .mark = "ours" };
	struct err e = ERR_INIT;
	const char *made;

	(void)state;
	snprintf(dir, sizeof dir, "%s/dir", top);
	o.dir = dir;
	must(overlay_intent(&a, &o, &made, &e), &e);
	int fd = FD_NONE;
	must(overlay_assemble(&a, top_fd, &o, &fd, &e), &e);
	assert_int_equal(mkdirat(fd, "d", 0755), 0);
	assert_int_equal(unlinkat(fd, "f", 0), 0);
	assert_int_equal(symlinkat("/etc", fd, "etc"), 0);
	says(top_fd, "low/f", "low\n");
	int again = FD_NONE;
	assert_int_equal(overlay_assemble(&a, top_fd, &o, &again, &e), -EEXIST);
	close(fd);
	must(overlay_remove(made, "another's", &e), &e);
	shell("test -e %s/c1/upper/d", dir);
	must(overlay_remove(made, o.mark, &e), &e);
	must(overlay_remove(made, o.mark, &e), &e);
	shell("test -z \"$(ls -A %s)\"", dir);
	assert_int_equal(access("/etc/passwd", F_OK), 0);
}

static void failures_leave_nothing(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	char dir[300], *lower[] = { (char *)"low", (char *)"missing" };
	struct overlay_opts o = { .lower = { lower, 2 }, .upper = OVERLAY_DIR, .id = "c1", .dir = dir,
				  .mark = "ours" };
	struct err e = ERR_INIT;
	int fd = FD_NONE;

	(void)state;
	snprintf(dir, sizeof dir, "%s/dir", top);
	assert_int_equal(overlay_assemble(&a, top_fd, &o, &fd, &e), -ENOENT);
	assert_non_null(strstr(e.text, "missing"));
	assert_int_equal(fd, FD_NONE);
	shell("test -z \"$(ls -A %s)\"", dir);
	o.lower.n = 0;
	assert_int_equal(overlay_assemble(&a, top_fd, &o, &fd, &e), -EINVAL);
}

/* Attack class 16. */
static void a_hundred_long_layers(void **state)
{
	enum { N = 100 };
	_cleanup_arena_ struct arena a = ARENA_INIT;
	char *lower[N], name[256];
	struct overlay_opts o = { .lower = { lower, N }, .id = "c1" };
	struct err e = ERR_INIT;
	_cleanup_fd_ int fd = FD_NONE;

	(void)state;
	memset(name, 'n', sizeof name - 1);
	name[240] = '\0';
	for (int i = 0; i < N; i++) {
		lower[i] = arena_printf(&a, "%s/%s-%d", top, name, i);
		assert_int_equal(mkdir(lower[i], 0755), 0);
		assert_int_equal(mkdir(arena_printf(&a, "%s/layer-%d", lower[i], i), 0755), 0);
	}
	must(overlay_assemble(&a, top_fd, &o, &fd, &e), &e);
	for (int i = 0; i < N; i++)
		assert_int_equal(faccessat(fd, arena_printf(&a, "layer-%d", i), F_OK, 0), 0);
}

/* Needs no root. */
static void deep_trees_are_removed(void **state)
{
	struct err e = ERR_INIT;
	int fd, next;

	(void)state;
	assert_int_equal(mkdirat(top_fd, "deep", 0755), 0);
	fd = openat(top_fd, "deep", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(fd, ".lifted-0", 0755), 0);
	assert_int_equal(symlinkat("/", fd, "root"), 0);
	for (int i = 0; i < 5000; i++) {
		assert_int_equal(mkdirat(fd, "d", 0755), 0);
		close(openat(fd, "file", O_CREAT | O_WRONLY | O_CLOEXEC, 0));
		next = openat(fd, "d", O_PATH | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		close(fd);
		fd = next;
	}
	close(fd);
	must(rmtree(top_fd, "deep", &e), &e);
	assert_int_equal(faccessat(top_fd, "deep", F_OK, AT_SYMLINK_NOFOLLOW), -1);
	must(rmtree(top_fd, "deep", &e), &e);
	assert_int_equal(access("/etc", F_OK), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest any_user[] = { cmocka_unit_test(intents), T(deep_trees_are_removed) };
	const struct CMUnitTest root_only[] = { T(on_tmpfs), T(in_a_folder), T(failures_leave_nothing),
						T(a_hundred_long_layers) };
	int failed = cmocka_run_group_tests(any_user, NULL, NULL);

	if (geteuid() != 0) {
		puts("assembling needs root: skipped");
		return failed;
	}
	return failed + cmocka_run_group_tests(root_only, NULL, NULL);
}
