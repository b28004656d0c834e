/* SPDX-License-Identifier: Apache-2.0 */
/* table: see ports/table.h. */
#include "ports/table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "ports/notice.h"
#include "ports/owner.h"
#include "ports/stranger.h"
#include "ports/taken.h"

#define TRIES_MAX 10 /* of a UDP socket, each after twice the time: a second in all */
#define SHARED_EVERY_MS 1000 /* how often it is seen to whether all sockets of an address are served */

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

static uint64_t netns_cookie(int fd)
{
	uint64_t cookie = 0;
	socklen_t len = sizeof cookie;

	return getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len) < 0 ? 0 : cookie;
}

void port_table_init(struct port_table *t, const struct port_policy *policy, unsigned n_policy)
{
	*t = (struct port_table){ .policy = policy, .n_policy = n_policy, .active = -1 };
	for (int i = 0; i < PORT_MEMBERS_MAX; i++)
		t->cgroup_fds[i] = FD_NONE;
}

int port_table_settle(struct port_table *t, struct err *e)
{
	_cleanup_fd_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_set(e, errno, "make a socket in the service's network namespace");
	t->netns_cookie = netns_cookie(fd);
	return t->netns_cookie ? 0 : err_msg(e, ENOPROTOOPT, "held ports need Linux 5.14 or newer");
}

void port_table_finish(struct port_table *t)
{
	for (unsigned i = 0; i < t->n_holds; i++)
		port_hold_close(&t->holds[i]);
	for (unsigned i = 0; i < t->n_waiting; i++)
		taken_close(&t->waiting[i].fd);
	for (int i = 0; i < PORT_MEMBERS_MAX; i++)
		fd_close(&t->cgroup_fds[i]);
}

/* -- members --------------------------------------------------------------------------------- */

void port_table_enter(struct port_table *t, int member, int cgroup_fd)
{
	port_table_leave(t, member);
	t->cgroup_fds[member] = cgroup_fd;
}

static void forget_waiting(struct port_table *t, int member)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < t->n_waiting; i++)
		if (t->waiting[i].member == member)
			taken_close(&t->waiting[i].fd);
		else
			t->waiting[kept++] = t->waiting[i];
	t->n_waiting = kept;
}

void port_table_leave(struct port_table *t, int member)
{
	forget_waiting(t, member);
	for (unsigned i = 0; i < t->n_holds; i++)
		port_hold_drop(&t->holds[i], member, t->active, NULL, NULL);
	fd_close(&t->cgroup_fds[member]);
}

void port_table_activate(struct port_table *t, int member)
{
	t->active = member;
	for (unsigned i = 0; i < t->n_holds; i++)
		port_hold_activate(&t->holds[i], member);
}

unsigned port_table_count(const struct port_table *t, int member)
{
	unsigned n = 0;

	for (unsigned i = 0; i < t->n_holds; i++)
		for (unsigned k = 0; k < t->holds[i].n; k++)
			if (t->holds[i].sockets[k].member == member && !t->holds[i].sockets[k].given) {
				n++;
				break;
			}
	return n;
}

/* -- what a member calls --------------------------------------------------------------------- */

static struct port_hold *find_hold(struct port_table *t, const struct port_address *a)
{
	for (unsigned i = 0; i < t->n_holds; i++)
		if (port_address_equal(&t->holds[i].address, a))
			return &t->holds[i];
	return NULL;
}

static bool listens_at(const struct port_hold *h, int member)
{
	for (unsigned i = 0; i < h->n; i++)
		if (h->sockets[i].member == member)
			return true;
	return false;
}

/* What comes to that address can come to the hold. */
static bool is_reached(const struct port_address *held, const struct port_address *to)
{
	if (held->type != to->type || held->port != to->port)
		return false;
	if (held->family == to->family && !memcmp(held->ip, to->ip, sizeof held->ip))
		return true;
	return port_address_is_any(held) && (held->family == to->family || (held->family == AF_INET6 && !held->v6only));
}

