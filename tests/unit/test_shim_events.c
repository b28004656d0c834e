/* SPDX-License-Identifier: Apache-2.0 */
/* shim_events: events to containerd: in order, again when there is no answer, with a bound. The test is containerd. */
#include "shim_stage.h"

#include <poll.h>
#include <sys/un.h>

#include "events.pb-c.h"
#include "folder.h"
#include "within.h"

#define TRIES 500 /* of PATIENCE_NS each */

static char tmp[FOLDER_MAX], address[FOLDER_MAX + 16];
static int listener, daemon_fd;
static unsigned flushes;

static void count_flush(struct events *ev)
{
	(void)ev;
	flushes++;
}

static int open_events(void **state)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	open_shim(state);
	folder_make(tmp);
	snprintf(address, sizeof address, "%s/ttrpc", tmp);
	assert_true(strlen(address) < sizeof at.sun_path);
	memcpy(at.sun_path, address, strlen(address) + 1);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(listener, 8), 0);
	daemon_fd = FD_NONE;
	flushes = 0;
	events_init(&shim.events, &shim.loop, &shim.ledger->events, address, "test", count_flush);
	return 0;
}

static int close_events(void **state)
{
	events_close(&shim.events);
	close_shim(state);
	fd_close(&daemon_fd);
	close(listener);
	return folder_remove(tmp);
}

static void publish(const char *id, const char *topic, enum event_need need)
{
	Events__TaskStart event = EVENTS__TASK_START__INIT;
	struct err e = ERR_INIT;

	event.container_id = (char *)id;
	assert_int_equal(events_publish(&shim.events, topic, "containerd.events.TaskStart", &event.base, need, &e), 0);
}

/* -- containerd -------------------------------------------------------------------------------- */

static bool is_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	for (int i = 0; i < TRIES; i++) {
		let_work();
		if (poll(&p, 1, 0) > 0)
			return true;
	}
	return false;
}

static void take_connection(void)
{
	fd_close(&daemon_fd);
	assert_true(is_readable(listener));
	daemon_fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(daemon_fd >= 0);
}

/* Receives an event; the stream that it wants its answer on. */
static uint32_t receive(const char *id)
{
	static uint8_t data[8192];
	uint8_t head[FRAME_HEADER];
	struct frame f;

	assert_true(is_readable(daemon_fd));
	assert_int_equal(recv(daemon_fd, head, sizeof head, MSG_WAITALL), sizeof head);
	frame_get(head, &f);
	assert_int_equal(f.type, FRAME_REQUEST);
	assert_int_equal(recv(daemon_fd, data, f.length, MSG_WAITALL), f.length);
	Ttrpc__Request *q = ttrpc__request__unpack(NULL, f.length, data);
	assert_non_null(q);
	assert_string_equal(q->method, "Forward");
	Events__ForwardRequest *forward = events__forward_request__unpack(NULL, q->payload.len, q->payload.data);
	assert_non_null(forward);
	Events__TaskStart *event = events__task_start__unpack(NULL, forward->envelope->event->value.len,
							      forward->envelope->event->value.data);
	assert_string_equal(event->container_id, id);
	events__task_start__free_unpacked(event, NULL);
	events__forward_request__free_unpacked(forward, NULL);
	ttrpc__request__free_unpacked(q, NULL);
	return f.stream;
}

static void acknowledge(uint32_t stream, int code)
{
	Ttrpc__Status status = TTRPC__STATUS__INIT;
	Ttrpc__Response r = TTRPC__RESPONSE__INIT;
	uint8_t data[128];
	struct frame f = { .stream = stream, .type = FRAME_RESPONSE };

	status.code = code;
	status.message = "no";
	if (code)
		r.status = &status;
	f.length = (uint32_t)ttrpc__response__pack(&r, data + FRAME_HEADER);
	frame_put(&f, data);
	assert_int_equal(write(daemon_fd, data, FRAME_HEADER + f.length), FRAME_HEADER + f.length);
}

static void nothing_comes(void)
{
	struct pollfd p = { .fd = daemon_fd, .events = POLLIN };

	let_work();
	assert_int_equal(poll(&p, 1, 0), 0);
}

/* -- tests ------------------------------------------------------------------------------------- */

static void one_after_the_other(void **state)
{
	(void)state;
	publish("1", "/tasks/create", EVENT_NEEDED);
	publish("2", "/tasks/start", EVENT_NEEDED);
	publish("3", "/tasks/exit", EVENT_NEEDED);
	take_connection();
	uint32_t stream = receive("1");
	nothing_comes();
	acknowledge(stream + 2, 0); /* of another one */
	nothing_comes();
	acknowledge(stream, 0);
	acknowledge(receive("2"), 0);
	assert_int_equal(flushes, 0);
	acknowledge(receive("3"), 0);
	let_work();
	assert_int_equal(flushes, 1);
	assert_true(events_is_flushed(&shim.events));
}

