/* SPDX-License-Identifier: Apache-2.0 */
/* manager: see service/manager.h. */
#include "service/manager.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/log.h"
#include "machine/machine.h"

#define AGAIN_NS (100 * NS_PER_MS) /* to a manager that has much to read */

static bool send_text(struct manager *m, const char *text, size_t len)
{
	return send(m->fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len;
}

static void on_again(struct timer *t);

static void say(struct manager *m)
{
	if (send_text(m, m->said, strlen(m->said)))
		m->is_told |= m->has_ready;
	else if (m->has_ready && errno == EAGAIN)
		loop_timer(m->loop, &m->again, AGAIN_NS, on_again);
}

static void on_again(struct timer *t)
{
	say(LOOP_OWNER(t, struct manager, again));
}

static void on_alive(struct timer *t)
{
	static const char text[] = "WATCHDOG=1";
	struct manager *m = LOOP_OWNER(t, struct manager, alive);

	send_text(m, text, sizeof text - 1);
	loop_timer(m->loop, t, m->alive_every_ns, on_alive);
}

/* "/PATH", or "@NAME" of an abstract address. */
static int manager_connect_to(const char *address, struct err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t len = strlen(address);
	_cleanup_fd_ int fd = FD_NONE;

	if ((*address != '/' && *address != '@') || len >= sizeof a.sun_path)
		return err_msg(e, EINVAL, "neither a path nor an abstract address that fits");
	memcpy(a.sun_path, address, len);
	if (*address == '@')
		a.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len +
								      (*address == '/'))) < 0)
		return err_set(e, errno, "connect");
	return fd_take(&fd);
}

/* The time is meant for the process that WATCHDOG_PID names; without one for whoever is told. */
static long long watchdog_usec(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

	return usec && (!pid || strtol(pid, NULL, 10) == getpid()) ? strtoll(usec, NULL, 10) : 0;
}

void manager_open(struct manager *m, struct loop *l, const char *id)
{
	const char *address = getenv("NOTIFY_SOCKET");
	struct err e = ERR_INIT;

	if (!address || !*address)
		return;
	m->fd = manager_connect_to(address, &e);
	if (m->fd < 0) {
		log_warn("%s: cannot notify the service manager at NOTIFY_SOCKET=%s: %s", id, address, e.text);
		return;
	}
	m->loop = l;
	/* Twice as often as it asks for. */
	m->alive_every_ns = watchdog_usec() * NS_PER_US / 2;
	if (m->alive_every_ns > 0)
		loop_timer(l, &m->alive, 0, on_alive);
}

void manager_tell(struct manager *m, const struct machine *mc, const char *active, uint64_t generation)
{
	bool is_up = mc->state == SERVICE_ACTIVE || mc->state == SERVICE_DEGRADED;

	if (m->fd < 0)
		return;
	loop_timer_stop(m->loop, &m->again);
	const char *first = is_up && !m->is_told ? "READY=1\n" : mc->state == SERVICE_STOPPING ? "STOPPING=1\n" : "";
	snprintf(m->said, sizeof m->said, "%sMAINPID=%d\nSTATUS=%s%s%s, generation %llu", first, (int)getpid(),
		 machine_state_name(mc->state), is_up ? ", active " : "", is_up && active ? active : "",
		 (unsigned long long)generation);
	m->has_ready = is_up && !m->is_told;
	say(m);
}

void manager_close(struct manager *m)
{
	if (m->fd >= 0) {
		loop_timer_stop(m->loop, &m->alive);
		loop_timer_stop(m->loop, &m->again);
	}
	fd_close(&m->fd);
}
