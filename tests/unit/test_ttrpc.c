/* What containerd, or somebody in its place, can send to the shim: frames, requests, and what is answered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "address.h"
#include "base/err.h"
#include "base/fd.h"
#include "frame.h"
#include "ledger.h"
#include "methods.h"
#include "proc.h"
#include "proc_end.h"
#include "rpc.h"
#include "task.pb-c.h"
#include "ttrpc.pb-c.h"

#define TASK "containerd.task.v2.Task"
#define PATIENCE_NS 20000000LL /* for what must not come */

static struct shim shim;
static int client, guardian[2];
static struct timer patience;

static int open_shim(void **state)
{
	struct err e = ERR_INIT;
	int pair[2];

	(void)state;
	shim = (struct shim){ .name_space = "test", .rt.root_fd = FD_NONE,
				.methods = methods };
	shim.guardian = shim.listener = shim.signals = SOURCE_INIT;
	shim.ledger = ledger_new(&e);
	assert_non_null(shim.ledger);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, guardian), 0);
	shim.guardian_fd = guardian[0];
	assert_int_equal(loop_init(&shim.loop, &e), 0);
	events_init(&shim.events, &shim.loop, NULL, "test", NULL);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(rpc_serve(&shim, 0, pair[1], &e), 0);
	client = pair[0];
	return 0;
}

static int close_shim(void **state)
{
	(void)state;
	if (shim.connections[0].open)
		stream_close(&shim.connections[0].stream);
	while (shim.procs)
		proc_free(shim.procs);
	loop_finish(&shim.loop);
	close(client);
	close(guardian[0]);
	close(guardian[1]);
	return 0;
}

static void stop(struct timer *t)
{
	(void)t;
	loop_stop(&shim.loop);
}

/* Lets the shim work until it has nothing more to do. */
static void let_work(void)
{
	struct err e = ERR_INIT;

	shim.loop.over = false;
	loop_timer(&shim.loop, &patience, PATIENCE_NS, stop);
	assert_int_equal(loop_run(&shim.loop, &e), 0);
}

static void send_frame(uint32_t length, uint32_t stream, uint8_t type, const void *data, size_t len)
{
	struct frame f = { .length = length, .stream = stream, .type = type };
	uint8_t head[FRAME_HEADER];

	frame_put(&f, head);
	assert_int_equal(write(client, head, sizeof head), sizeof head);
	if (len)
		assert_int_equal(write(client, data, len), len);
}

/* A whole request in `out`; its length. */
static size_t pack(uint8_t *out, const char *service, const char *method, const ProtobufCMessage *message)
{
	static uint8_t payload[4096];
	Ttrpc__Request q = TTRPC__REQUEST__INIT;

	q.service = (char *)service;
	q.method = (char *)method;
	q.payload.len = message ? protobuf_c_message_pack(message, payload) : 0;
	q.payload.data = payload;
	return ttrpc__request__pack(&q, out);
}

static void ask(uint32_t stream, const char *service, const char *method, const ProtobufCMessage *message)
{
	uint8_t data[4096];
	size_t len = pack(data, service, method, message);

	send_frame((uint32_t)len, stream, FRAME_REQUEST, data, len);
}

/* The code of the next answer; -1: none came. */
static int answer(uint32_t *ret_stream, uint8_t *payload, size_t *payload_len)
{
	uint8_t head[FRAME_HEADER], data[4096];
	struct frame f;

	if (recv(client, head, sizeof head, MSG_DONTWAIT) != (ssize_t)sizeof head)
		return -1;
	frame_get(head, &f);
	assert_int_equal(f.type, FRAME_RESPONSE);
	assert_true(f.length <= sizeof data);
	if (f.length)
		assert_int_equal(recv(client, data, f.length, 0), f.length);
	Ttrpc__Response *r = ttrpc__response__unpack(NULL, f.length, data);
	assert_non_null(r);
	int code = r->status ? r->status->code : 0;
	*ret_stream = f.stream;
	if (payload) {
		memcpy(payload, r->payload.data, r->payload.len);
		*payload_len = r->payload.len;
	}
	ttrpc__response__free_unpacked(r, NULL);
	return code;
}

static void expect(int code, uint32_t stream)
{
	uint32_t of;

	let_work();
	assert_int_equal(answer(&of, NULL, NULL), code);
	assert_int_equal(of, stream);
}

