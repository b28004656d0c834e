/* SPDX-License-Identifier: Apache-2.0 */
/* lsm: what is written where, in a folder that looks like procfs; this machine may have neither module. */
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

#include "base/err.h"
#include "folder.h"
#include "process/lsm.h"

static char folder[FOLDER_MAX];
static int procfd;

static int make_folder(void **state)
{
	(void)state;
	if (folder_make(folder) < 0)
		return -1;
	procfd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	mkdirat(procfd, "self", 0700);
	mkdirat(procfd, "self/attr", 0700);
	return mknodat(procfd, "self/attr/exec", S_IFREG | 0600, 0);
}

static int remove_folder(void **state)
{
	(void)state;
	close(procfd);
	return folder_remove(folder);
}

static const char *content(const char *path)
{
	static char text[600];
	int fd = openat(procfd, path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof text - 1);

	text[n < 0 ? 0 : n] = '\0';
	close(fd);
	return text;
}

static void apparmors_own_file_comes_first(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(mkdirat(procfd, "self/attr/apparmor", 0700), 0);
	assert_int_equal(mknodat(procfd, "self/attr/apparmor/exec", S_IFREG | 0600, 0), 0);
	assert_int_equal(lsm_apply_exec(procfd, "docker-default", NULL, &e), 0);
	assert_string_equal(content("self/attr/apparmor/exec"), "exec docker-default");
	assert_string_equal(content("self/attr/exec"), "");
}

static void put(const char *path, const char *text)
{
	int fd = openat(procfd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void unconfined_is_asked_for_by_who_is_confined(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(mkdirat(procfd, "self/attr/apparmor", 0700), 0);
	put("self/attr/apparmor/exec", "");
	put("self/attr/apparmor/current", "unconfined\n");
	assert_int_equal(lsm_apply_exec(procfd, "unconfined", NULL, &e), 0);
	assert_string_equal(content("self/attr/apparmor/exec"), "");
	put("self/attr/apparmor/current", "keeper (enforce)\n");
	assert_int_equal(lsm_apply_exec(procfd, "", NULL, &e), 0);
	assert_string_equal(content("self/attr/apparmor/exec"), "");
	assert_int_equal(lsm_apply_exec(procfd, "unconfined", NULL, &e), 0);
	assert_string_equal(content("self/attr/apparmor/exec"), "exec unconfined");
}

static void the_shared_file_is_next(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(lsm_apply_exec(procfd, "docker-default", "", &e), 0);
	assert_string_equal(content("self/attr/exec"), "exec docker-default");
}

static void a_label_is_written_as_it_is(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(lsm_apply_exec(procfd, "unconfined", "u:r:container_t:s0", &e), 0);
	assert_string_equal(content("self/attr/exec"), "u:r:container_t:s0");
}

static void nothing_is_written_for_nothing(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(lsm_apply_exec(-EBADF, NULL, NULL, &e), 0);
	assert_int_equal(lsm_apply_exec(-EBADF, "", "", &e), 0);
	assert_int_equal(lsm_apply_exec(-EBADF, "unconfined", NULL, &e), 0);
	assert_int_equal(lsm_check(NULL, NULL, &e), 0);
	assert_int_equal(lsm_check("unconfined", "", &e), 0);
}

static void failures_name_what_was_asked_for(void **state)
{
	struct err e = ERR_INIT;
	char name[5000];

	(void)state;
	unlinkat(procfd, "self/attr/exec", 0);
	assert_int_equal(lsm_apply_exec(procfd, "my-profile", NULL, &e), -ENOENT);
	assert_non_null(strstr(e.text, "apparmor profile \"my-profile\""));
	assert_int_equal(lsm_apply_exec(procfd, NULL, "my_label", &e), -ENOENT);
	assert_non_null(strstr(e.text, "selinux label \"my_label\""));
	memset(name, 'a', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	assert_int_equal(lsm_apply_exec(procfd, name, NULL, &e), -ENAMETOOLONG);
}

/* Modules that are not there are refused by name; where they are, other names pass. */
static void modules_are_looked_for(void **state)
{
	struct err e = ERR_INIT;
	int r = lsm_check("p", NULL, &e);

	(void)state;
	if (access("/sys/kernel/security/apparmor", F_OK) == 0)
		assert_int_equal(r, 0);
	else if (access("/sys/module/apparmor", F_OK) < 0)
		assert_int_equal(r, -ENOTSUP);
	r = lsm_check(NULL, "l", &e);
	assert_int_equal(r, access("/sys/fs/selinux/enforce", F_OK) == 0 ? 0 : -ENOTSUP);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(apparmors_own_file_comes_first), TEST(the_shared_file_is_next),
		TEST(unconfined_is_asked_for_by_who_is_confined),
		TEST(a_label_is_written_as_it_is),    TEST(nothing_is_written_for_nothing),
		TEST(failures_name_what_was_asked_for), cmocka_unit_test(modules_are_looked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