struct port_hold *port_table_find(struct port_table *t, int member, const struct port_address *to)
{
	struct port_hold *found = NULL;

	for (unsigned i = 0; i < t->n_holds; i++)
		if (is_reached(&t->holds[i].address, to) && (!found || !listens_at(found, member)))
			found = &t->holds[i];
	return found;
}

static bool shares_address(int fd)
{
	int on = 0;
	socklen_t len = sizeof on;

	return getsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, &len) == 0 && on;
}

static bool is_abandoned(const struct port_socket *s, void *cgroup_fd)
{
	return !port_owner_has(*(const int *)cgroup_fd, s->inode);
}

static void drop_abandoned(struct port_table *t, struct port_hold *h, int member)
{
	port_hold_drop(h, member, t->active, is_abandoned, &t->cgroup_fds[member]);
}

static bool is_waited_for(const struct port_table *t, const struct port_address *a)
{
	for (unsigned i = 0; i < t->n_waiting; i++)
		if (port_address_equal(&t->waiting[i].target, a))
			return true;
	return false;
}

/* Two programs of one member that want one address are told so, as they would be without us. */
static bool is_refused(struct port_table *t, int member, const struct port_notice *n, struct port_hold *h)
{
	if (shares_address(n->socket_fd))
		return false;
	if (!h)
		return !is_waited_for(t, &n->target) && port_stranger_has(&n->target);
	if (!listens_at(h, member))
		return false;
	drop_abandoned(t, h, member);
	return listens_at(h, member);
}

/* All sockets of an address belong to one user: that of the first one. */
static void take_over_owner(const struct port_hold *h, int fd)
{
	struct stat st;

	if (h && fstat(fd, &st) == 0 && st.st_uid != h->uid && fchown(fd, h->uid, (gid_t)-1) < 0)
		return; /* its bind(2) says that the address is in use */
}

static void wait_for_address(struct port_table *t, int member, struct port_notice *n)
{
	if (t->n_waiting == PORT_WAITING_MAX) {
		t->warn(t, member, "too many UDP sockets at once: one is not held");
		return;
	}
	t->waiting[t->n_waiting++] = (struct port_waiting){ .fd = fd_take(&n->socket_fd), .member = member,
							     .target = n->target };
}

