/*
 * adopt: service_adopt of service_api.h: a fresh shim for members whose shim has died. What it needs is in the
 * folder (service.json, generation, state.json) and in the members themselves; nothing is guessed that could let
 * two run: whoever is past its gate and is not the one that was let go last is killed first.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/sys.h"
#include "json.h"
#include "listen.h"
#include "service_parts.h"
#include "spec.h"

#define PLAN_MAX_BYTES ((size_t)1 << 20)
#define PLAN_ROLES 3
#define FIRST_LISTENER 3
#define GATE_TIMEOUT_MS 1000

/* -- service.json ---------------------------------------------------------------------------- */

struct plan {
	struct arena *arena;
	struct policy_flags *flags;
	char list[16], item[3][4096]; /* the row that is being read */
	unsigned n_items, depth;
	struct plan_member {
		char *name, *dir;
		bool gone;
	} members[MACHINE_MEMBERS_MAX];
	int n_members;
	struct {
		char *role, *name;
	} roles[PLAN_ROLES];
	unsigned n_roles;
	bool failed;
};

static void take_flag(struct plan *p)
{
	for (size_t i = 0; i < POLICY_KEYS; i++) {
		struct policy_values *v = &p->flags->values[i];
		if (strcmp(policy_rows[i].name, p->item[0]))
			continue;
		v->v = arena_grow(p->arena, v->v, v->n, sizeof *v->v);
		char *copy = arena_strdup(p->arena, p->item[1]);
		if (v->v && copy)
			v->v[v->n++] = copy;
		else
			p->failed = true;
	}
}

static void take_member(struct plan *p)
{
	if (p->n_members == MACHINE_MEMBERS_MAX) {
		p->failed = true;
		return;
	}
	struct plan_member *m = &p->members[p->n_members++];
	m->name = arena_strdup(p->arena, p->item[0]);
	m->dir = arena_strdup(p->arena, p->item[1]);
	m->gone = p->n_items > 2 && !strcmp(p->item[2], "gone");
	p->failed |= !m->name || !m->dir;
}

static void take_role(struct plan *p)
{
	if (p->n_roles == PLAN_ROLES)
		return;
	p->roles[p->n_roles].role = arena_strdup(p->arena, p->item[0]);
	p->roles[p->n_roles].name = arena_strdup(p->arena, p->item[1]);
	p->failed |= !p->roles[p->n_roles].role || !p->roles[p->n_roles].name;
	p->n_roles++;
}

static int on_event(void *ctx, struct json_reader *r, const struct json_event *ev)
{
	struct plan *p = ctx;

	(void)r;
	if (ev->type == JSON_KEY) {
		snprintf(p->list, sizeof p->list, "%.*s", (int)ev->len, ev->text);
	} else if (ev->type == JSON_OBJECT || ev->type == JSON_ARRAY) {
		p->depth++;
		p->n_items = 0;
	} else if (ev->type == JSON_STRING && p->n_items < 3) {
		snprintf(p->item[p->n_items++], sizeof p->item[0], "%.*s", (int)ev->len, ev->text);
	} else if (ev->type == JSON_END && p->depth-- == 3) {
		if (!strcmp(p->list, "flags"))
			take_flag(p);
		else if (!strcmp(p->list, "roles"))
			take_role(p);
		else
			take_member(p);
	}
	return 0;
}

static int read_plan(struct service *s, struct plan *p, struct err *e)
{
	struct json_fault fault = { 0 };
	char *text;
	size_t len;
	int r = io_read_file(p->arena, s->container.dir_fd, SERVICE_FILE, PLAN_MAX_BYTES, &text, &len, e);

	if (r >= 0 && json_read(text, len, on_event, p, &fault) < 0)
		r = err_msg(e, EBADMSG, SERVICE_FILE ": %s", fault.text);
	if (r >= 0 && (p->failed || !p->n_members))
		r = err_msg(e, EBADMSG, SERVICE_FILE ": not a service's");
	return r;
}

/* -- generation ------------------------------------------------------------------------------ */

/* The highest that was given away, and to whom. */
static int read_generation(struct service *s, char *ret_name, size_t size, struct err *e)
{
	char line[GENERATION_LINE + 1];
	ssize_t n = pread(s->generation_fd, line, GENERATION_LINE, 0);

	*ret_name = '\0';
	if (n <= 0)
		return n < 0 ? err_set(e, errno, "read the generation") : 0;
	line[n] = '\0';
	char *name;
	s->generation = strtoull(line, &name, 10);
	name += strspn(name, " ");
	name[strcspn(name, " \n")] = '\0';
	snprintf(ret_name, size, "%s", name);
	return 0;
}

/* -- members --------------------------------------------------------------------------------- */

