/* SPDX-License-Identifier: Apache-2.0 */
/* foreground: the relay between pty pairs and the foreground loop, with the test as the person at the terminal. */
#include "console_folder.h"

/* -- the foreground, with the test as the person at the terminal ----------------------------- */

/* hart's part is played by a process whose terminal is `outer`; the container's program is `fn`. */
struct stage {
	int outer; /* master of hart's terminal, or of its input and output pipes: -1 */
	int in, out; /* pipes instead of a terminal */
	pid_t hart;
};

static void become_program(int master, int slave, int (*fn)(void))
{
	close(master);
	setsid();
	if (slave >= 0) {
		ioctl(slave, TIOCSCTTY, 0);
		dup2(slave, 0);
		dup2(slave, 1);
		close(slave);
	}
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	_exit(fn());
}

static int send_fd(int fd)
{
	int pair[2];
	char space[CMSG_SPACE(sizeof fd)] = { 0 };
	struct iovec text = { (char *)"x", 1 };
	struct msghdr m = { .msg_iov = &text, .msg_iovlen = 1, .msg_control = space,
			    .msg_controllen = sizeof space };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0 || sendmsg(pair[0], &m, 0) != 1)
		_exit(99);
	close(pair[0]);
	return pair[1];
}

static void play_hart(int (*fn)(void), bool terminal)
{
	struct foreground f = FOREGROUND_INIT;
	int master = -1, slave = -1, console = FD_NONE, status;
	struct ns_child child;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (foreground_open(&f, &e) < 0 || (terminal && openpty(&master, &slave, NULL, NULL, NULL) < 0))
		_exit(98);
	child.pid = fork();
	if (child.pid == 0)
		become_program(master, slave, fn);
	child.pidfd = sys_pidfd_open(child.pid, 0);
	if (terminal) {
		console = send_fd(master);
		close(master);
		close(slave);
	}
	if (foreground_wait(&f, &child, &console, &status, &e) < 0)
		_exit(97);
	foreground_close(&f);
	_exit(status);
}

static struct stage start_on_tty(int (*fn)(void))
{
	struct winsize size = { .ws_row = 33, .ws_col = 101 };
	struct stage s = { .in = -1, .out = -1 };

	s.hart = forkpty(&s.outer, NULL, NULL, &size);
	if (s.hart == 0)
		play_hart(fn, true);
	return s;
}

static struct stage start_on_pipes(int (*fn)(void), bool terminal)
{
	int in[2], out[2];

	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	struct stage s = { .outer = -1, .in = in[1], .out = out[0], .hart = fork() };
	if (s.hart == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		/* An EOF or a broken pipe shows only when nobody else has these open. */
		for (int i = 0; i < 2; i++) {
			close(in[i]);
			close(out[i]);
		}
		play_hart(fn, terminal);
	}
	close(in[0]);
	close(out[1]);
	return s;
}

static int wait_status(const struct stage *s)
{
	int status;

	assert_int_equal(waitpid(s->hart, &status, 0), s->hart);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Reads until `text` has been seen, at most ten seconds. */
static void expect(int fd, const char *text)
{
	static char seen[4096];
	size_t n = 0;

	while (n < sizeof seen - 1) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		if (poll(&p, 1, 10000) <= 0)
			break;
		ssize_t got = read(fd, seen + n, sizeof seen - 1 - n);
		if (got <= 0)
			break;
		n += (size_t)got;
		seen[n] = '\0';
		if (strstr(seen, text))
			return;
	}
	seen[n] = '\0';
	fail_msg("expected \"%s\", got \"%s\"", text, seen);
}

