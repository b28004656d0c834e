/* SPDX-License-Identifier: Apache-2.0 */
/* path: the door to everything below a hostile root. */
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <sys/wait.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/path.h"
#include "folder.h"

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE (1 << 1)
#endif

static char top[FOLDER_MAX];
static int top_fd, root_fd;

static int set_up(void **state)
{
	(void)state;
	if (folder_make(top) < 0)
		return -1;
	top_fd = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (mkdirat(top_fd, "root", 0755) || mkdirat(top_fd, "outside", 0755) ||
	    mkdirat(top_fd, "outside/etc", 0755))
		return -1;
	root_fd = openat(top_fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root_fd < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	return folder_remove(top);
}

/* Where an fd points, as a path below `top`. */
static const char *where(int fd)
{
	static char path[PATH_MAX];
	ssize_t n = readlink(path_of_fd(fd).text, path, sizeof path - 1);

	assert_true(n > 0);
	path[n] = '\0';
	assert_memory_equal(path, top, strlen(top));
	close(fd);
	return path + strlen(top);
}

static bool exists(const char *path)
{
	struct stat st;

	return fstatat(top_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static void links_stay_inside(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(mkdirat(root_fd, "etc", 0755), 0);
	assert_int_equal(symlinkat("/etc", root_fd, "abs"), 0);
	assert_int_equal(symlinkat("../../../etc", root_fd, "up"), 0);
	assert_int_equal(symlinkat("/proc/self/root", root_fd, "magic"), 0);
	assert_string_equal(where(path_open_in(root_fd, "/abs", O_PATH, &e)), "/root/etc");
	assert_string_equal(where(path_open_in(root_fd, "up", O_PATH, &e)), "/root/etc");
	assert_string_equal(where(path_open_in(root_fd, "../../..", O_PATH, &e)), "/root");
	assert_int_equal(path_open_in(root_fd, "magic", O_PATH, &e), -ENOENT);
	assert_non_null(strstr(e.text, "magic"));
	assert_int_equal(path_try_open_nofollow(root_fd, "abs", O_PATH | O_DIRECTORY), -ENOTDIR);
}

static void magic_links_are_refused(void **state)
{
	_cleanup_fd_ int host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char name[64];

	(void)state;
	snprintf(name, sizeof name, "/proc/self/fd/%d", root_fd);
	assert_int_equal(path_try_open_in(host, name, O_PATH), -ELOOP);
}

static void folders_are_made(void **state)
{
	struct err e = ERR_INIT;
	struct stat st;

	(void)state;
	mode_t was = umask(0);
	assert_string_equal(where(path_mkdirs_in(root_fd, "/a//b/./c/", 0711, &e)), "/root/a/b/c");
	assert_string_equal(where(path_mkdirs_in(root_fd, "a/b/c", 0700, &e)), "/root/a/b/c");
	umask(was);
	assert_int_equal(fstatat(root_fd, "a/b", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(fstatat(root_fd, "a/b/c", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0711);
	assert_string_equal(where(path_mkdirs_in(root_fd, "abs/new", 0755, &e)), "/root/etc/new");
	assert_string_equal(where(path_mkdirs_in(root_fd, "/", 0755, &e)), "/root");
	assert_int_equal(path_mkdirs_in(root_fd, "missing/../x", 0755, &e), -EINVAL);
	assert_false(exists("root/x"));
	assert_false(exists("outside/etc/new"));
}

static void dangling_links_are_made_inside(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(mkdirat(root_fd, "var", 0755), 0);
	assert_int_equal(symlinkat("/run", root_fd, "var/run"), 0);
	assert_int_equal(symlinkat("../../../../outside/made", root_fd, "var/out"), 0);
	assert_int_equal(symlinkat("loop", root_fd, "loop"), 0);
	assert_string_equal(where(path_mkdirs_in(root_fd, "/var/run/secrets/x", 0755, &e)),
			    "/root/run/secrets/x");
	assert_string_equal(where(path_mkdirs_in(root_fd, "/var/out", 0755, &e)),
			    "/root/outside/made");
	assert_false(exists("outside/made"));
	assert_int_equal(path_mkdirs_in(root_fd, "loop/x", 0755, &e), -ELOOP);
}

static void files_are_made(void **state)
{
	struct err e = ERR_INIT;
	const char *name;

	(void)state;
	assert_string_equal(where(path_mkfile_in(root_fd, "f/g/h", 0644, &e)), "/root/f/g/h");
	assert_string_equal(where(path_mkfile_in(root_fd, "f/g/h", 0644, &e)), "/root/f/g/h");
	assert_string_equal(where(path_mkfile_in(root_fd, "f/g", 0644, &e)), "/root/f/g");
	assert_int_equal(symlinkat("/etc/resolv", root_fd, "f/l"), 0);
	assert_string_equal(where(path_mkfile_in(root_fd, "f/l", 0644, &e)), "/root/etc/resolv");
	assert_int_equal(path_mkdirs_in(root_fd, "f/g/h/i", 0755, &e), -ENOTDIR);
	assert_string_equal(where(path_parent_in(root_fd, "/p/q/r", &name, &e)), "/root/p/q");
	assert_string_equal(name, "r");
	assert_string_equal(where(path_parent_in(root_fd, "r", &name, &e)), "/root");
	assert_int_equal(path_parent_in(root_fd, "p/..", &name, &e), -EINVAL);
	assert_int_equal(path_parent_in(root_fd, "p/", &name, &e), -EINVAL);
}

static void long_paths_are_errors(void **state)
{
	struct err e = ERR_INIT;
	static char longer[65536];

	(void)state;
	memset(longer, 'a', sizeof longer - 1);
	assert_int_equal(path_open_in(root_fd, longer, O_PATH, &e), -ENAMETOOLONG);
	assert_int_equal(path_mkdirs_in(root_fd, longer, 0755, &e), -ENAMETOOLONG);
	assert_int_equal(path_mkfile_in(root_fd, longer, 0755, &e), -ENAMETOOLONG);
	longer[300] = '\0';
	assert_int_equal(path_mkdirs_in(root_fd, longer, 0755, &e), -ENAMETOOLONG);
}

/* Swaps root/race/dir (a folder) with root/race/link (-> ../../outside) until it is killed. */
static pid_t start_racer(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	int fd = openat(root_fd, "race", O_PATH | O_DIRECTORY);
	for (;;)
		renameat2(fd, "dir", fd, "link", RENAME_EXCHANGE);
}

static void races_stay_inside(void **state)
{
	struct err e = ERR_INIT;
	int made = 0;

	(void)state;
	assert_int_equal(mkdirat(root_fd, "race", 0755), 0);
	assert_int_equal(mkdirat(root_fd, "race/dir", 0755), 0);
	assert_int_equal(symlinkat("../../outside", root_fd, "race/link"), 0);
	pid_t racer = start_racer();
	assert_true(racer > 0);
	for (int i = 0; i < 3000; i++) {
		char path[64];
		snprintf(path, sizeof path, "race/dir/../dir/d%d/e", i);
		int fd = path_mkdirs_in(root_fd, path, 0755, &e);
		if (fd < 0)
			continue;
		assert_memory_equal(where(fd), "/root/", 6);
		made++;
		snprintf(path, sizeof path, "outside/d%d", i);
		assert_false(exists(path));
	}
	kill(racer, SIGKILL);
	waitpid(racer, NULL, 0);
	assert_true(made > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_stay_inside),
		cmocka_unit_test(magic_links_are_refused),
		cmocka_unit_test(folders_are_made),
		cmocka_unit_test(dangling_links_are_made_inside),
		cmocka_unit_test(files_are_made),
		cmocka_unit_test(long_paths_are_errors),
		cmocka_unit_test(races_stay_inside),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
