/* SPDX-License-Identifier: Apache-2.0 */
/* ports_members: what members and strangers can do to a held port: ports_stage.h. And the words of --port. */
#include "ports_stage.h"

#include "ports/owner.h"

/* -- tests ----------------------------------------------------------------------------------- */

static void a_member_that_shuts_its_socket_down_harms_nobody(void **state)
{
	struct world *w = *state;
	struct server a = start(w, 0, &plain);

	ask(w, PORTS_ACTIVE, 0, NULL, NULL);
	open_port(&a);
	assert_int_equal(write(a.go_fd, "s", 1), 1);
	poll(NULL, 0, 100);
	int waiting = call(); /* by the guard, which alone is left of the group */
	assert_true(waiting >= 0);
	end(&a);
	wait_for_guard(w);
	struct server b = start(w, 1, &plain);
	ask(w, PORTS_ACTIVE, 1, NULL, NULL);
	open_port(&b);
	serve(&b);
	assert_int_equal(answer(waiting, ANSWER_MS), 'B');
	assert_int_equal(call_and_hear(), 'B');
	end(&b);
}

static void members_of_other_users_share_the_port(void **state)
{
	struct world *w = *state;
	struct behaviour daemon = { .uid = 1000 }, nobody = { .uid = 65534 };
	struct server a = start(w, 0, &daemon), b = start(w, 1, &nobody);

	ask(w, PORTS_ACTIVE, 0, NULL, NULL);
	open_port(&a);
	serve(&a);
	open_port(&b);
	serve(&b);
	assert_int_equal(call_and_hear(), 'A');
	end(&a);
	ask(w, PORTS_ACTIVE, 1, NULL, NULL);
	assert_int_equal(call_and_hear(), 'B');
	end(&b);
}

static void a_second_program_of_one_member_is_told_that_the_port_is_in_use(void **state)
{
	struct world *w = *state;
	struct behaviour twice = { .twice = true };
	struct server a = start(w, 0, &twice);

	ask(w, PORTS_ACTIVE, 0, NULL, NULL);
	open_port(&a);
	assert_int_equal(heard(&a), EADDRINUSE);
	end(&a);
}

static void a_port_of_a_stranger_is_in_use(void **state)
{
	struct world *w = *state;
	struct sockaddr_in a = at(PORT);
	int on = 1, s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(s, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
	assert_int_equal(bind(s, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(s, 1), 0);
	struct server b = start(w, 0, &plain);
	assert_int_equal(write(b.go_fd, "l", 1), 1);
	assert_int_equal(heard(&b), EADDRINUSE);
	end(&b);
	close(s);
}

static void words_of_policies(void **state)
{
	static const char *const bad[] = { "", "80", "tcp", "tcp:", "tcp:0", "tcp:65536", "tcp:x", "tcp::80", "sctp:80",
					   "tcp:1.2.3:80", "tcp:[::1:80", "tcp:::1:80", "auto:80", "tcp:80 ", "udp:-1" };
	static const char *const good[] = { "auto", "tcp:80", "udp:53", "tcp:127.0.0.1:80", "tcp:[::1]:65535" };
	struct port_policy p;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (port_policy_parse(&p, bad[i]))
			fail_msg("taken: %s", bad[i]);
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (!port_policy_parse(&p, good[i]))
			fail_msg("refused: %s", good[i]);
}

/* This process so many times. */
static void write_procs(const char *path, unsigned times)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	for (unsigned i = 0; i < times; i++)
		fprintf(f, "%d\n", (int)getpid());
	assert_int_equal(fclose(f), 0);
}

static void who_has_a_socket_is_not_looked_for_without_end(void **state)
{
	char folder[] = "/tmp/hart-owner.XXXXXX", procs[64];
	const unsigned long none = 1; /* no socket has that inode */

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(procs, sizeof procs, "%s/cgroup.procs", folder);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	write_procs(procs, 1);
	assert_false(port_owner_has(fd, none));
	write_procs(procs, 65537);
	assert_true(port_owner_has(fd, none));
	close(fd);
	unlink(procs);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LIVE(a_member_that_shuts_its_socket_down_harms_nobody),
		LIVE(members_of_other_users_share_the_port),
		LIVE(a_second_program_of_one_member_is_told_that_the_port_is_in_use),
		LIVE(a_port_of_a_stranger_is_in_use),
		cmocka_unit_test(words_of_policies),
		cmocka_unit_test(who_has_a_socket_is_not_looked_for_without_end),
	};

	signal(SIGPIPE, SIG_IGN);
	if (unshare(CLONE_NEWNET) < 0)
		return 77;
	loopback_up();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
