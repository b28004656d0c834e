/* SPDX-License-Identifier: Apache-2.0 */
/* foreground: see foreground.h. One poll loop over signals, the child and the terminal. */
#include "foreground.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"
#include "console.h"
#include "relay.h"

/* All but those that mean a fault of our own, and the two that cannot be caught. */
int foreground_open(struct foreground *f, struct err *e)
{
	static const int ours[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS };
	sigset_t set;

	sigfillset(&set);
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		sigdelset(&set, ours[i]);
	if (sigprocmask(SIG_BLOCK, &set, &f->old) < 0)
		return err_set(e, errno, "block signals");
	f->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (f->signal_fd >= 0)
		return 0;
	int r = err_set(e, errno, "make a signalfd");
	f->signal_fd = FD_NONE;
	sigprocmask(SIG_SETMASK, &f->old, NULL);
	return r;
}

void foreground_close(struct foreground *f)
{
	if (f->signal_fd < 0)
		return;
	fd_close(&f->signal_fd);
	sigprocmask(SIG_SETMASK, &f->old, NULL);
}

/* Children that are not the one we wait for came to us as a subreaper. */
static void reap_others(pid_t child)
{
	siginfo_t info;

	for (;;) {
		info.si_pid = 0;
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || !info.si_pid ||
		    info.si_pid == child)
			return;
		waitid(P_PID, (id_t)info.si_pid, &info, WEXITED | WNOHANG);
	}
}

/* Our own job control and broken pipes are none of the container's business. */
static bool is_for_child(int sig)
{
	return sig != SIGPIPE && sig != SIGTTIN && sig != SIGTTOU && sig != SIGURG;
}

/* True when there was one for the child. That it is gone already is no failure. */
static bool on_foreground_signals(int fd, const struct ns_child *child, const struct relay *relay)
{
	struct signalfd_siginfo s;
	bool forwarded = false;

	while (read(fd, &s, sizeof s) == sizeof s) {
		if (s.ssi_signo == SIGCHLD) {
			reap_others(child->pid);
		} else if (s.ssi_signo == SIGWINCH && relay->master >= 0) {
			relay_resize(relay);
		} else if (is_for_child((int)s.ssi_signo)) {
			sys_pidfd_send_signal(child->pidfd, (int)s.ssi_signo);
			forwarded = true;
		}
	}
	return forwarded;
}

static int foreground_collect(const struct ns_child *child, int *ret_status, struct err *e)
{
	siginfo_t info = { 0 };

	if (waitid((idtype_t)P_PIDFD, (id_t)child->pidfd, &info, WEXITED) < 0)
		return err_set(e, errno, "wait for process %d", child->pid);
	*ret_status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
	return 0;
}

enum { POLL_CHILD, POLL_SIGNALS, POLL_RELAY, POLLS = POLL_RELAY + RELAY_POLLS };

/* Until the child has ended and what it wrote is written out. A signal that comes in between is for
 * us: the reader of our output may have stopped. */
static int loop(const struct ns_child *child, int signals, struct relay *relay, struct err *e)
{
	bool ended = false;

	for (;;) {
		struct pollfd p[POLLS] = {
			[POLL_CHILD] = { .fd = ended ? -1 : child->pidfd, .events = POLLIN },
			[POLL_SIGNALS] = { .fd = signals, .events = POLLIN },
		};
		relay_poll(relay, p + POLL_RELAY);
		if (poll(p, POLLS, -1) < 0) {
			if (errno == EINTR)
				continue;
			return err_set(e, errno, "wait for process %d", child->pid);
		}
		if (p[POLL_SIGNALS].revents && on_foreground_signals(signals, child, relay) && ended)
			return 0;
		relay_pump(relay, p + POLL_RELAY);
		if (p[POLL_CHILD].revents) {
			ended = true;
			relay_end_input(relay);
		}
		if (ended && relay_is_drained(relay))
			return 0;
	}
}

static int start_relay(struct relay *relay, int *console_fd, struct err *e)
{
	if (*console_fd < 0)
		return 0;
	int master = console_receive(*console_fd, e);
	fd_close(console_fd);
	return master < 0 ? master
			  : relay_start(relay, master, STDIN_FILENO, STDOUT_FILENO, e);
}

int foreground_wait(struct foreground *f, const struct ns_child *child, int *console_fd,
		    int *ret_status, struct err *e)
{
	struct relay relay;

	relay_init(&relay);
	int r = start_relay(&relay, console_fd, e);
	if (r >= 0)
		r = loop(child, f->signal_fd, &relay, e);
	relay_stop(&relay);
	return r < 0 ? r : foreground_collect(child, ret_status, e);
}
