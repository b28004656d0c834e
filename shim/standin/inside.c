/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inside: see inside.h. A process of the service that others of the same PID namespace may trace: it
 * holds no descriptor but its own three, has the two capabilities that setns(2) wants for a mount namespace, and
 * a filter that leaves it nothing else to do with them. Must not allocate, and must not open anything.
 */
#include "standin/inside.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"
#include "ns/usermap.h"
#include "process/process.h"
#include "process/successor.h"
#include "rootfs/nowhere.h"
#include "seccomp/jail.h"
#include "standin/standin.h"
#include "wire/sync.h"

/* All that it has open. */
enum { CONNECTION, DOOR, SIGNALS, DESCRIPTORS };

/* -- set up ------------------------------------------------------------------------------------ */

static int enter_user_ns(const struct standin_args *a, struct err *e)
{
	int r;

	if (!oci_namespace(a->config, OCI_NS_USER))
		return 0;
	if (ns_is_new(a->ns, CLONE_NEWUSER)) {
		r = sync_send(a->sync_fd, SYNC_UP, 0, e);
		if (r >= 0)
			r = sync_expect(a->sync_fd, SYNC_MAPS, e);
		if (r < 0)
			return r;
	}
	return usermap_become_root(e);
}

/* Orphans of its PID namespace are collected by the kernel when nobody wants to hear of them. */
static int take_signals(struct err *e)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t all;

	sigfillset(&all);
	if (sigaction(SIGCHLD, &ignore, NULL) < 0 || sigprocmask(SIG_SETMASK, &all, NULL) < 0)
		return err_set(e, errno, "set up signals");
	sigdelset(&all, SIGCHLD);
	int fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? err_set(e, errno, "make a signalfd") : fd;
}

static int place_descriptors(struct standin_args *a, struct err *e)
{
	int from[DESCRIPTORS] = { [CONNECTION] = a->sync_fd, [DOOR] = a->door_fd };

	from[SIGNALS] = take_signals(e);
	if (from[SIGNALS] < 0)
		return from[SIGNALS];
	/* All out of the way first. */
	for (int i = 0; i < DESCRIPTORS; i++)
		if ((from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, DESCRIPTORS)) < 0)
			return err_set(e, errno, "place descriptors");
	for (int i = 0; i < DESCRIPTORS; i++)
		if (dup3(from[i], i, O_CLOEXEC) < 0)
			return err_set(e, errno, "place descriptors");
	if (fd_close_range(DESCRIPTORS, ~0U) < 0)
		return err_set(e, errno, "close descriptors");
	a->sync_fd = CONNECTION;
	a->door_fd = DOOR;
	return 0;
}

/* The caller's environment and arguments are none of the service's. What is left says what this is. */
static void wipe_command(void)
{
	static const char title[] = "hart: stand-in";
	char *start = program_invocation_name, *end = start;
	size_t room;

	for (char **v = environ; v && *v; v++)
		if (*v + strlen(*v) > end)
			end = *v + strlen(*v);
	room = (size_t)(end - start);
	environ = NULL;
	prctl(PR_SET_NAME, STANDIN_COMM);
	if (room < sizeof title)
		return;
	explicit_bzero(start, room);
	memcpy(start, title, sizeof title);
}

/* setns(2) into a mount namespace wants these two. */
static int drop_capabilities(struct err *e)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = { 0 };

	sets[0].permitted = sets[0].effective = 1U << CAP_SYS_ADMIN | 1U << CAP_SYS_CHROOT;
	if (setgroups(0, NULL) < 0 && errno != EPERM) /* a user namespace may forbid it */
		return err_set(e, errno, "drop supplementary groups");
	if (syscall(SYS_capset, &head, sets) < 0)
		return err_set(e, errno, "drop capabilities");
	return 0;
}

static const int allowed[] = {
	SYS_ppoll,  SYS_recvmsg, SYS_sendto, SYS_read,	SYS_accept4,	  SYS_setns,
	SYS_dup3,   SYS_close,	 SYS_exit_group, SYS_exit, SYS_rt_sigreturn, SYS_restart_syscall,
	SYS_clone, /* the last one: only with a successor */
};

/* Anything else is EPERM, as its death would be the service's. */
static int filter_calls(const struct standin_args *a, struct err *e)
{
	return jail_calls(allowed, sizeof allowed / sizeof *allowed - !ns_enters_last(a->ns), e);
}

/* Among processes of others from the first to the last it has neither root nor descriptors of the host's. */
static int move(const struct standin_args *a, struct err *e)
{
	int r = sync_send(CONNECTION, SYNC_SUCCESSOR, 0, e);

	if (r >= 0)
		r = successor_clone(a->successor, e);
	if (r > 0)
		syscall(SYS_exit_group, 0);
	return r;
}

