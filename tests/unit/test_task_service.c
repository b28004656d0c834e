/* SPDX-License-Identifier: Apache-2.0 */
/* task_service: what methods of the task service answer, without a container; the ledger and the address. */
#include "shim_stage.h"

/* -- waiting ----------------------------------------------------------------------------------- */

static struct proc *make_proc(const char *id, const char *exec_id)
{
	const char *const words[RECORD_WORDS] = { id, exec_id, "/bundle", "", "", "" };
	struct err e = ERR_INIT;
	struct proc *p;

	assert_int_equal(proc_new(&shim, words, &p, &e), 0);
	p->r->state = RECORD_RUNNING;
	p->r->pid = 4711;
	p->r->has_pid_ns = true;
	return p;
}

static void who_waits_is_answered_at_the_end(void **state)
{
	Task__ProcessRequest q = TASK__PROCESS_REQUEST__INIT;
	struct proc *init = make_proc("c", ""), *exec = make_proc("c", "e");
	uint8_t payload[256];
	uint32_t of;
	size_t len = 0;

	(void)state;
	q.id = "c";
	ask(1, TASK, "Wait", &q.base);
	ask(3, TASK, "Wait", &q.base);
	q.exec_id = "e";
	ask(5, TASK, "Wait", &q.base);
	expect_nothing();
	/* Init has ended, but its exec is not known to have. */
	proc_set_exit(init, 9);
	proc_try_end(init);
	expect_nothing();
	proc_set_exit(exec, 7);
	proc_try_end(exec);
	let_work();
	assert_int_equal(answer(&of, payload, &len), 0);
	assert_int_equal(of, 5);
	Task__WaitResponse *a = task__wait_response__unpack(NULL, len, payload);
	assert_int_equal(a->exit_status, 7);
	task__wait_response__free_unpacked(a, NULL);
	assert_int_equal(answer(&of, NULL, NULL), 0);
	assert_int_equal(of, 1);
	assert_int_equal(answer(&of, NULL, NULL), 0);
	assert_int_equal(of, 3);
	/* And who asks later at once. */
	ask(7, TASK, "Wait", &q.base);
	expect(0, 7);
	assert_true(init->r->exit_told && exec->r->exit_told);
}

static void calls_of_a_lost_connection_are_dropped(void **state)
{
	Task__ProcessRequest q = TASK__PROCESS_REQUEST__INIT;
	struct proc *init = make_proc("c", "");

	(void)state;
	q.id = "c";
	ask(1, TASK, "Wait", &q.base);
	let_work();
	assert_true(shim.ledger->calls[0].open);
	shutdown(client, SHUT_RDWR);
	let_work();
	assert_false(shim.ledger->calls[0].open);
	proc_set_exit(init, 0);
	proc_try_end(init);
}

static void a_state_has_go_s_zero_time_while_it_runs(void **state)
{
	Task__ProcessRequest q = TASK__PROCESS_REQUEST__INIT;
	uint8_t payload[512];
	uint32_t of;
	size_t len = 0;

	(void)state;
	make_proc("c", "");
	q.id = "c";
	ask(1, TASK, "State", &q.base);
	let_work();
	assert_int_equal(answer(&of, payload, &len), 0);
	Task__StateResponse *a = task__state_response__unpack(NULL, len, payload);
	assert_int_equal(a->status, TASK__STATUS__RUNNING);
	assert_int_equal(a->exited_at->seconds, -62135596800LL);
	assert_string_equal(a->bundle, "/bundle");
	task__state_response__free_unpacked(a, NULL);
}

static void an_exec_without_a_process_is_refused(void **state)
{
	Task__ExecProcessRequest q = TASK__EXEC_PROCESS_REQUEST__INIT;
	Task__Any spec = TASK__ANY__INIT;

	(void)state;
	make_proc("c", "");
	q.id = "c";
	q.exec_id = "e";
	ask(1, TASK, "Exec", &q.base);
	expect(RPC_INVALID, 1);
	q.spec = &spec;
	ask(3, TASK, "Exec", &q.base);
	expect(RPC_INVALID, 3);
	spec.value = (ProtobufCBinaryData){ 2, (uint8_t *)"{}" };
	q.exec_id = "../e";
	ask(5, TASK, "Exec", &q.base);
	expect(RPC_UNKNOWN, 5);
	assert_null(proc_find(&shim, "c", "../e"));
}

static void ids_that_are_paths_are_refused(void **state)
{
	Task__CreateTaskRequest q = TASK__CREATE_TASK_REQUEST__INIT;

	(void)state;
	q.id = "../c";
	q.bundle = "/";
	ask(1, TASK, "Create", &q.base);
	expect(RPC_UNKNOWN, 1);
	q.id = "c";
	q.checkpoint = "/x";
	ask(3, TASK, "Create", &q.base);
	expect(RPC_UNIMPLEMENTED, 3);
	q.checkpoint = "";
	q.stdout = "ftp://x";
	ask(5, TASK, "Create", &q.base);
	expect(RPC_UNIMPLEMENTED, 5);
	q.stdout = "/nosuch/fifo";
	ask(7, TASK, "Create", &q.base);
	expect(RPC_UNKNOWN, 7);
	assert_null(shim.procs);
}

/* -- the ledger -------------------------------------------------------------------------------- */

static void the_ledger_has_bounds(void **state)
{
	struct ledger *l = shim.ledger;
	char big[RECORD_TEXT];
	const char *const words[RECORD_WORDS] = { "i", "e", "b", "0", "1", "2" };
	const char *const long_words[RECORD_WORDS] = { "i", "", big, "", "", "" };
	struct err e = ERR_INIT;
	struct record *r, *first;

	(void)state;
	memset(big, 'x', sizeof big);
	big[sizeof big - 1] = '\0';
	assert_int_equal(record_new(l, long_words, &r, &e), -ENAMETOOLONG);
	assert_int_equal(record_new(l, words, &first, &e), 0);
	assert_string_equal(record_text(first, RECORD_STDERR), "2");
	uint32_t serial = first->serial;
	record_free(first);
	assert_int_equal(record_new(l, words, &r, &e), 0);
	assert_ptr_equal(r, first);
	assert_int_not_equal(r->serial, serial);
	for (int i = 0; i < CALLS_MAX; i++)
		assert_non_null(call_new(l, 0, 1, 0));
	assert_null(call_new(l, 0, 1, 0));
	ask(1, TASK, "Connect", NULL);
	expect(RPC_EXHAUSTED, 1);
}

static void the_address_is_the_one_that_containerd_computes(void **state)
{
	char path[ADDRESS_MAX];

	(void)state;
	address_name("/run/containerd/containerd.sock", "default", "x", path);
	assert_string_equal(path, "/run/containerd/s/"
			    "5e250b13f984a15f73216d143af1bf3c64171aa56c781ba9d4040c75b2c1eee2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_waits_is_answered_at_the_end),
		TEST(calls_of_a_lost_connection_are_dropped),
		TEST(a_state_has_go_s_zero_time_while_it_runs),
		TEST(an_exec_without_a_process_is_refused),
		TEST(ids_that_are_paths_are_refused),
		TEST(the_ledger_has_bounds),
		TEST(the_address_is_the_one_that_containerd_computes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
