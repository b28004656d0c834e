/* foreground: see foreground.h. One poll loop over signals, the child and the terminal. */
#include "foreground.h"

#include <poll.h>
#include <signal.h>
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

static void on_signals(int fd, const struct ns_child *child, const struct relay *relay)
{
	struct signalfd_siginfo s;

	while (read(fd, &s, sizeof s) == sizeof s) {
		if (s.ssi_signo == SIGCHLD)
			reap_others(child->pid);
		else if (s.ssi_signo == SIGWINCH && relay->master >= 0)
			relay_resize(relay);
		/* Our own job control and broken pipes are none of the container's business. */
		else if (s.ssi_signo != SIGPIPE && s.ssi_signo != SIGTTIN &&
			 s.ssi_signo != SIGTTOU && s.ssi_signo != SIGURG)
			sys_pidfd_send_signal(child->pidfd, (int)s.ssi_signo);
	}
}

static int collect(const struct ns_child *child, int *ret_status, struct err *e)
{
	siginfo_t info = { 0 };

	if (waitid((idtype_t)P_PIDFD, (id_t)child->pidfd, &info, WEXITED) < 0)
		return err_set(e, errno, "wait for process %d", child->pid);
	*ret_status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
	return 0;
}

static int loop(const struct ns_child *child, int signals, struct relay *relay, struct err *e)
{
	for (;;) {
		struct pollfd p[6] = { { .fd = child->pidfd, .events = POLLIN },
				       { .fd = signals, .events = POLLIN } };
		relay_poll(relay, p + 2);
		if (poll(p, 6, -1) < 0 && errno != EINTR)
			return err_set(e, errno, "wait for process %d", child->pid);
		if (p[1].revents)
			on_signals(signals, child, relay);
		relay_pump(relay, p + 2);
		if (p[0].revents)
			return 0;
	}
}

static int start_relay(struct relay *relay, int *console_fd, struct err *e)
{
	if (*console_fd < 0)
		return 0;
	int master = console_receive(*console_fd, e);
	fd_close(console_fd);
	return master < 0 ? master : relay_start(relay, master, e);
}

int foreground_wait(struct foreground *f, const struct ns_child *child, int *console_fd,
		    int *ret_status, struct err *e)
{
	struct relay relay;

	relay_init(&relay);
	int r = start_relay(&relay, console_fd, e);
	if (r >= 0)
		r = loop(child, f->signal_fd, &relay, e);
	relay_finish(&relay);
	return r < 0 ? r : collect(child, ret_status, e);
}
