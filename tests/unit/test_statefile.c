/* SPDX-License-Identifier: Apache-2.0 */
/* statefile: IDs, state folders, pid files, pids that are used again. */
#include "own_folder.h"

static void ids_are_strict(void **state)
{
	static const char *const good[] = { "a", "A-b_c.d+9", "..a", "0" };
	static const char *const bad[] = { "", ".", "..", "a/b", "a b", "a\n", "\xc3\xa4", "a:b", "~" };
	char longest[ID_MAX_BYTES + 2];
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_int_equal(id_check(good[i], &e), 0);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(id_check(bad[i], &e), -EINVAL);
	memset(longest, 'x', sizeof longest);
	longest[ID_MAX_BYTES] = '\0';
	assert_int_equal(id_check(longest, &e), 0);
	longest[ID_MAX_BYTES] = 'x';
	longest[ID_MAX_BYTES + 1] = '\0';
	assert_int_equal(id_check(longest, &e), -EINVAL);
}

static void pid_files_appear_whole(void **state)
{
	char path[FOLDER_MAX + 64], text[16] = "";
	struct err e;

	(void)state;
	snprintf(path, sizeof path, "%s/pid", tmp);
	assert_int_equal(pidfile_write(path, 4711, &e), 0);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, text, sizeof text), 4);
	assert_string_equal(text, "4711");
	close(fd);
	assert_int_equal(pidfile_write("/no/such/dir/pid", 1, &e), -ENOENT);
	assert_non_null(strstr(e.text, "/no/such/dir/pid"));
}

/* 16 processes want the same ID at once: one gets it (security.md 12). */
static void one_of_many_makes_the_folder(void **state)
{
	struct runtime rt = { open(tmp, O_PATH | O_DIRECTORY | O_CLOEXEC), tmp };
	int made = 0, status, go[2];
	struct err e;
	char c;

	(void)state;
	assert_int_equal(pipe(go), 0);
	for (int i = 0; i < 16; i++)
		if (fork() == 0) {
			close(go[1]);
			if (read(go[0], &c, 1) != 0)
				_exit(2);
			int fd = statefile_make_dir(&rt, "same", &e);
			_exit(fd >= 0 ? 0 : fd == -EEXIST ? 1 : 2);
		}
	close(go[0]);
	close(go[1]);
	while (wait(&status) > 0) {
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
		made += WEXITSTATUS(status) == 0;
	}
	assert_int_equal(made, 1);
	int fd = statefile_open_dir(&rt, "same", true, &e);
	assert_true(fd >= 0);
	assert_int_equal(statefile_remove(&rt, fd, "same", &e), 0);
	assert_int_equal(statefile_remove(&rt, fd, "same", &e), 0);
	close(fd);
	assert_int_equal(statefile_open_dir(&rt, "same", true, &e), -ENOENT);
	assert_string_equal(e.text, "container \"same\" does not exist");
	assert_int_equal(statefile_open_dir(&rt, "../x", true, &e), -EINVAL);
	close(rt.root_fd);
}

/* A pid alone names nobody: start time and boot must match too. */
static void recycled_pids_are_noticed(void **state)
{
	char boot_id[40];
	struct err e;
	struct state s = { .pid = getpid(), .boot_id = boot_id };

	(void)state;
	assert_int_equal(statefile_boot_id(boot_id, &e), 0);
	assert_int_equal(statefile_pid_start(getpid(), &s.pid_start, &e), 0);
	int fd = statefile_pidfd(&s);
	assert_true(fd >= 0);
	close(fd);
	s.pid_start++;
	assert_int_equal(statefile_pidfd(&s), FD_NONE);
	s.pid_start--;
	boot_id[0] ^= 1;
	assert_int_equal(statefile_pidfd(&s), FD_NONE);
	boot_id[0] ^= 1;
	s.pid = fork();
	if (s.pid == 0)
		_exit(0);
	waitpid((pid_t)s.pid, NULL, 0);
	assert_int_equal(statefile_pidfd(&s), FD_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_strict),
		cmocka_unit_test(pid_files_appear_whole),
		cmocka_unit_test(one_of_many_makes_the_folder),
		cmocka_unit_test(recycled_pids_are_noticed),
	};

	return cmocka_run_group_tests(tests, make_tmp, remove_tmp);
}