static int inside_set_up(struct standin_args *a, struct err *e)
{
	bool needs_helper = ns_is_new(a->ns, CLONE_NEWUSER) && geteuid() != 0;

	/* newuidmap(1) looks whether /proc/PID is its caller's. */
	if (!needs_helper)
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	int r = ns_enter_by_itself(a->ns, e);
	if (r >= 0 && ns_enters_last(a->ns))
		r = ns_join_last(a->ns, e);
	if (r >= 0)
		r = place_descriptors(a, e);
	if (r >= 0)
		r = enter_user_ns(a, e);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (r >= 0 && setsid() < 0 && errno != EPERM)
		r = err_set(e, errno, "make a session");
	if (r >= 0)
		r = ns_finish(a->ns, a->config, FD_NONE, e);
	wipe_command();
	if (r >= 0 && ns_enters_last(a->ns))
		r = nowhere_enter(e);
	if (r >= 0 && ns_enters_last(a->ns))
		r = successor_hide(a->successor, e);
	if (r >= 0)
		r = drop_capabilities(e);
	if (r >= 0)
		r = filter_calls(a, e);
	return r < 0 || !ns_enters_last(a->ns) ? r : move(a, e);
}

/* -- serve ------------------------------------------------------------------------------------- */

struct serving {
	bool is_connected;
	int at_end;
};

union control {
	char bytes[CMSG_SPACE(sizeof(int) * STANDIN_JOIN_MAX)];
	struct cmsghdr align;
};

static void inside_tell(enum standin_word word, int value)
{
	struct standin_frame f = { .word = word, .value = value };

	/* A shim with that much unread, or none at all: there is nobody to say it to. */
	if (send(CONNECTION, &f, sizeof f, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return;
}

/* Joins them all, unless one fails. Closes them. */
static int join(const int *fds, size_t n)
{
	int errnum = 0;

	for (size_t i = 0; i < n; i++) {
		if (!errnum && setns(fds[i], 0) < 0)
			errnum = errno;
		close(fds[i]);
	}
	return errnum;
}

static void inside_hang_up(struct serving *v)
{
	/* Not _exit(3): a sanitizer does more there than the filter allows, and then ends with a status of its own. */
	if (v->at_end != STANDIN_WAITS)
		syscall(SYS_exit_group, v->at_end);
	close(CONNECTION);
	v->is_connected = false;
}

static void listen_to(struct serving *v)
{
	struct standin_frame f;
	struct iovec iov = { &f, sizeof f };
	union control control;
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes,
			      .msg_controllen = sizeof control };
	ssize_t n = recvmsg(CONNECTION, &msg, MSG_CMSG_CLOEXEC);
	struct cmsghdr *c = n < 0 ? NULL : CMSG_FIRSTHDR(&msg);

	if (n != (ssize_t)sizeof f) {
		inside_hang_up(v);
		return;
	}
	size_t n_fds = c ? (c->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;
	int errnum = c ? join((int *)(void *)CMSG_DATA(c), n_fds) : 0;
	if (f.word == STANDIN_JOIN)
		inside_tell(STANDIN_JOINED, errnum || n_fds == (size_t)f.value ? errnum : EMFILE);
	else if (f.word == STANDIN_AT_END)
		v->at_end = f.value;
}

/* The next shim: the one before is dead, even if its end has not been seen yet. */
static void let_in(struct serving *v)
{
	int fd = accept4(DOOR, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (fd != CONNECTION) {
		dup3(fd, CONNECTION, O_CLOEXEC);
		close(fd);
	}
	v->is_connected = true;
}

static void inside_pass_on(void)
{
	struct signalfd_siginfo info;

	if (read(SIGNALS, &info, sizeof info) == (ssize_t)sizeof info)
		inside_tell(STANDIN_SIGNAL, (int)info.ssi_signo);
}

/* Without a shim signals stay pending, for the next one. */
static _Noreturn void serve(void)
{
	struct serving v = { .is_connected = true, .at_end = 128 + SIGKILL };

	for (;;) {
		struct pollfd p[DESCRIPTORS] = {
			[CONNECTION] = { v.is_connected ? CONNECTION : -1, POLLIN, 0 },
			[DOOR] = { DOOR, POLLIN, 0 },
			[SIGNALS] = { v.is_connected ? SIGNALS : -1, POLLIN, 0 },
		};
		if (ppoll(p, DESCRIPTORS, NULL, NULL) < 0)
			continue;
		if (p[CONNECTION].revents)
			listen_to(&v);
		else if (p[DOOR].revents)
			let_in(&v);
		else if (p[SIGNALS].revents)
			inside_pass_on();
	}
}

int standin_main(void *args)
{
	struct standin_args a = *(struct standin_args *)args;
	struct err e = ERR_INIT;

	if (inside_set_up(&a, &e) < 0) {
		sync_send_error(a.sync_fd, &e);
		return 1;
	}
	if (sync_send(CONNECTION, SYNC_READY, 0, &e) < 0)
		return 1;
	serve();
}
