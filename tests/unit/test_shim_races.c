/* SPDX-License-Identifier: Apache-2.0 */
/* shim_races: requests about a process that another request starts or deletes meanwhile. */
#include "shim_stage.h"

#include <signal.h>

#include "folder.h"
#include "state.h"
#include "statefile.h"
#include "waiters.h"

static char tmp[FOLDER_MAX];

#define TRIES 500 /* of PATIENCE_NS each, for what a child does */

static struct proc *make_proc(const char *id, const char *exec_id, enum record_state is)
{
	const char *const words[RECORD_WORDS] = { id, exec_id, "/nosuch/bundle", "", "", "" };
	struct err e = ERR_INIT;
	struct proc *p;

	assert_int_equal(proc_new(&shim, words, &p, &e), 0);
	p->r->has_pid_ns = true;
	p->r->pid = is == RECORD_CREATED && exec_id[0] ? 0 : 4711;
	if (is == RECORD_STOPPED)
		proc_set_exit(p, 3);
	p->r->state = is;
	return p;
}

static void ask_of(uint32_t stream, const char *method, const char *id, const char *exec_id)
{
	Task__ProcessRequest q = TASK__PROCESS_REQUEST__INIT;

	q.id = (char *)id;
	q.exec_id = (char *)exec_id;
	ask(stream, TASK, method, &q.base);
}

/* The next answer, which may take a child's time. */
static void await(int code, uint32_t stream)
{
	uint32_t of = 0;
	int got = -1;

	for (int i = 0; i < TRIES && got < 0; i++) {
		let_work();
		got = answer(&of, NULL, NULL);
	}
	assert_int_equal(of, stream);
	assert_int_equal(got, code);
}

static void await_status(uint32_t stream, unsigned status)
{
	uint8_t payload[256];
	size_t len = 0;
	uint32_t of = 0;
	int got = -1;

	for (int i = 0; i < TRIES && got < 0; i++) {
		let_work();
		got = answer(&of, payload, &len);
	}
	assert_int_equal(got, 0);
	assert_int_equal(of, stream);
	Task__WaitResponse *a = task__wait_response__unpack(NULL, len, payload);
	assert_non_null(a);
	assert_int_equal(a->exit_status, status);
	task__wait_response__free_unpacked(a, NULL);
}

/* A folder of states without a container: to remove one succeeds. */
static int open_runtime(void **state)
{
	struct err e = ERR_INIT;

	open_shim(state);
	folder_make(tmp);
	assert_int_equal(runtime_open(&shim.rt, tmp, &e), 0);
	return getrlimit(RLIMIT_NOFILE, &shim.nofile);
}

static int close_runtime(void **state)
{
	close_shim(state);
	runtime_close(&shim.rt);
	return folder_remove(tmp);
}

static void an_exec_is_deleted_before_it_is_started(void **state)
{
	(void)state;
	make_proc("c", "", RECORD_RUNNING);
	make_proc("c", "e", RECORD_CREATED);
	ask_of(1, "Wait", "c", "e");
	ask_of(3, "Wait", "c", "");
	expect_nothing();
	ask_of(5, "Delete", "c", "e");
	await(0, 5);
	await(RPC_NOT_FOUND, 1);
	/* Its record is another one's now, and nobody waits for that. */
	struct proc *other = make_proc("c", "f", RECORD_RUNNING);
	proc_set_exit(other, 9);
	proc_try_end(other);
	expect_nothing();
	ask_of(7, "Delete", "c", "e");
	await(RPC_NOT_FOUND, 7);
}

static void a_container_is_deleted_with_its_execs(void **state)
{
	(void)state;
	make_proc("c", "", RECORD_STOPPED);
	make_proc("c", "never", RECORD_CREATED);
	make_proc("c", "was", RECORD_STOPPED);
	ask_of(1, "Wait", "c", "never");
	expect_nothing();
	ask_of(3, "Delete", "c", "");
	await(RPC_NOT_FOUND, 1);
	await(0, 3);
	ask_of(5, "State", "c", "was");
	await(RPC_NOT_FOUND, 5);
	let_work();
	assert_null(shim.procs);
}