static void type(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static int read_and_tell(void)
{
	char line[64];

	printf("ready\n");
	fflush(stdout);
	if (!fgets(line, sizeof line, stdin))
		return 3;
	line[strcspn(line, "\n")] = '\0';
	printf("<%s>\n", line);
	fflush(stdout);
	return 7;
}

static void bytes_go_both_ways_and_the_terminal_is_restored(void **state)
{
	struct stage s = start_on_tty(read_and_tell);
	struct termios t;

	(void)state;
	expect(s.outer, "ready");
	tcgetattr(s.outer, &t);
	assert_false(t.c_lflag & (ICANON | ECHO | ISIG));
	type(s.outer, "typed\r");
	expect(s.outer, "<typed>");
	assert_int_equal(wait_status(&s), 7);
	close(s.outer);
}

/* The master's settings are the slave's; after hart's end there is no slave to ask. */
static int restored_flags(void)
{
	struct stage s = start_on_tty(read_and_tell);
	struct termios before = { 0 }, after = { 0 };
	int slave = ioctl(s.outer, TIOCGPTPEER, O_RDWR | O_NOCTTY);

	expect(s.outer, "ready");
	tcgetattr(slave, &before);
	type(s.outer, "x\r");
	wait_status(&s);
	tcgetattr(slave, &after);
	close(slave);
	close(s.outer);
	return (after.c_lflag & (ICANON | ECHO | ISIG)) == (ICANON | ECHO | ISIG) &&
	       !(before.c_lflag & ICANON);
}

static void settings_come_back(void **state)
{
	(void)state;
	assert_true(restored_flags());
}

static void on_winch(int sig)
{
	(void)sig; /* interrupting is all it is for */
}

static int tell_sizes(void)
{
	struct winsize size;
	sigset_t winch, old;

	signal(SIGWINCH, on_winch);
	sigemptyset(&winch);
	sigaddset(&winch, SIGWINCH);
	sigprocmask(SIG_BLOCK, &winch, &old);
	/* The first one comes with the start of the relay. */
	for (ioctl(0, TIOCGWINSZ, &size); !size.ws_row; ioctl(0, TIOCGWINSZ, &size))
		usleep(1000);
	printf("size %dx%d\n", size.ws_row, size.ws_col);
	fflush(stdout);
	while (size.ws_row == 33) {
		sigsuspend(&old);
		ioctl(0, TIOCGWINSZ, &size);
	}
	printf("size %dx%d\n", size.ws_row, size.ws_col);
	fflush(stdout);
	return 0;
}

static void window_sizes_follow(void **state)
{
	struct stage s = start_on_tty(tell_sizes);
	struct winsize size = { .ws_row = 12, .ws_col = 34 };

	(void)state;
	expect(s.outer, "size 33x101");
	assert_int_equal(ioctl(s.outer, TIOCSWINSZ, &size), 0);
	expect(s.outer, "size 12x34");
	assert_int_equal(wait_status(&s), 0);
	close(s.outer);
}

#define MUCH (1 << 20)

static int write_much(void)
{
	char line[64];

	memset(line, 'x', sizeof line);
	line[63] = '\n';
	for (int i = 0; i < MUCH / 64; i++)
		if (fwrite(line, 1, sizeof line, stdout) != sizeof line)
			return 1;
	return fflush(stdout) ? 1 : 0;
}

/* A reader that is slow slows the program down; nothing is lost, also what is still under way when
 * the program has ended. */
static void all_output_arrives(void **state)
{
	struct stage s = start_on_pipes(write_much, true);
	char data[1000];
	size_t n = 0;
	ssize_t got;

	(void)state;
	usleep(100000);
	while ((got = read(s.out, data, sizeof data)) > 0)
		for (ssize_t i = 0; i < got; i++)
			n += data[i] == 'x';
	assert_int_equal(n, MUCH / 64 * 63);
	assert_int_equal(wait_status(&s), 0);
	close(s.in);
	close(s.out);
}

/* Nobody reads any more, and somebody asks hart to end after its program has. */
static int write_a_little(void)
{
	char data[100000];

	memset(data, 'y', sizeof data);
	/* More than a pipe holds, less than a pipe, a pty and the relay's buffer do. */
	return write(1, data, 66000) == 66000 ? 5 : 1;
}

static void a_reader_that_stopped_does_not_keep_us(void **state)
{
	struct stage s = start_on_pipes(write_a_little, true);
	int status = 0;

	(void)state;
	for (int i = 0; i < 500 && waitpid(s.hart, &status, WNOHANG) == 0; i++) {
		usleep(20000);
		kill(s.hart, SIGTERM);
	}
	/* The first signals may have come to the program before its end. */
	assert_true(WIFEXITED(status));
	assert_true(WEXITSTATUS(status) == 5 || WEXITSTATUS(status) == 128 + SIGTERM);
	close(s.in);
	close(s.out);
}

static int write_until_hangup(void)
{
	signal(SIGHUP, SIG_DFL);
	for (;;)
		if (write(1, "output\n", 7) < 0)
			return 4;
}

static void output_that_goes_nowhere_hangs_the_program_up(void **state)
{
	struct stage s = start_on_pipes(write_until_hangup, true);

	(void)state;
	expect(s.out, "output");
	close(s.out);
	int status = wait_status(&s);
	assert_true(status == 128 + SIGHUP || status == 4);
	close(s.in);
}

static void the_end_of_piped_input_is_told(void **state)
{
	struct stage s = start_on_pipes(read_and_tell, true);

	(void)state;
	close(s.in);
	expect(s.out, "ready");
	assert_int_equal(wait_status(&s), 3);
	close(s.out);
}

static volatile sig_atomic_t caught;

static void on_signal(int sig)
{
	caught = sig;
}

static int wait_for_signal(void)
{
	signal(SIGUSR1, on_signal);
	signal(SIGTERM, on_signal);
	if (write(1, "ready\n", 6) != 6)
		return 1;
	while (!caught)
		usleep(1000);
	return caught;
}

static void signals_are_forwarded(void **state)
{
	static const int sent[] = { SIGUSR1, SIGTERM };

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct stage s = i < 2 ? start_on_pipes(wait_for_signal, false)
				       : start_on_tty(wait_for_signal);
		expect(i < 2 ? s.out : s.outer, "ready");
		kill(s.hart, SIGPIPE); /* ours alone */
		kill(s.hart, sent[i % 2]);
		assert_int_equal(wait_status(&s), sent[i % 2]);
		close(i < 2 ? s.out : s.outer);
		if (i < 2)
			close(s.in);
	}
}