static void without_an_answer_it_comes_again(void **state)
{
	(void)state;
	publish("1", "/tasks/create", EVENT_NEEDED);
	publish("2", "/tasks/start", EVENT_NEEDED);
	take_connection();
	receive("1");
	take_connection(); /* the first one is cut */
	acknowledge(receive("1"), 0);
	receive("2");
	shim.events.answer_ns = PATIENCE_NS;
	take_connection();
	receive("2");
	int silent = fd_take(&daemon_fd); /* it stays open, and says nothing */
	take_connection();
	shim.events.answer_ns = 60000000000LL;
	receive("2");
	close(silent);
}

static void what_is_refused_for_now_comes_again(void **state)
{
	(void)state;
	publish("1", "/tasks/create", EVENT_NEEDED);
	publish("2", "/tasks/start", EVENT_NEEDED);
	take_connection();
	acknowledge(receive("1"), RPC_UNAVAILABLE);
	acknowledge(receive("1"), RPC_DEADLINE);
	acknowledge(receive("1"), 0);
	acknowledge(receive("2"), RPC_INVALID);
	let_work();
	assert_true(events_is_flushed(&shim.events));
	/* One that can never be taken does not hold up the others for ever. */
	publish("3", "/tasks/start", EVENT_NEEDED);
	publish("4", "/tasks/start", EVENT_NEEDED);
	for (int i = 0; i < 6; i++)
		acknowledge(receive("3"), RPC_UNAVAILABLE);
	receive("4");
}

static void the_next_worker_sends_what_is_left(void **state)
{
	(void)state;
	publish("1", "/tasks/create", EVENT_NEEDED);
	publish("2", "/tasks/start", EVENT_NEEDED);
	publish("3", "/tasks/exit", EVENT_NEEDED);
	take_connection();
	acknowledge(receive("1"), 0);
	receive("2");
	events_close(&shim.events); /* killed */
	events_init(&shim.events, &shim.loop, &shim.ledger->events, address, "test", count_flush);
	publish("4", "/tasks/delete", EVENT_NEEDED);
	events_resume(&shim.events);
	take_connection();
	acknowledge(receive("2"), 0);
	acknowledge(receive("3"), 0);
	acknowledge(receive("4"), 0);
}

/* Beyond it nothing new is begun, and what can be done without is left out; ends are kept. */
static void the_queue_has_a_bound(void **state)
{
	Task__CreateTaskRequest q = TASK__CREATE_TASK_REQUEST__INIT;
	unsigned n = 0;

	(void)state;
	while (!events_are_many(&shim.events)) {
		publish("c", "/tasks/exit", EVENT_NEEDED);
		n++;
	}
	assert_within(n, 2000, 10000);
	publish("spare", "/tasks/oom", EVENT_SPARE);
	publish("end", "/tasks/exit", EVENT_NEEDED);
	q.id = "../c";
	ask(1, TASK, "Create", &q.base);
	expect(RPC_UNAVAILABLE, 1);
	take_connection();
	for (unsigned i = 0; i < 3; i++)
		acknowledge(receive("c"), 0);
	let_work();
	assert_false(events_are_many(&shim.events));
	ask(3, TASK, "Create", &q.base);
	expect(RPC_UNKNOWN, 3); /* its ID is no good */
	while (n > 4) {
		event_queue_drop_first(shim.events.queue);
		n--;
	}
	acknowledge(receive("c"), 0); /* which had been sent */
	acknowledge(receive("end"), 0);
}

static void a_ring(void **state)
{
	struct event_queue *q = &shim.ledger->events;
	static uint8_t big[300000];
	uint32_t len, put = 0, got = 0;
	uint8_t *data;

	(void)state;
	for (int round = 0; round < 200; round++) {
		while (memset(big, (int)(put % 251), sizeof big), event_queue_put(q, big, sizeof big - put % 1000))
			put++;
		for (int i = 0; i < 7; i++, got++) {
			data = event_queue_first(q, &len);
			assert_non_null(data);
			assert_int_equal(len, sizeof big - got % 1000);
			assert_int_equal(data[0], got % 251);
			assert_int_equal(data[len - 1], got % 251);
			free(data);
			event_queue_drop_first(q);
		}
	}
	assert_true(event_queue_bytes(q) <= EVENT_QUEUE_BYTES);
	for (; got < put; got++)
		event_queue_drop_first(q);
	assert_true(event_queue_is_empty(q));
	/* Empty, it begins at the front. */
	assert_true(event_queue_put(q, "x", 1));
	assert_int_equal(q->head, 0);
	event_queue_drop_first(q);
}

#define EVENTS_TEST(name) cmocka_unit_test_setup_teardown(name, open_events, close_events)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EVENTS_TEST(one_after_the_other),
		EVENTS_TEST(without_an_answer_it_comes_again),
		EVENTS_TEST(what_is_refused_for_now_comes_again),
		EVENTS_TEST(the_next_worker_sends_what_is_left),
		EVENTS_TEST(the_queue_has_a_bound),
		EVENTS_TEST(a_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