static void expect_nothing(void)
{
	uint32_t of;

	let_work();
	assert_int_equal(answer(&of, NULL, NULL), -1);
}

static void still_works(uint32_t stream)
{
	Task__ProcessRequest q = TASK__PROCESS_REQUEST__INIT;

	ask(stream, TASK, "Connect", &q.base);
	expect(0, stream);
}

/* -- frames ------------------------------------------------------------------------------------ */

static void a_stream_is_cut_into_frames(void **state)
{
	uint8_t in[] = { 0, 0, 0, 2, 0, 0, 1, 3, 1, 0, 'h', 'i', 0, 0 };
	const uint8_t *data;
	struct frame f;
	size_t used;

	(void)state;
	for (size_t n = 0; n < 12; n++)
		assert_int_equal(frame_next(in, n, &f, &data, &used), FRAME_MORE);
	assert_int_equal(frame_next(in, sizeof in, &f, &data, &used), FRAME_READY);
	assert_int_equal(used, 12);
	assert_int_equal(f.stream, 0x103);
	assert_memory_equal(data, "hi", 2);
	in[0] = 1;
	assert_int_equal(frame_next(in, sizeof in, &f, &data, &used), FRAME_TOO_LONG);
	assert_int_equal(used, FRAME_HEADER);
}

/* -- requests ---------------------------------------------------------------------------------- */

static void what_is_not_there_is_named(void **state)
{
	Task__ProcessRequest q = TASK__PROCESS_REQUEST__INIT;

	(void)state;
	q.id = "none";
	ask(1, "containerd.task.v1.Task", "State", &q.base);
	expect(RPC_UNIMPLEMENTED, 1);
	ask(3, TASK, "Fly", &q.base);
	expect(RPC_UNIMPLEMENTED, 3);
	ask(5, "containerd.runtime.sandbox.v1.Sandbox", "StartSandbox", NULL);
	expect(RPC_UNIMPLEMENTED, 5);
	for (const struct rpc_method *m = (const struct rpc_method[]){ { .name = "State" }, { .name = "Wait" },
			{ .name = "Start" }, { .name = "Delete" }, { .name = "Pids" }, { .name = "Stats" },
			{ .name = "Pause" }, { .name = "Resume" }, { .name = "Kill" }, { .name = "Exec" },
			{ .name = "ResizePty" }, { .name = "CloseIO" }, { 0 } }; m->name; m++) {
		ask(7, TASK, m->name, &q.base);
		expect(RPC_NOT_FOUND, 7);
	}
	ask(9, TASK, "Checkpoint", &q.base);
	expect(RPC_UNIMPLEMENTED, 9);
	ask(11, "containerd.task.v3.Task", "State", &q.base);
	expect(RPC_NOT_FOUND, 11);
	assert_int_equal(shim.ledger->calls_end, 1);
}

static void garbage_is_refused_and_the_connection_lives(void **state)
{
	uint8_t data[512];
	Task__ProcessRequest q = TASK__PROCESS_REQUEST__INIT;
	size_t len = pack(data, TASK, "State", &q.base);

	(void)state;
	memset(data + 100, 0xff, 100);
	send_frame(100, 1, FRAME_REQUEST, data + 100, 100);
	expect(RPC_INVALID, 1);
	send_frame((uint32_t)len, 2, FRAME_REQUEST, data, len);
	expect(RPC_INVALID, 2); /* an even stream */
	send_frame((uint32_t)len, 3, FRAME_DATA, data, len);
	expect_nothing();
	send_frame((uint32_t)len, 3, 77, data, len);
	expect_nothing();
	send_frame(0, 5, FRAME_REQUEST, NULL, 0);
	expect(RPC_UNIMPLEMENTED, 5); /* no service, no method */
	still_works(7);
}

static void a_payload_of_another_shape_is_refused(void **state)
{
	uint8_t request[512], payload[] = { 0x0a, 0x7f, 'x' }; /* a string of 127 bytes that is not there */
	Ttrpc__Request q = TTRPC__REQUEST__INIT;

	(void)state;
	q.service = TASK;
	q.method = "State";
	q.payload = (ProtobufCBinaryData){ sizeof payload, payload };
	size_t len = ttrpc__request__pack(&q, request);
	send_frame((uint32_t)len, 1, FRAME_REQUEST, request, len);
	expect(RPC_INVALID, 1);
}