static int end_by_signal(void)
{
	return kill(getpid(), SIGKILL);
}

static void a_signal_s_status_is_as_a_shell_s(void **state)
{
	struct stage s = start_on_pipes(end_by_signal, false);

	(void)state;
	assert_int_equal(wait_status(&s), 128 + SIGKILL);
	close(s.in);
	close(s.out);
}

/* In the background of a terminal: its settings are somebody else's. */
static void a_terminal_in_the_background_is_left_alone(void **state)
{
	int outer, status;
	pid_t session = forkpty(&outer, NULL, NULL, NULL);

	(void)state;
	if (session == 0) {
		struct termios t;
		struct relay r;
		int master, slave;
		signal(SIGTTOU, SIG_IGN);
		openpty(&master, &slave, NULL, NULL, NULL);
		pid_t background = fork();
		if (background == 0) {
			setpgid(0, 0);
			relay_init(&r);
			int ret = relay_start(&r, master, 0, 1, &e);
			tcgetattr(0, &t);
			_exit(ret == 0 && !r.is_raw && !r.in.open && (t.c_lflag & ICANON) ? 0 : 1);
		}
		waitpid(background, &status, 0);
		_exit(status ? 1 : 0);
	}
	assert_int_equal(waitpid(session, &status, 0), session);
	assert_int_equal(status, 0);
	close(outer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_go_both_ways_and_the_terminal_is_restored),
		cmocka_unit_test(settings_come_back),
		cmocka_unit_test(window_sizes_follow),
		cmocka_unit_test(all_output_arrives),
		cmocka_unit_test(a_reader_that_stopped_does_not_keep_us),
		cmocka_unit_test(output_that_goes_nowhere_hangs_the_program_up),
		cmocka_unit_test(the_end_of_piped_input_is_told),
		cmocka_unit_test(signals_are_forwarded),
		cmocka_unit_test(a_signal_s_status_is_as_a_shell_s),
		cmocka_unit_test(a_terminal_in_the_background_is_left_alone),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