/* Its exec, which runs already, ends before it, and both before the answer. */
static void a_created_container_is_deleted(void **state)
{
	(void)state;
	make_proc("c", "", RECORD_CREATED);
	struct proc *exec = make_proc("c", "e", RECORD_RUNNING);
	ask_of(1, "Wait", "c", "");
	ask_of(3, "Wait", "c", "e");
	ask_of(5, "Delete", "c", "");
	ask_of(7, "Delete", "c", "");
	while (shim.jobs || !shim.procs->next->deleting)
		let_work();
	expect_nothing();
	/* Nothing is started in it any more. */
	ask_of(9, "Start", "c", "e");
	await(RPC_FAILED_PRECONDITION, 9);
	proc_set_exit(exec, 137);
	proc_try_end(exec);
	await_status(3, 137);
	await_status(1, 137);
	await(0, 5);
	await(RPC_NOT_FOUND, 7);
	assert_null(shim.procs);
}

static void two_delete_and_the_first_fails(void **state)
{
	int root_fd = shim.rt.root_fd;

	(void)state;
	make_proc("c", "", RECORD_STOPPED);
	shim.rt.root_fd = FD_NONE;
	ask_of(1, "Delete", "c", "");
	await(RPC_UNKNOWN, 1);
	shim.rt.root_fd = root_fd;
	ask_of(3, "Delete", "c", "");
	ask_of(5, "Delete", "c", "");
	ask_of(7, "Delete", "c", "");
	await(0, 3);
	await(RPC_NOT_FOUND, 5);
	await(RPC_NOT_FOUND, 7);
}

static void what_would_miss_a_start_waits_for_it(void **state)
{
	Task__KillRequest kill = TASK__KILL_REQUEST__INIT;
	Task__ResizePtyRequest resize = TASK__RESIZE_PTY_REQUEST__INIT;
	Task__CloseIORequest close_io = TASK__CLOSE_IOREQUEST__INIT;
	struct proc *p;

	(void)state;
	make_proc("c", "", RECORD_RUNNING);
	p = make_proc("c", "e", RECORD_CREATED);
	p->busy = p->r->terminal = true;
	kill.id = resize.id = close_io.id = "c";
	kill.exec_id = resize.exec_id = close_io.exec_id = "e";
	kill.signal = SIGKILL;
	close_io.stdin = true;
	ask(1, TASK, "ResizePty", &resize.base);
	ask(3, TASK, "CloseIO", &close_io.base);
	ask(5, TASK, "Kill", &kill.base);
	ask_of(7, "Delete", "c", "e");
	expect_nothing();
	/* It could not be started. */
	p->busy = false;
	proc_set_exit(p, 255);
	proc_end_untold(p);
	waiters_go_on(p);
	await(0, 1);
	await(0, 3);
	await(RPC_NOT_FOUND, 5);
	await(0, 7);
	ask_of(9, "Wait", "c", "e");
	await(RPC_NOT_FOUND, 9);
}

/* Whoever has the answer to Delete hangs up: none is to come after it. */
static void a_kill_is_answered_before_delete(void **state)
{
	Task__KillRequest kill = TASK__KILL_REQUEST__INIT;
	struct state c = { .version = 1, .id = "c" };
	struct proc *p = make_proc("c", "", RECORD_RUNNING);
	struct err e = ERR_INIT;
	int folder = statefile_make_dir(&shim.rt, "c", &e); /* the child that kills waits for its lock */

	(void)state;
	assert_true(folder >= 0);
	assert_int_equal(statefile_save(folder, &c, &e), 0);
	kill.id = "c";
	kill.signal = SIGKILL;
	kill.all = true;
	ask(1, TASK, "Kill", &kill.base);
	expect_nothing();
	proc_set_exit(p, 137);
	proc_try_end(p);
	assert_int_equal(renameat(shim.rt.root_fd, "c", shim.rt.root_fd, "was"), 0);
	ask_of(3, "Delete", "c", "");
	expect_nothing();
	close(folder);
	await(RPC_UNKNOWN, 1);
	await(0, 3);
}

/* As behind containerd's own shim: it is there when Create has been answered. */
static void what_is_being_created_is_not_found(void **state)
{
	struct proc *p = make_proc("c", "", RECORD_NEW);

	(void)state;
	p->busy = true;
	for (const char *const *m = (const char *const[]){ "State", "Wait", "Start", "Delete", "Kill", NULL }; *m; m++) {
		ask_of(1, *m, "c", "");
		await(RPC_NOT_FOUND, 1);
	}
}

#define RACE(name) cmocka_unit_test_setup_teardown(name, open_runtime, close_runtime)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RACE(an_exec_is_deleted_before_it_is_started),
		RACE(a_container_is_deleted_with_its_execs),
		RACE(a_created_container_is_deleted),
		RACE(two_delete_and_the_first_fails),
		RACE(what_would_miss_a_start_waits_for_it),
		RACE(a_kill_is_answered_before_delete),
		RACE(what_is_being_created_is_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
