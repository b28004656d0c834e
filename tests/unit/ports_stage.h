/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ports_stage: held ports with real sockets, filters and BPF: the keeper as a process, members as processes that open
 * their port themselves. In a network namespace of the test's own. Skips name what the kernel does not have.
 */
#pragma once

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"
#include "ports/keeper.h"
#include "ports/message.h"
#include "seccomp/port_filter.h"

#include <net/if.h>
#include <sys/ioctl.h>

#define PORT 8080
#define ANSWER_MS 5000

struct world {
	char folder[64];
	int folder_fd, keeper_pidfd, fd, watch_fd;
	pid_t keeper;
	struct port_policy policy[2];
};

struct server {
	pid_t pid;
	int go_fd; /* a byte each: 'l' listen, 'a' begin to accept */
	int said_fd; /* what bind and listen returned: errno */
};

static inline void loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_true(ioctl(fd, SIOCSIFFLAGS, &ifr) == 0);
	close(fd);
}

static inline int set_up(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct err e = ERR_INIT;

	snprintf(w->folder, sizeof w->folder, "/tmp/hart-test-ports.XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	w->folder_fd = open(w->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(port_policy_parse(&w->policy[0], "tcp:8080"));
	assert_true(port_policy_parse(&w->policy[1], "udp:8080"));
	struct keeper_opts o = { .folder_fd = w->folder_fd, .policy = w->policy, .n_policy = 2 };
	w->keeper_pidfd = port_keeper_start(&o, &w->keeper, &e);
	if (w->keeper_pidfd < 0)
		fail_msg("%s", e.text);
	w->fd = port_keeper_connect(w->folder_fd, &e);
	w->watch_fd = port_keeper_connect(w->folder_fd, &e);
	assert_true(w->fd >= 0 && w->watch_fd >= 0);
	struct port_message m = { .type = PORTS_WATCH };
	assert_int_equal(port_keeper_ask(w->watch_fd, &m, NULL, NULL, &e), 0);
	*state = w;
	return 0;
}

static inline int tear_down(void **state)
{
	struct world *w = *state;
	char path[80];
	int status;

	snprintf(path, sizeof path, "%s/" PORTS_FILE, w->folder);
	unlink(path);
	assert_int_equal(waitpid(w->keeper, &status, 0), w->keeper);
	assert_int_equal(status, 0);
	assert_int_equal(rmdir(w->folder), 0);
	close(w->folder_fd);
	close(w->keeper_pidfd);
	close(w->fd);
	close(w->watch_fd);
	free(w);
	return 0;
}

static inline void ask(struct world *w, enum port_message_type type, int member, const int *fds, struct port_message *ret)
{
	struct port_message m = { .type = type, .member = member };
	struct err e = ERR_INIT;

	if (port_keeper_ask(w->fd, &m, fds, ret, &e) < 0)
		fail_msg("%s", e.text);
}

static inline int pass_fd(int sock, int fd)
{
	struct port_message m = { .type = PORTS_MEMBER };
	int fds[PORT_MESSAGE_FDS] = { fd, FD_NONE, FD_NONE };

	return port_message_send(sock, &m, fds);
}

static inline struct sockaddr_in at(uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static inline void say(int fd, int word)
{
	assert_int_equal(write(fd, &word, sizeof word), sizeof word);
}

struct behaviour {
	int uid; /* 0: root */
	bool twice; /* opens a second socket on the same port */
	bool datagrams;
};

/* The program: knows nothing of hart. Answers each connection with its letter. */
static inline _Noreturn void program(const struct behaviour *b, char letter, int go, int said)
{
	struct sockaddr_in a = at(PORT);
	char c;

	if (b->uid && setresuid((uid_t)b->uid, (uid_t)b->uid, (uid_t)b->uid) < 0)
		_exit(3);
	if (read(go, &c, 1) != 1)
		_exit(0);
	int s = socket(AF_INET, b->datagrams ? SOCK_DGRAM : SOCK_STREAM, 0);
	say(said, bind(s, (struct sockaddr *)&a, sizeof a) < 0 ? errno : 0);
	if (!b->datagrams)
		say(said, listen(s, 64) < 0 ? errno : 0);
	if (b->twice) {
		int other = socket(AF_INET, SOCK_STREAM, 0);
		say(said, bind(other, (struct sockaddr *)&a, sizeof a) < 0 ? errno : 0);
	}
	if (read(go, &c, 1) != 1)
		_exit(0);
	if (c == 's')
		shutdown(s, SHUT_RDWR);
	while (c != 's') {
		struct sockaddr_in from;
		socklen_t len = sizeof from;
		char in[16];
		if (b->datagrams) {
			if (recvfrom(s, in, sizeof in, 0, (struct sockaddr *)&from, &len) > 0)
				sendto(s, &letter, 1, 0, (struct sockaddr *)&from, len);
			continue;
		}
		int conn = accept(s, NULL, NULL);
		if (conn < 0 || write(conn, &letter, 1) != 1)
			_exit(4);
		close(conn);
	}
	pause();
	_exit(0);
}

static inline struct server start(struct world *w, int member, const struct behaviour *b)
{
	int go[2], said[2], pass[2], fds[PORT_MESSAGE_FDS];
	struct port_message m;
	struct err e = ERR_INIT;

	assert_int_equal(pipe(go), 0);
	assert_int_equal(pipe(said), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pass), 0);
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(w->fd);
		close(w->watch_fd);
		int fd = port_filter_install(&e);
		if (fd < 0 || pass_fd(pass[0], fd) < 0)
			_exit(2);
		close(fd);
		close(pass[0]);
		close(pass[1]);
		close(go[1]);
		close(said[0]);
		program(b, (char)('A' + member), go[0], said[1]);
	}
	close(pass[0]);
	close(go[0]);
	close(said[1]);
	assert_int_equal(port_message_receive(pass[1], &m, fds), 1);
	close(pass[1]);
	fds[1] = sys_pidfd_open(pid, 0);
	ask(w, PORTS_MEMBER, member, fds, NULL);
	close(fds[0]);
	close(fds[1]);
	return (struct server){ pid, go[1], said[0] };
}

