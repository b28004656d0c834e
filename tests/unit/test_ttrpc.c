/* SPDX-License-Identifier: Apache-2.0 */
/* ttrpc: what containerd, or somebody in its place, can send to the shim: frames, requests, garbage. */
#include "shim_stage.h"

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
		TEST(mutations_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