/* Whether init still waits: READY comes as soon as it has taken our connection, the end when it has gone on. */
static bool is_at_gate(struct member *m)
{
	struct pollfd p = { .fd = m->gate_fd, .events = POLLIN };
	char ignored;

	if (m->gate_fd < 0 || poll(&p, 1, GATE_TIMEOUT_MS) <= 0)
		return false;
	return recv(m->gate_fd, &ignored, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

enum found { FOUND_NOTHING, FOUND_AT_GATE, FOUND_BEYOND };

static int find_member(struct member *m, enum found *ret, struct err *e)
{
	int r = member_adopt(m, e);

	*ret = FOUND_NOTHING;
	if (r == -ENOENT || r == -ENODATA) {
		err_clear(e);
		return 0;
	}
	if (r >= 0)
		*ret = is_at_gate(m) ? FOUND_AT_GATE : FOUND_BEYOND;
	return r;
}

/*
 * Who serves: the one that was let go last, unless the shim died before it sent the message, or after that one
 * had failed and gone: then who served beside it in an overlapping switch. `last` itself when nobody is beyond
 * its gate: as one that has failed.
 */
static int find_active(struct service *s, const enum found *found, int last)
{
	if (found[last] == FOUND_BEYOND)
		return last;
	for (int i = 0; i < s->machine.n_members; i++)
		if (found[i] == FOUND_BEYOND && member_exists(&s->members[i]))
			return i;
	s->adopted_failed = true;
	return last;
}

static int adopt_members(struct service *s, const char *last_name, int *ret_active, struct err *e)
{
	enum found found[MACHINE_MEMBERS_MAX] = { FOUND_NOTHING };
	int n = s->machine.n_members, last = 0, r = 0;

	for (int i = 0; r >= 0 && i < n; i++) {
		r = find_member(&s->members[i], &found[i], e);
		if (!strcmp(s->members[i].name, last_name))
			last = i;
	}
	if (r < 0)
		return r;
	int active = *ret_active = find_active(s, found, last);
	struct member *m = &s->members[active];
	m->generation = s->generation - (active != last && s->generation > 0);
	m->out.generation = m->err.generation = m->generation;
	m->was_active = true;
	/* Left over from a switch; or warm, where standbys are to be cold. */
	for (int i = 0; r >= 0 && i < n; i++)
		if (i != active && (found[i] == FOUND_BEYOND ||
				    (found[i] == FOUND_AT_GATE && s->policy->machine.cold)))
			r = member_undo_now(&s->members[i], e);
	return r;
}

/* -- sockets --------------------------------------------------------------------------------- */

static bool is_listener(int fd, const struct listen_policy *l)
{
	int domain, listening = 0, type;
	socklen_t len = sizeof(int);
	bool unix_socket = l->kind == LISTEN_UNIX, datagram = l->kind == LISTEN_UDP;

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) < 0)
		return false;
	return (domain == AF_UNIX) == unix_socket && (type == SOCK_DGRAM) == datagram &&
	       (datagram || listening);
}

/* The active member has them where it was given them, if it has not moved them; one that waits, somewhere. */
static int find_socket(struct service *s, const struct listen_policy *l)
{
	for (int i = 0; i < s->machine.n_members; i++) {
		const struct member *m = &s->members[i];
		for (int n = FIRST_LISTENER; member_exists(m) && n < FIRST_LISTENER + 2 * FDSET_MAX; n++) {
			int fd = sys_pidfd_getfd(m->pidfd, n);
			if (fd >= 0 && is_listener(fd, l) && listen_is_at(l, fd))
				return fd;
			fd_close(&fd);
		}
	}
	return FD_NONE;
}

static int take_sockets(struct service *s, struct err *e)
{
	for (unsigned i = 0; i < s->policy->n_listen; i++) {
		const struct listen_policy *l = &s->policy->listen[i];
		int fd = find_socket(s, l);
		if (fd < 0)
			fd = listen_open(l, s->shared.fd[OCI_NS_NETWORK], e);
		if (fd < 0)
			return err_in(e, "take up the socket again");
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		int r = fdset_add(&s->fds, fd, l->name, false, false, 0);
		if (r < 0)
			return err_set(e, -r, "keep the socket %s", l->text);
	}
	s->listening = true;
	return 0;
}

/* -- all of it ------------------------------------------------------------------------------- */

static int load(struct service *s, struct plan *p, struct policy *policy, struct err *e)
{
	struct oci_config *config;
	char *json;
	size_t len;
	int r = io_read_file(p->arena, s->container.dir_fd, "config.json", SPEC_MAX_BYTES, &json, &len, e);

	if (r >= 0)
		r = spec_load_config(p->arena, json, len, &config, NULL, e);
	if (r >= 0)
		r = read_plan(s, p, e);
	if (r >= 0)
		r = policy_parse(p->arena, p->flags, &config->annotations, policy, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < config->linux_->namespaces.n; i++)
		if (!config->linux_->namespaces.v[i].path)
			s->own_namespaces |= 1U << config->linux_->namespaces.v[i].type;
	s->config_json = strndup(json, len);
	s->config_len = len;
	s->bundle = strdup(s->container.state->bundle);
	return s->config_json && s->bundle ? 0 : err_set(e, ENOMEM, "keep the config");
}