static inline int heard(const struct server *s)
{
	struct pollfd p = { .fd = s->said_fd, .events = POLLIN };
	int word = -1;

	assert_int_equal(poll(&p, 1, ANSWER_MS), 1);
	assert_int_equal(read(s->said_fd, &word, sizeof word), sizeof word);
	return word;
}

static inline void open_port(const struct server *s)
{
	assert_int_equal(write(s->go_fd, "l", 1), 1);
	assert_int_equal(heard(s), 0);
	assert_int_equal(heard(s), 0);
}

static inline void serve(const struct server *s)
{
	assert_int_equal(write(s->go_fd, "a", 1), 1);
}

static inline void end(struct server *s)
{
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	close(s->go_fd);
	close(s->said_fd);
}

static inline int call(void)
{
	struct sockaddr_in a = at(PORT);
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(s, (struct sockaddr *)&a, sizeof a) < 0) {
		int errnum = errno;
		close(s);
		return -errnum;
	}
	return s;
}

/* Who answers: its letter; 0: nobody within the time. */
static inline char answer(int s, int ms)
{
	struct pollfd p = { .fd = s, .events = POLLIN };
	char c = 0;

	if (poll(&p, 1, ms) == 1 && read(s, &c, 1) != 1)
		c = '!';
	close(s);
	return c;
}

static inline char call_and_hear(void)
{
	int s = call();

	return s < 0 ? 'R' : answer(s, ANSWER_MS);
}

static inline unsigned row_of_port(struct world *w, struct port_row *ret)
{
	struct port_message m;

	ask(w, PORTS_QUERY, 0, NULL, &m);
	assert_int_equal(m.type, PORTS_ROWS);
	*ret = m.rows[0];
	return m.n_rows;
}

/* Until the guard has the clients: the end of a member is seen by the keeper alone. */
static inline void wait_for_guard(struct world *w)
{
	struct port_row row = { 0 };

	for (int i = 0; i < 500; i++) {
		if (row_of_port(w, &row) && row.member == -1)
			return;
		poll(NULL, 0, 10);
	}
	fail_msg("the guard never got the clients");
}

static const struct behaviour plain;

#define LIVE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
