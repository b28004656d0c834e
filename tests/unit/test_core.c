/* core: IDs, the sync protocol, program look-up, pid files, state folders, the gate. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "folder.h"
#include "id.h"
#include "pidfile.h"
#include "process/program.h"
#include "statefile.h"
#include "wire/gate.h"
#include "wire/sync.h"

static char tmp[FOLDER_MAX];

static int make_tmp(void **state)
{
	(void)state;
	return folder_make(tmp);
}

static int remove_tmp(void **state)
{
	(void)state;
	return folder_remove(tmp);
}

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

static void sync_carries_frames_and_errors(void **state)
{
	struct err e = ERR_INIT, sent = ERR_INIT;
	int s[2], value;

	(void)state;
	assert_int_equal(sync_pair(s, &e), 0);
	assert_int_equal(sync_send(s[0], SYNC_SECCOMP, 17, &e), 0);
	assert_int_equal(sync_recv(s[1], &value, &e), SYNC_SECCOMP);
	assert_int_equal(value, 17);
	assert_int_equal(sync_send(s[0], SYNC_UP, 0, &e), 0);
	assert_int_equal(sync_expect(s[1], SYNC_READY, &e), -EPROTO);
	err_set(&sent, EACCES, "mount /proc");
	sync_send_error(s[0], &sent);
	assert_int_equal(sync_recv(s[1], NULL, &e), -EACCES);
	assert_string_equal(e.text, "mount /proc: Permission denied");
	close(s[0]);
	assert_int_equal(sync_recv(s[1], NULL, &e), SYNC_EOF);
	assert_int_equal(sync_expect(s[1], SYNC_GO, &e), -EPIPE);
	assert_int_equal(sync_send(s[1], SYNC_GO, 0, &e), -EPIPE);
	close(s[1]);
}

/* The peer is hostile once it has entered the container. */
static void sync_refuses_garbage(void **state)
{
	static const struct {
		uint32_t words[4];
		size_t len;
	} frames[] = {
		{ { 1 }, 3 },		    /* shorter than a head */
		{ { 0, 0 }, 8 },	    /* no such type */
		{ { 99, 0 }, 8 },	    /* no such type */
		{ { SYNC_ERROR, 13 }, 8 },  /* an error without text */
		{ { SYNC_ERROR, 0, 'x' }, 12 }, /* an error without errno */
		{ { SYNC_ERROR, 0xffffffff, 'x' }, 12 },
	};
	struct err e;
	int s[2];

	(void)state;
	assert_int_equal(sync_pair(s, &e), 0);
	for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
		assert_int_equal(send(s[0], frames[i].words, frames[i].len, 0), frames[i].len);
		assert_int_equal(sync_recv(s[1], NULL, &e), -EPROTO);
	}
	char endless[ERR_TEXT_SIZE + 8];
	memset(endless, 'z', sizeof endless);
	memcpy(endless, (uint32_t[]){ SYNC_ERROR, EPERM }, 8);
	assert_int_equal(send(s[0], endless, sizeof endless, 0), sizeof endless);
	assert_int_equal(sync_recv(s[1], NULL, &e), -EPERM);
	assert_int_equal(strlen(e.text), ERR_TEXT_SIZE - 1);
	close(s[0]);
	close(s[1]);
}

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

static void the_gate_reports_what_became_of_exec(void **state)
{
	int dir = open(tmp, O_PATH | O_DIRECTORY | O_CLOEXEC), status;
	struct err e = ERR_INIT;

	(void)state;
	for (int fail = 0; fail < 2; fail++) {
		int gate = gate_listen(dir, &e);
		assert_true(gate >= 0);
		if (fork() == 0) {
			int fd = accept4(gate, NULL, NULL, SOCK_CLOEXEC);
			struct err why;
			if (sync_send(fd, SYNC_READY, 0, &why) < 0 ||
			    sync_expect(fd, SYNC_GO, &why) < 0 ||
			    sync_send(fd, SYNC_EXEC, 0, &why) < 0)
				_exit(1);
			if (!fail)
				_exit(0); /* as execve would: the socket closes */
			err_set(&why, ENOEXEC, "exec /bin/x");
			sync_send_error(fd, &why);
			_exit(0);
		}
		close(gate);
		int fd = gate_connect(dir, &e);
		assert_true(fd >= 0);
		assert_int_equal(gate_release(fd, true, &e), fail ? -ENOEXEC : 0);
		close(fd);
		assert_true(wait(&status) > 0 && status == 0);
		assert_true(gate_connect(dir, &e) < 0);
		assert_int_equal(unlinkat(dir, GATE_FILE, 0), 0);
	}
	close(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_strict),
		cmocka_unit_test(sync_carries_frames_and_errors),
		cmocka_unit_test(sync_refuses_garbage),
		cmocka_unit_test(programs_are_found_with_the_words_callers_match),
		cmocka_unit_test(pid_files_appear_whole),
		cmocka_unit_test(one_of_many_makes_the_folder),
		cmocka_unit_test(recycled_pids_are_noticed),
		cmocka_unit_test(the_gate_reports_what_became_of_exec),
	};

	return cmocka_run_group_tests(tests, make_tmp, remove_tmp);
}
