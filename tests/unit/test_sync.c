/* SPDX-License-Identifier: Apache-2.0 */
/* sync: the frames between hart and a container, and the gate. */
#include "own_folder.h"

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
		cmocka_unit_test(sync_carries_frames_and_errors),
		cmocka_unit_test(sync_refuses_garbage),
		cmocka_unit_test(the_gate_reports_what_became_of_exec),
	};

	return cmocka_run_group_tests(tests, make_tmp, remove_tmp);
}
