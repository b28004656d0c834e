/* SPDX-License-Identifier: Apache-2.0 */
/* program: how a program is looked up, and the words when it is not there. */
#include "own_folder.h"

static void make_file(const char *name, mode_t mode)
{
	char path[FOLDER_MAX + 64];

	snprintf(path, sizeof path, "%s/%s", tmp, name);
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, mode);
	assert_true(fd >= 0);
	close(fd);
}

static void programs_are_found_with_the_words_callers_match(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	char path[FOLDER_MAX + 64], *found;
	struct err e;

	(void)state;
	make_file("tool", 0755);
	make_file("data", 0644);
	snprintf(path, sizeof path, "PATH=/nonexistent:%s", tmp);
	char *env[] = { (char *)"A=b", path, NULL };
	assert_int_equal(program_find(&a, "tool", env, &found, &e), 0);
	assert_memory_equal(found, tmp, strlen(tmp));
	assert_int_equal(program_find(&a, "none", env, &found, &e), -ENOENT);
	assert_non_null(strstr(e.text, "executable file not found in $PATH"));
	assert_int_equal(program_find(&a, "", env, &found, &e), -ENOENT);
	assert_int_equal(program_find(&a, "data", env, &found, &e), -EACCES);
	assert_non_null(strstr(e.text, "permission denied"));
	assert_int_equal(program_find(&a, "/no/such", env, &found, &e), -ENOENT);
	assert_non_null(strstr(e.text, "no such file or directory"));
	assert_int_equal(program_find(&a, tmp, env, &found, &e), -EISDIR);
	assert_non_null(strstr(e.text, "permission denied"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_are_found_with_the_words_callers_match),
	};

	return cmocka_run_group_tests(tests, make_tmp, remove_tmp);
}
