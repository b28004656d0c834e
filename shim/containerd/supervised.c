/* SPDX-License-Identifier: Apache-2.0 */
/* supervised: see supervised.h. */
#include "supervised.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "ctl/ctl.h"
#include "keep.h"
#include "life.h"
#include "proc_end.h"
#include "service/api.h"

/* -- the service's shim ------------------------------------------------------------------------ */

static _Noreturn void become_service(struct proc *p, bool systemd_cgroup, int notes_fd)
{
	struct service_ends ends = { p->io.give[1], p->io.give[2], notes_fd };
	const int keep[] = { p->shim->rt.root_fd, ends.out_fd, ends.err_fd, notes_fd };
	struct create_opts o = { .id = proc_id(p), .bundle = record_text(p->r, RECORD_BUNDLE),
				 .systemd_cgroup = systemd_cgroup };
	struct err e = ERR_INIT;
	int status = 0;

	fd_close_others(keep, sizeof keep / sizeof *keep);
	setrlimit(RLIMIT_NOFILE, &p->shim->nofile);
	setsid();
	int r = service_hold(&p->shim->rt, &o, &ends, &status, &e);
	_exit(r < 0 ? 1 : status);
}

static void take_note(struct proc *p, const struct service_note *note)
{
	void (*done)(struct proc *p, int result, const struct err *why) = p->created;

	bool is_takeover = note->pid > 0 && p->r->state == RECORD_RUNNING && p->r->pid != note->pid;

	if (note->pid > 0)
		p->r->pid = note->pid;
	if (is_takeover) /* for whoever follows its events */
		life_publish_start(p, EVENT_SPARE);
	if (!done)
		return;
	p->created = NULL;
	done(p, note->pid > 0 ? 0 : -EIO, &note->why);
}

static void on_note(struct source *src, uint32_t events)
{
	struct proc *p = LOOP_OWNER(src, struct proc, notes);
	struct service_note note;
	ssize_t n = recv(src->fd, &note, sizeof note, MSG_DONTWAIT);

	(void)events;
	if (n == (ssize_t)sizeof note) {
		take_note(p, &note);
		return;
	}
	if (n < 0 && errno == EAGAIN)
		return;
	int fd = src->fd;
	loop_del(&p->shim->loop, src);
	close(fd);
	note = (struct service_note){ 0 };
	err_msg(&note.why, EIO, "the service's shim has ended");
	if (p->created)
		take_note(p, &note);
}

int supervised_resume(struct proc *p, int fd, struct err *e)
{
	return loop_add(&p->shim->loop, &p->notes, fd, EPOLLIN, on_note, e);
}

static int supervised_start(struct proc *p, bool systemd_cgroup, struct err *e)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return err_set(e, errno, "make a socket pair for the service");
	pid_t pid = fork();
	if (pid == 0)
		become_service(p, systemd_cgroup, fds[1]);
	close(fds[1]);
	int r = pid < 0 ? err_set(e, errno, "fork the service's shim") : 0;
	if (r >= 0) {
		p->r->is_service = true;
		p->r->supervisor = pid;
		r = supervised_resume(p, fds[0], e);
	}
	if (r < 0) {
		close(fds[0]);
		return r;
	}
	guardian_keep(p->shim->guardian_fd, ledger_index(p->shim->ledger, p->r), KEPT_SERVICE, fds[0]);
	return proc_watch(p, pid, e);
}

void supervised_create(struct proc *p, bool systemd_cgroup,
		       void (*done)(struct proc *p, int result, const struct err *why))
{
	struct err e = ERR_INIT;

	p->created = done;
	if (supervised_start(p, systemd_cgroup, &e) >= 0)
		return;
	p->created = NULL;
	done(p, -e.code, &e);
}

/* -- what is asked of it ------------------------------------------------------------------------ */

int supervised_ask(struct job *j, int command, int sig, struct err *e)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct ctl_request q = { .command = (enum ctl_command)command, .signal = sig };
	struct container c;
	char *answer;
	size_t len;
	int r = container_peek(&j->shim->rt, proc_id(j->proc), &c, e);

	if (r >= 0)
		r = ctl_call(c.dir_fd, &q, &a, &answer, &len, e);
	container_close(&c);
	return r;
}