static void a_frame_that_is_too_long_is_passed_over(void **state)
{
	static char much[65536];
	uint32_t left = FRAME_DATA_MAX + 1;

	(void)state;
	send_frame(left, 1, FRAME_REQUEST, NULL, 0);
	expect(RPC_EXHAUSTED, 1);
	while (left) {
		ssize_t n = send(client, much, left < sizeof much ? left : sizeof much, MSG_DONTWAIT);
		if (n > 0)
			left -= (uint32_t)n;
		else
			let_work();
	}
	let_work();
	still_works(3);
	assert_true(shim.connections[0].stream.in.cap < 1 << 20);
}

static void requests_come_in_pieces_and_in_bunches(void **state)
{
	uint8_t data[4096], frames[8192];
	Task__ProcessRequest q = TASK__PROCESS_REQUEST__INIT;
	size_t len = pack(data, TASK, "Connect", &q.base), at = 0;
	uint32_t of;

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		struct frame f = { .length = (uint32_t)len, .stream = 1 + 2 * i, .type = FRAME_REQUEST };
		frame_put(&f, frames + at);
		memcpy(frames + at + FRAME_HEADER, data, len);
		at += FRAME_HEADER + len;
	}
	for (size_t i = 0; i < at; i++) {
		assert_int_equal(write(client, frames + i, 1), 1);
		if (i % 16 == 0)
			let_work();
	}
	let_work();
	assert_int_equal(write(client, frames, at), at);
	let_work();
	for (uint32_t i = 0; i < 6; i++) {
		assert_int_equal(answer(&of, NULL, NULL), 0);
		assert_int_equal(of, 1 + 2 * (i % 3));
	}
}

static void who_leaves_is_forgotten(void **state)
{
	uint8_t half[] = { 0, 0, 0, 9, 0 };

	(void)state;
	assert_int_equal(write(client, half, sizeof half), sizeof half);
	let_work();
	assert_true(shim.connections[0].open);
	shutdown(client, SHUT_WR);
	let_work();
	assert_false(shim.connections[0].open);
}

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
	size_t len;

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
	size_t len;

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

/* -- anything ---------------------------------------------------------------------------------- */

/* Mutations of a request, the same ones every time. */
static void mutations_do_no_harm(void **state)
{
	Task__CreateTaskRequest q = TASK__CREATE_TASK_REQUEST__INIT;
	Task__Mount mount = TASK__MOUNT__INIT, *mounts[] = { &mount };
	Task__Any any = TASK__ANY__INIT;
	uint8_t base[1024], data[1024];
	unsigned seed = 1;

	(void)state;
	q.id = "c";
	q.bundle = "/nosuch";
	q.stdout = "ftp://refused";
	q.rootfs = mounts;
	q.n_rootfs = 1;
	q.options = &any;
	mount.type = "overlay";
	size_t len = pack(base, TASK, "Create", &q.base);
	for (int i = 0; i < 20000; i++) {
		memcpy(data, base, len);
		for (int k = rand_r(&seed) % 4; k >= 0; k--)
			data[rand_r(&seed) % (int)len] = (uint8_t)rand_r(&seed);
		/* A mutated scheme may be a path: it is not to be made. */
		rpc_request(&shim, 0, 1, data, len - (size_t)(rand_r(&seed) % 8));
		if (i % 64 == 0) {
			uint8_t sink[65536];
			while (recv(client, sink, sizeof sink, MSG_DONTWAIT) > 0)
				;
		}
	}
	assert_true(shim.connections[0].open);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_shim, close_shim)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_stream_is_cut_into_frames),
		TEST(what_is_not_there_is_named),
		TEST(garbage_is_refused_and_the_connection_lives),
		TEST(a_payload_of_another_shape_is_refused),
		TEST(a_frame_that_is_too_long_is_passed_over),
		TEST(requests_come_in_pieces_and_in_bunches),
		TEST(who_leaves_is_forgotten),
		TEST(who_waits_is_answered_at_the_end),
		TEST(calls_of_a_lost_connection_are_dropped),
		TEST(a_state_has_go_s_zero_time_while_it_runs),
		TEST(an_exec_without_a_process_is_refused),
		TEST(ids_that_are_paths_are_refused),
		TEST(mutations_do_no_harm),
		TEST(the_ledger_has_bounds),
		TEST(the_address_is_the_one_that_containerd_computes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