static void on_bind(struct port_table *t, int member, struct port_notice *n)
{
	struct port_hold *h = find_hold(t, &n->target);
	int on = 1;

	if (is_refused(t, member, n, h)) {
		port_notice_refuse(n, EADDRINUSE);
		return;
	}
	take_over_owner(h, n->socket_fd);
	setsockopt(n->socket_fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
	if (n->target.type == SOCK_DGRAM)
		wait_for_address(t, member, n);
	port_notice_continue(n);
}

static struct port_hold *hold_it(struct port_table *t, int fd, const struct port_address *a, struct err *e)
{
	struct port_hold *h = find_hold(t, a);

	if (h)
		return h;
	if (t->n_holds == PORT_HOLDS_MAX) {
		err_msg(e, ENOSPC, "more than %d addresses", PORT_HOLDS_MAX);
		return NULL;
	}
	h = &t->holds[t->n_holds];
	if (port_hold_open(h, fd, a, e) < 0)
		return NULL;
	t->n_holds++;
	return h;
}

/* Takes `fd`, which listens by now. */
static bool take_socket(struct port_table *t, struct port_socket s, int *fd, const struct port_address *a)
{
	struct err e = ERR_INIT;
	char text[PORT_ADDRESS_TEXT_MAX], why[PORT_TEXT_MAX];
	struct port_hold *h = hold_it(t, *fd, a, &e);

	s.fd = *fd;
	if (h && port_hold_add(h, s, t->active, &e) >= 0) {
		fd_take(fd);
		return true;
	}
	port_address_text(a, text);
	snprintf(why, sizeof why, "%s is not held: %.*s", text, (int)sizeof why - 100, e.text);
	t->warn(t, s.member, why);
	return false;
}

static void add_socket(struct port_table *t, int member, int *fd, const struct port_address *a)
{
	char text[PORT_ADDRESS_TEXT_MAX];

	if (!take_socket(t, (struct port_socket){ .member = member }, fd, a))
		return;
	port_address_text(a, text);
	t->listens(t, member, text);
}

static bool was_given(const struct port_socket *s, void *arg)
{
	(void)arg;
	return s->given;
}

void port_table_give(struct port_table *t, int member, int *fd, int nth)
{
	struct port_address a;

	for (unsigned i = 0; nth == 0 && i < t->n_holds; i++)
		port_hold_drop(&t->holds[i], member, t->active, was_given, NULL);
	if (port_address_of(&a, *fd))
		take_socket(t, (struct port_socket){ .member = member, .given = true }, fd, &a);
}

static void on_listen(struct port_table *t, int member, struct port_notice *n)
{
	struct port_hold *h = find_hold(t, &n->target);
	struct stat st;
	bool is_new = fstat(n->socket_fd, &st) == 0 && !(h && port_hold_has(h, member, st.st_ino));

	/* The program's own call does the same once more. When this one fails, so does that one, and says why. */
	if (is_new && shares_address(n->socket_fd) && listen(n->socket_fd, n->backlog) == 0)
		add_socket(t, member, &n->socket_fd, &n->target);
	port_notice_continue(n);
}

void port_table_notice(struct port_table *t, int member, struct port_notice *n)
{
	bool is_ours = n->socket_fd >= 0 && n->has_target && netns_cookie(n->socket_fd) == t->netns_cookie &&
		       port_policy_names(t->policy, t->n_policy, &n->target);

	if (!is_ours)
		port_notice_continue(n);
	else if (!n->is_listen)
		on_bind(t, member, n);
	else if (n->target.type == SOCK_STREAM)
		on_listen(t, member, n);
	else
		port_notice_continue(n);
}

/* -- what is under way ----------------------------------------------------------------------- */

/* True when it is done with: bound, or never to be. */
static bool look_at_waiting(struct port_table *t, struct port_waiting *w)
{
	struct port_address a;

	if (!port_address_of(&a, w->fd)) {
		if (++w->tries < TRIES_MAX)
			return false;
	} else {
		add_socket(t, w->member, &w->fd, &a);
	}
	taken_close(&w->fd);
	return true;
}

/*
 * A program that is reloaded (haproxy -sf, nginx -s upgrade) opens its sockets anew and closes the old ones: our
 * duplicates would have clients that nobody accepts.
 */
static bool see_to_shared(struct port_table *t, struct port_hold *h)
{
	unsigned n = 0, waits = 0;

	for (unsigned i = 0; i < h->n; i++)
		if (h->sockets[i].member == t->active) {
			n++;
			waits += port_socket_queued(h->sockets[i].fd) > 0;
		}
	if (n > 1 && waits)
		drop_abandoned(t, h, t->active);
	return n > 1;
}

unsigned port_table_look_again(struct port_table *t)
{
	unsigned kept = 0, after_ms = 0;

	for (unsigned i = 0; i < t->n_holds; i++)
		if (see_to_shared(t, &t->holds[i]))
			after_ms = SHARED_EVERY_MS;
	for (unsigned i = 0; i < t->n_waiting; i++)
		if (!look_at_waiting(t, &t->waiting[i]))
			t->waiting[kept++] = t->waiting[i];
	t->n_waiting = kept;
	for (unsigned i = 0; i < kept; i++)
		if (!after_ms || after_ms > 1U << t->waiting[i].tries)
			after_ms = 1U << t->waiting[i].tries;
	return after_ms;
}

unsigned port_table_rows(const struct port_table *t, struct port_row *rows)
{
	for (unsigned i = 0; i < t->n_holds; i++) {
		const struct port_hold *h = &t->holds[i];
		rows[i] = (struct port_row){ .address = h->address, .member = h->guarded ? -1 : t->active,
					     .sockets = h->n, .queued = port_hold_queued(h), .moved = h->moved };
	}
	return t->n_holds;
}