int service_forget_sockets(struct container *c, struct err *e)
{
	struct service *s = calloc(1, sizeof *s);
	struct policy policy = { 0 };
	struct plan *p = arena_alloc(&c->arena, sizeof *p);
	int r = 0;

	if (!s || !p || !(p->flags = arena_alloc(&c->arena, sizeof *p->flags))) {
		free(s);
		return err_set(e, ENOMEM, "remove sockets");
	}
	p->arena = &c->arena;
	s->container = *c;
	r = load(s, p, &policy, e);
	for (unsigned i = 0; r >= 0 && i < policy.n_listen; i++)
		listen_remove_stale(&policy.listen[i]);
	free(s->config_json);
	free(s->bundle);
	free(s);
	return r;
}

/* An upgrade that has not proved stable yet can still be taken back. */
static void set_roles(struct service *s, const struct plan *p)
{
	struct machine *m = &s->machine;
	const struct {
		const char *role;
		int *index;
	} roles[] = { { "primary", &m->primary }, { "upgraded", &m->upgraded }, { "replaced", &m->replaced } };

	for (unsigned k = 0; k < p->n_roles; k++)
		for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
			for (int n = 0; n < p->n_members && !strcmp(roles[i].role, p->roles[k].role); n++)
				if (!strcmp(p->members[n].name, p->roles[k].name))
					*roles[i].index = n;
}

static int init_members(struct service *s, const struct plan *p, struct err *e)
{
	machine_init(&s->machine, &s->policy->machine, p->n_members, (uint32_t)loop_now_ns());
	set_roles(s, p);
	for (int i = 0; i < p->n_members; i++) {
		const struct plan_member *pm = &p->members[i];
		member_init(&s->members[i], s, i, pm->name);
		s->members[i].hooks_ran = true;
		if (pm->gone)
			s->machine.members[i].state = MEMBER_GONE;
		if (!*pm->dir)
			continue;
		s->members[i].dir = strdup(pm->dir);
		if (!s->members[i].dir)
			return err_set(e, ENOMEM, "keep the members");
	}
	return 0;
}

/* A stop that was asked for is not forgotten. */
static int read_last(struct service *s, struct err *e)
{
	struct journal_last last;
	int r = s->policy->journal ? journal_read(AT_FDCWD, s->policy->journal, s->arena, &last, e)
				   : journal_read(s->container.dir_fd, JOURNAL_FILE, s->arena, &last, e);

	s->was_stopping = r >= 0 && last.to && !strcmp(last.to, machine_state_name(SERVICE_STOPPING));
	return r;
}

int service_take_up(struct service *s, struct err *e)
{
	struct plan *p = arena_alloc(s->arena, sizeof *p);
	struct policy *policy = arena_alloc(s->arena, sizeof *policy);
	char last[MEMBER_NAME_MAX];
	int active, r;

	if (!p || !policy)
		return err_set(e, ENOMEM, "adopt the service");
	p->arena = s->arena;
	p->flags = arena_alloc(s->arena, sizeof *p->flags);
	if (!p->flags)
		return err_set(e, ENOMEM, "adopt the service");
	r = load(s, p, policy, e);
	s->policy = policy;
	s->flags = p->flags;
	if (r >= 0)
		r = init_members(s, p, e);
	if (r >= 0)
		r = service_open_files(s, e);
	if (r >= 0)
		r = read_generation(s, last, sizeof last, e);
	if (r >= 0)
		r = adopt_members(s, last, &active, e);
	if (r < 0)
		return r;
	for (int i = 0; r >= 0 && i < s->machine.n_members; i++)
		if (member_exists(&s->members[i])) /* what one has taken already is not taken again */
			r = service_take_namespaces(s, &s->members[i], e);
	if (r >= 0 && s->shared.fd[OCI_NS_NETWORK] < 0 && s->own_namespaces & 1U << OCI_NS_NETWORK)
		s->listening = false; /* with the next member, which makes their namespace anew */
	else if (r >= 0)
		r = take_sockets(s, e);
	s->poststart_ran = true;
	s->adopted = active;
	return r < 0 ? r : read_last(s, e);
}

/* The first events of an adopted service. */
void service_begin_adopted(struct service *s)
{
	struct machine_event ev = { .type = EVENT_ADOPT, .member = s->adopted, .cause = CAUSE_ADOPT };
	struct member *m = &s->members[s->adopted];

	service_event(s, &ev);
	if (!member_exists(m) || s->adopted_failed) {
		member_why(m, "ended while nobody supervised it");
		member_tell(m, EVENT_EXITED, CAUSE_UNKNOWN_EXIT, 255);
	}
	if (s->was_stopping)
		service_signal(s, s->policy->stop_signal);
}
