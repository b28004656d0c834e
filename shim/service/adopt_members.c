/* SPDX-License-Identifier: Apache-2.0 */
/*
 * adopt_members: see adopt_members.h. Nothing is guessed that could let two serve: whoever is past its gate and is
 * not the one that serves is asked to end, and nobody is let go before it has.
 */
#include "service/adopt_members.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/err.h"
#include "service/heat_mark.h"
#include "service/parts.h"

#define GATE_TIMEOUT_MS 1000

enum found {
	FOUND_NOTHING,
	FOUND_AT_GATE,
	FOUND_ENDED, /* its init; what it left in its cgroup is still to be fenced */
	FOUND_STANDBY, /* a hot one, ready */
	FOUND_STARTING, /* a hot one, not ready */
	FOUND_RUNNING,
};

struct scene {
	enum found found[MACHINE_MEMBERS_MAX];
	int last; /* the member that was let go last; -1: none ever was */
};

/* Whether init still waits: READY comes as soon as it has taken our connection, the end when it has gone on. */
static bool is_at_gate(struct member *m)
{
	struct pollfd p = { .fd = m->gate_fd, .events = POLLIN };
	char ignored;

	if (m->gate_fd < 0 || poll(&p, 1, GATE_TIMEOUT_MS) <= 0)
		return false;
	return recv(m->gate_fd, &ignored, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

static int adopt_members_find_member(struct member *m, enum found *ret, struct err *e)
{
	int r = member_adopt(m, e);

	*ret = FOUND_NOTHING;
	if (r == -ENOENT || r == -ENODATA) {
		err_clear(e);
		return 0;
	}
	/* Its state cannot be read, as after a power cut: whatever is left of it goes before another one serves. */
	if (r == -EBADMSG) {
		service_warn(m->service, m, e);
		err_clear(e);
		return member_undo_now(m, e);
	}
	if (r >= 0)
		*ret = !member_exists(m) ? FOUND_ENDED : is_at_gate(m) ? FOUND_AT_GATE : FOUND_RUNNING;
	return r;
}

/* Whoever was let go last serves, whatever it was before. */
static void tell_standbys_apart(struct service *s, struct scene *sc)
{
	for (int i = 0; i < s->machine.n_members; i++) {
		enum heat_mark mark = heat_mark_of(s->container.dir_fd, s->members[i].name);
		if (i != sc->last && sc->found[i] == FOUND_RUNNING && mark != HEAT_NONE)
			sc->found[i] = mark == HEAT_READY ? FOUND_STANDBY : FOUND_STARTING;
	}
}

static int find_last(const struct service *s, const char *name, int *ret, struct err *e)
{
	*ret = -1;
	for (int i = 0; i < s->machine.n_members; i++)
		if (!strcmp(s->members[i].name, name))
			*ret = i;
	return *ret >= 0 || !*name ? 0 : err_msg(e, EBADMSG, SERVICE_FILE ": %s, which runs, is not in it", name);
}

static bool was(const struct service *s, enum machine_state state)
{
	return !strcmp(s->record.standing.to, machine_state_name(state));
}

/* An overlapping switch is written down when it begins, before the next generation, and when the new one is ready. */
static bool in_overlap(const struct service *s, const struct scene *sc)
{
	const char *active = s->container.state->active;

	return was(s, SERVICE_PROMOTING) && s->record.standing.generation < s->generation &&
	       (!active || strcmp(active, s->members[sc->last].name) != 0);
}

/*
 * Who serves. Usually the one that was let go last; but who served before, while the new one of an overlapping
 * switch is not ready, waits at its gate (the shim died before it sent the message), or has failed. -1: nobody.
 */
static int find_active(const struct service *s, const struct scene *sc)
{
	enum found last = sc->last < 0 ? FOUND_NOTHING : sc->found[sc->last];
	int other = -1;

	for (int i = 0; i < s->machine.n_members; i++)
		if (i != sc->last && sc->found[i] == FOUND_RUNNING)
			other = i;
	if (other >= 0 && (last != FOUND_RUNNING || in_overlap(s, sc)))
		return other;
	return last == FOUND_RUNNING || last == FOUND_ENDED ? sc->last : -1;
}

/* The end of the active one had been asked for, or had come; in that generation: it is not of the next one. */
static bool is_being_replaced(const struct service *s, const struct scene *sc, int active)
{
	return active == sc->last && s->record.standing.generation == s->generation && was(s, SERVICE_FENCING);
}

static void restore_active(struct service *s, const struct scene *sc, int i)
{
	struct member *m = &s->members[i];
	bool ends = s->machine.members[i].retired || is_being_replaced(s, sc, i);

	m->was_active = true;
	machine_restore(&s->machine, i, ends ? MEMBER_TERMINATING : MEMBER_RUNNING);
}

/* Cold standbys: none is built but the one that is to serve next. */
static bool may_wait(const struct service *s, int i)
{
	if (s->machine.members[i].retired)
		return false;
	if (s->policy->machine.mode != MODE_COLD)
		return true;
	for (int k = 0; k < s->machine.n_members; k++)
		if (s->machine.members[k].state == MEMBER_RUNNING || s->machine.members[k].state == MEMBER_WARM)
			return false;
	return true;
}

static void restore_standby(struct service *s, int i)
{
	s->members[i].is_standby = true;
	machine_restore(&s->machine, i, MEMBER_HOT);
}

static int adopt_members_restore(struct service *s, const struct scene *sc, int i, struct err *e)
{
	struct member *m = &s->members[i];

	if (sc->found[i] == FOUND_RUNNING || i == s->adoption.active) {
		m->generation = s->generation - (i != sc->last && s->generation > 1);
		m->out.generation = m->err.generation = m->generation;
	}
	if (i == s->adoption.active)
		return 0;
	if (sc->found[i] == FOUND_RUNNING)
		machine_restore(&s->machine, i, MEMBER_TERMINATING);
	else if (sc->found[i] == FOUND_STANDBY && !s->machine.members[i].retired)
		restore_standby(s, i);
	else if (sc->found[i] == FOUND_AT_GATE && may_wait(s, i))
		machine_restore(&s->machine, i, MEMBER_WARM);
	else if (sc->found[i] != FOUND_NOTHING)
		return member_undo_now(m, e);
	if (s->machine.members[i].retired && sc->found[i] != FOUND_RUNNING)
		machine_restore(&s->machine, i, MEMBER_GONE);
	return 0;
}

static int undo_unknown(struct runtime *rt, const char *name, void *arg)
{
	struct service *s = arg;
	struct err e = ERR_INIT;

	(void)rt;
	for (int i = 0; i < s->machine.n_members; i++)
		if (!strcmp(s->members[i].name, name))
			return 0;
	if (member_undo_unknown(&s->common, name, &e) < 0)
		service_warn(s, NULL, &e);
	return 0;
}

int adopt_members(struct service *s, const char *last, struct err *e)
{
	struct scene sc = { 0 };
	int r = find_last(s, last, &sc.last, e);

	/* One that was added for an upgrade and had not been written down. */
	if (r >= 0)
		r = runtime_each(&s->members_rt, undo_unknown, s, e);
	for (int i = 0; r >= 0 && i < s->machine.n_members; i++)
		r = adopt_members_find_member(&s->members[i], &sc.found[i], e);
	if (r < 0)
		return r;
	tell_standbys_apart(s, &sc);
	s->adoption.active = find_active(s, &sc);
	if (s->adoption.active >= 0)
		restore_active(s, &sc, s->adoption.active);
	for (int i = 0; r >= 0 && i < s->machine.n_members; i++)
		r = adopt_members_restore(s, &sc, i, e);
	return r;
}
