/* SPDX-License-Identifier: Apache-2.0 */
/* ports_clients: whom clients of a held port reach, and that none of them is refused: ports_stage.h. */
#include "ports_stage.h"

/* -- tests ----------------------------------------------------------------------------------- */

static void clients_wait_while_nobody_serves_and_the_next_one_answers_them(void **state)
{
	struct world *w = *state;
	struct server a = start(w, 0, &plain);
	int waiting[10];

	ask(w, PORTS_ACTIVE, 0, NULL, NULL);
	open_port(&a);
	serve(&a);
	assert_int_equal(call_and_hear(), 'A');
	end(&a);
	wait_for_guard(w);
	for (int i = 0; i < 10; i++) {
		waiting[i] = call();
		assert_true(waiting[i] >= 0);
	}
	struct port_row row;
	row_of_port(w, &row);
	assert_int_equal(row.queued, 10);
	struct server b = start(w, 1, &plain);
	ask(w, PORTS_ACTIVE, 1, NULL, NULL);
	open_port(&b);
	serve(&b);
	for (int i = 0; i < 10; i++)
		assert_int_equal(answer(waiting[i], ANSWER_MS), 'B');
	assert_int_equal(call_and_hear(), 'B');
	end(&b);
}

static void one_that_is_not_active_gets_no_client(void **state)
{
	struct world *w = *state;
	struct server a = start(w, 0, &plain), b = start(w, 1, &plain);

	ask(w, PORTS_ACTIVE, 0, NULL, NULL);
	open_port(&a);
	open_port(&b);
	serve(&a);
	serve(&b);
	for (int i = 0; i < 100; i++)
		assert_int_equal(call_and_hear(), 'A');
	ask(w, PORTS_ACTIVE, 1, NULL, NULL);
	for (int i = 0; i < 100; i++)
		assert_int_equal(call_and_hear(), 'B');
	ask(w, PORTS_ACTIVE, 0, NULL, NULL);
	assert_int_equal(call_and_hear(), 'A');
	end(&a);
	end(&b);
}

static void what_waits_at_a_dead_one_moves_to_the_next(void **state)
{
	struct world *w = *state;
	struct server a = start(w, 0, &plain), b = start(w, 1, &plain);
	int waiting[10];

	ask(w, PORTS_ACTIVE, 0, NULL, NULL);
	open_port(&a); /* it never accepts */
	open_port(&b);
	serve(&b);
	for (int i = 0; i < 10; i++) {
		waiting[i] = call();
		assert_true(waiting[i] >= 0);
	}
	kill(a.pid, SIGKILL);
	ask(w, PORTS_ACTIVE, 1, NULL, NULL);
	ask(w, PORTS_RETIRE, 0, NULL, NULL);
	for (int i = 0; i < 10; i++)
		assert_int_equal(answer(waiting[i], ANSWER_MS), 'B');
	end(&a);
	end(&b);
}

static void datagrams_go_to_the_active_one(void **state)
{
	struct world *w = *state;
	struct behaviour udp = { .datagrams = true };
	struct server v[2] = { start(w, 0, &udp), start(w, 1, &udp) };
	struct sockaddr_in a = at(PORT);

	for (int i = 0; i < 2; i++) {
		assert_int_equal(write(v[i].go_fd, "l", 1), 1);
		assert_int_equal(heard(&v[i]), 0);
		serve(&v[i]);
	}
	for (int i = 0; i < 2; i++) {
		struct port_message m;
		struct pollfd told = { .fd = w->watch_fd, .events = POLLIN };
		assert_int_equal(poll(&told, 1, 5000), 1);
		assert_int_equal(port_message_receive(w->watch_fd, &m, NULL), 1);
		assert_int_equal(m.type, PORTS_LISTENS);
		assert_string_equal(m.text, "udp:127.0.0.1:8080");
	}
	for (int k = 0; k < 20; k++) {
		ask(w, PORTS_ACTIVE, k % 2, NULL, NULL);
		int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		assert_int_equal(connect(s, (struct sockaddr *)&a, sizeof a), 0);
		assert_int_equal(write(s, "?", 1), 1);
		assert_int_equal(answer(s, ANSWER_MS), 'A' + k % 2);
	}
	end(&v[0]);
	end(&v[1]);
}

static void nobody_is_refused_in_a_hundred_takeovers(void **state)
{
	struct world *w = *state;
	struct server v[2] = { start(w, 0, &plain), start(w, 1, &plain) };

	ask(w, PORTS_ACTIVE, 0, NULL, NULL);
	for (int i = 0; i < 2; i++) {
		open_port(&v[i]);
		serve(&v[i]);
	}
	for (int k = 0; k < 100; k++) {
		int dead = k % 2, next = !dead;
		assert_int_equal(call_and_hear(), 'A' + dead);
		/* Stopped first: what it has accepted dies with it. */
		kill(v[dead].pid, SIGSTOP);
		assert_int_equal(waitpid(v[dead].pid, NULL, WUNTRACED), v[dead].pid);
		int in_between = call();
		assert_true(in_between >= 0);
		kill(v[dead].pid, SIGKILL);
		ask(w, PORTS_ACTIVE, next, NULL, NULL);
		end(&v[dead]);
		ask(w, PORTS_RETIRE, dead, NULL, NULL);
		assert_int_equal(answer(in_between, ANSWER_MS), 'A' + next);
		v[dead] = start(w, dead, &plain);
		open_port(&v[dead]);
		serve(&v[dead]);
	}
	end(&v[0]);
	end(&v[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LIVE(clients_wait_while_nobody_serves_and_the_next_one_answers_them),
		LIVE(one_that_is_not_active_gets_no_client),
		LIVE(what_waits_at_a_dead_one_moves_to_the_next),
		LIVE(datagrams_go_to_the_active_one),
		LIVE(nobody_is_refused_in_a_hundred_takeovers),
	};

	signal(SIGPIPE, SIG_IGN);
	if (unshare(CLONE_NEWNET) < 0)
		return 77;
	loopback_up();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
