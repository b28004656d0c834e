/* SPDX-License-Identifier: Apache-2.0 */
/* policy: see policy.h. A parser for each row of policy_rows. */
#include "policy/policy.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/err.h"
#include "policy/words.h"
#include "ports/message.h"
#include "ports/policy.h"

struct parsing {
	struct arena *arena;
	struct policy *p;
};

#define IMAGE_STOP_SIGNAL "org.opencontainers.image.stopSignal"
#define NO_MEMORY "out of memory"

/* "DIR,mode=hot": takes the mode off. */
static const char *take_mode(char *standby, int *ret)
{
	char *at = standby + (policy_standby_suffix(standby) - standby);
	enum machine_mode mode = MODE_WARM;

	*ret = POLICY_MODE_DEFAULT;
	if (!*at)
		return NULL;
	const char *why = policy_word_mode(at + sizeof ",mode=" - 1, &mode);
	*ret = (int)mode;
	*at = '\0';
	return why;
}

static const char *parse_standby(struct parsing *c, const char *v)
{
	char **all = arena_grow(c->arena, c->p->standbys, c->p->n_standbys, sizeof *all);
	int *modes = arena_grow(c->arena, c->p->standby_modes, c->p->n_standbys, sizeof *modes);
	char *copy = arena_strdup(c->arena, v);

	if (!all || !modes || !copy)
		return NO_MEMORY;
	c->p->standbys = all;
	c->p->standby_modes = modes;
	const char *why = take_mode(copy, &modes[c->p->n_standbys]);
	if (why)
		return why;
	if (strcmp(copy, "self") && *copy != '/')
		return "neither \"self\" nor an absolute path";
	all[c->p->n_standbys++] = copy;
	return c->p->n_standbys < MACHINE_MEMBERS_MAX ? NULL : "too many standbys";
}

static const char *parse_standby_mode(struct parsing *c, const char *v)
{
	return policy_word_mode(v, &c->p->machine.mode);
}

static const char *parse_restarts(struct parsing *c, const char *v)
{
	return policy_word_number(v, BUDGET_NONE - 1, &c->p->machine.restarts);
}

static const char *parse_max_failures(struct parsing *c, const char *v)
{
	return policy_word_number(v, BUDGET_NONE - 1, &c->p->machine.max_failures);
}

static const char *parse_window(struct parsing *c, const char *v)
{
	return policy_word_duration(v, &c->p->machine.window_ms);
}

static const char *parse_backoff(struct parsing *c, const char *v)
{
	struct machine_policy *m = &c->p->machine;
	const char *colon = strchr(v, ':');
	char *min = colon ? arena_strndup(c->arena, v, (size_t)(colon - v)) : (char *)v;
	const char *why = min ? policy_word_duration(min, &m->backoff_min_ms) : NO_MEMORY;

	if (!why && colon)
		why = policy_word_duration(colon + 1, &m->backoff_max_ms);
	if (!why && m->backoff_max_ms < m->backoff_min_ms)
		m->backoff_max_ms = m->backoff_min_ms;
	return why ? why : m->backoff_min_ms ? NULL : "must be greater than zero";
}

static const char *add_success(struct parsing *c, const char *v)
{
	int *all = arena_grow(c->arena, c->p->success, c->p->n_success, sizeof *all);
	unsigned code;
	const char *why = policy_word_number(v, 255, &code);

	if (!all || why)
		return why ? why : NO_MEMORY;
	c->p->success = all;
	all[c->p->n_success++] = (int)code;
	return NULL;
}

/* "0" or "0,3". */
static const char *parse_success(struct parsing *c, const char *v)
{
	char *copy = arena_strdup(c->arena, v), *save = NULL;
	const char *why = copy && *copy ? NULL : "no exit code";

	for (char *code = copy ? strtok_r(copy, ",", &save) : NULL; code && !why;
	     code = strtok_r(NULL, ",", &save))
		why = add_success(c, code);
	return why;
}

static const char *parse_ready(struct parsing *c, const char *v)
{
	c->p->ready_notify = !strcmp(v, "notify");
	c->p->machine.wants_ready = c->p->ready_notify || !strcmp(v, "probe");
	return c->p->machine.wants_ready || !strcmp(v, "none") ? NULL : "must be none, notify or probe";
}

static const char *parse_ready_timeout(struct parsing *c, const char *v)
{
	return policy_word_duration(v, &c->p->machine.ready_timeout_ms);
}

static const char *parse_watchdog(struct parsing *c, const char *v)
{
	return policy_word_duration(v, &c->p->watchdog_ms);
}

static const char *parse_probe(struct parsing *c, const char *v)
{
	return policy_word_probe(c->arena, v, &c->p->probe);
}

static const char *parse_probe_interval(struct parsing *c, const char *v)
{
	return policy_word_duration(v, &c->p->probe.interval_ms);
}

static const char *parse_probe_timeout(struct parsing *c, const char *v)
{
	const char *why = policy_word_duration(v, &c->p->probe.timeout_ms);

	return why ? why : c->p->probe.timeout_ms ? NULL : "must be greater than zero";
}

static const char *parse_probe_retries(struct parsing *c, const char *v)
{
	return policy_word_number(v, 1000000, &c->p->probe.retries);
}

static const char *parse_probe_start_period(struct parsing *c, const char *v)
{
	return policy_word_duration(v, &c->p->probe.start_period_ms);
}

static const char *parse_oom(struct parsing *c, const char *v)
{
	c->p->oom_member = !strcmp(v, "member");
	return c->p->oom_member || !strcmp(v, "init") ? NULL : "must be init or member";
}

static const char *parse_stall(struct parsing *c, const char *v)
{
	struct stall_policy *all = arena_grow(c->arena, c->p->stalls, c->p->n_stalls, sizeof *all);

	if (!all)
		return NO_MEMORY;
	if (c->p->n_stalls == POLICY_STALLS_MAX)
		return "too many";
	c->p->stalls = all;
	return policy_word_stall(v, &all[c->p->n_stalls++]);
}

static const char *parse_failback(struct parsing *c, const char *v)
{
	c->p->machine.failback_ms = -1;
	if (!strcmp(v, "manual"))
		return NULL;
	c->p->machine.failback_ms = 0;
	if (!strcmp(v, "auto"))
		return NULL;
	return strncmp(v, "auto:", 5) ? "must be manual or auto[:TIME]"
				      : policy_word_duration(v + 5, &c->p->machine.failback_ms);
}

static const char *parse_listen(struct parsing *c, const char *v)
{
	struct listen_policy *all = arena_grow(c->arena, c->p->listen, c->p->n_listen, sizeof *all);

	if (!all)
		return NO_MEMORY;
	c->p->listen = all;
	return policy_word_listen(c->arena, v, &all[c->p->n_listen++]);
}

static const char *parse_port(struct parsing *c, const char *v)
{
	struct port_policy *all = arena_grow(c->arena, c->p->ports, c->p->n_ports, sizeof *all);

	if (!all)
		return NO_MEMORY;
	c->p->ports = all;
	return port_policy_parse(&all[c->p->n_ports++], v) ? NULL : "not tcp:[ADDR:]PORT, udp:[ADDR:]PORT or auto";
}

static const char *parse_on_promote(struct parsing *c, const char *v)
{
	return policy_word_command(c->arena, v, &c->p->on_promote);
}

static const char *parse_fdstore_max(struct parsing *c, const char *v)
{
	return policy_word_number(v, 200, &c->p->fdstore_max);
}

static const char *parse_drain(struct parsing *c, const char *v)
{
	return policy_word_duration(v, &c->p->machine.drain_ms);
}

static const char *parse_stop_signal(struct parsing *c, const char *v)
{
	return policy_word_signal(v, &c->p->stop_signal);
}

static const char *parse_stop_timeout(struct parsing *c, const char *v)
{
	return policy_word_duration(v, &c->p->machine.stop_timeout_ms);
}

static const char *parse_fence_timeout(struct parsing *c, const char *v)
{
	const char *why = policy_word_duration(v, &c->p->machine.fence_timeout_ms);

	return why ? why : c->p->machine.fence_timeout_ms ? NULL : "must be greater than zero";
}

static const char *parse_path(struct parsing *c, const char *v, char **ret)
{
	if (*v != '/')
		return "not an absolute path";
	*ret = arena_strdup(c->arena, v);
	return *ret ? NULL : NO_MEMORY;
}

static const char *parse_log_file(struct parsing *c, const char *v)
{
	return parse_path(c, v, &c->p->log_file);
}

static const char *parse_log_size(struct parsing *c, const char *v)
{
	return policy_word_bytes(v, &c->p->log_max_bytes);
}

static const char *parse_log_keep(struct parsing *c, const char *v)
{
	return policy_word_number(v, 1000, &c->p->log_keep);
}

static const char *parse_journal(struct parsing *c, const char *v)
{
	return parse_path(c, v, &c->p->journal);
}

static const char *parse_on_event(struct parsing *c, const char *v)
{
	return policy_word_command(c->arena, v, &c->p->on_event);
}

static const char *parse_events_to(struct parsing *c, const char *v)
{
	struct outlet_policy *all = arena_grow(c->arena, c->p->outlets, c->p->n_outlets, sizeof *all);

	if (!all)
		return NO_MEMORY;
	if (c->p->n_outlets == POLICY_OUTLETS_MAX)
		return "too many";
	c->p->outlets = all;
	return policy_word_outlet(c->arena, v, &all[c->p->n_outlets++]);
}

static const char *parse_yes(const char *v, bool *ret)
{
	*ret = !strcmp(v, "yes") || !strcmp(v, "true");
	return *ret || !strcmp(v, "no") || !strcmp(v, "false") ? NULL : "must be yes or no";
}

static const char *parse_mlock(struct parsing *c, const char *v)
{
	return parse_yes(v, &c->p->mlock);
}

static const char *parse_reclaim(struct parsing *c, const char *v)
{
	return parse_yes(v, &c->p->reclaim);
}

static const char *(*const parsers[POLICY_KEYS])(struct parsing *c, const char *v) = {
	[POLICY_STANDBY] = parse_standby,
	[POLICY_STANDBY_MODE] = parse_standby_mode,
	[POLICY_RESTARTS] = parse_restarts,
	[POLICY_MAX_FAILURES] = parse_max_failures,
	[POLICY_WINDOW] = parse_window,
	[POLICY_BACKOFF] = parse_backoff,
	[POLICY_SUCCESS] = parse_success,
	[POLICY_READY] = parse_ready,
	[POLICY_READY_TIMEOUT] = parse_ready_timeout,
	[POLICY_WATCHDOG] = parse_watchdog,
	[POLICY_PROBE] = parse_probe,
	[POLICY_PROBE_INTERVAL] = parse_probe_interval,
	[POLICY_PROBE_TIMEOUT] = parse_probe_timeout,
	[POLICY_PROBE_RETRIES] = parse_probe_retries,
	[POLICY_PROBE_START_PERIOD] = parse_probe_start_period,
	[POLICY_OOM] = parse_oom,
	[POLICY_STALL] = parse_stall,
	[POLICY_FAILBACK] = parse_failback,
	[POLICY_LISTEN] = parse_listen,
	[POLICY_PORT] = parse_port,
	[POLICY_ON_PROMOTE] = parse_on_promote,
	[POLICY_RECLAIM] = parse_reclaim,
	[POLICY_FDSTORE_MAX] = parse_fdstore_max,
	[POLICY_DRAIN] = parse_drain,
	[POLICY_STOP_SIGNAL] = parse_stop_signal,
	[POLICY_STOP_TIMEOUT] = parse_stop_timeout,
	[POLICY_FENCE_TIMEOUT] = parse_fence_timeout,
	[POLICY_LOG_FILE] = parse_log_file,
	[POLICY_LOG_SIZE] = parse_log_size,
	[POLICY_LOG_KEEP] = parse_log_keep,
	[POLICY_JOURNAL] = parse_journal,
	[POLICY_ON_EVENT] = parse_on_event,
	[POLICY_EVENTS_TO] = parse_events_to,
	[POLICY_MLOCK] = parse_mlock,
};

static int parse_flag(struct parsing *c, size_t i, const char *value, struct err *e)
{
	const char *why = parsers[i](c, value);

	return why ? err_msg(e, EINVAL, "--%s %s: %s", policy_rows[i].name, value, why) : 0;
}

const char *policy_annotation(const oci_map *annotations, size_t i)
{
	char key[64];

	if (!annotations || !annotations->n)
		return NULL;
	snprintf(key, sizeof key, POLICY_ANNOTATION_PREFIX "%s", policy_rows[i].name);
	const char *value = oci_map_get(annotations, key);
	/* What the image says: an engine's `stop` sends that one. */
	return value || i != POLICY_STOP_SIGNAL ? value : oci_map_get(annotations, IMAGE_STOP_SIGNAL);
}

/* A list's items are separated by blanks. */
static int parse_annotation(struct parsing *c, size_t i, const char *value, struct err *e)
{
	char *copy = arena_strdup(c->arena, value), *save = NULL;
	const char *why = copy ? NULL : NO_MEMORY;

	if (!why && !(policy_rows[i].flags & POLICY_LIST_))
		why = parsers[i](c, copy);
	else if (!why)
		for (char *item = strtok_r(copy, " ", &save); item && !why;
		     item = strtok_r(NULL, " ", &save))
			why = parsers[i](c, item);
	return why ? err_msg(e, EINVAL, POLICY_ANNOTATION_PREFIX "%s \"%s\": %s", policy_rows[i].name,
			     value, why)
		   : 0;
}

static int parse_row(struct parsing *c, size_t i, const struct policy_flags *flags,
		     const oci_map *annotations, struct err *e)
{
	const struct policy_values *given = flags ? &flags->values[i] : NULL;
	const char *annotation = policy_annotation(annotations, i);
	int r = 0;

	if (given && given->n) {
		for (size_t k = 0; k < given->n && r >= 0; k++)
			r = parse_flag(c, i, given->v[k], e);
		return r;
	}
	if (annotation)
		return parse_annotation(c, i, annotation, e);
	return policy_rows[i].initial ? parse_flag(c, i, policy_rows[i].initial, e) : 0;
}

static bool is_hot(enum machine_mode mode)
{
	return mode == MODE_HOT || mode == MODE_FROZEN;
}

static bool is_any_hot(const struct policy *p)
{
	for (unsigned i = 0; i < p->n_standbys; i++)
		if (p->standby_modes[i] != POLICY_MODE_DEFAULT && is_hot((enum machine_mode)p->standby_modes[i]))
			return true;
	return is_hot(p->machine.mode);
}

/* Programs that run beside each other have sockets of their own, as each takes what comes to its own. */
static int share_out_sockets(struct policy *p, struct err *e)
{
	bool hot = is_any_hot(p);
	unsigned n = 0;

	if (!hot && !p->machine.drain_ms)
		return 0;
	for (unsigned i = 0; i < p->n_listen; i++) {
		struct listen_policy *l = &p->listen[i];
		if (l->kind == LISTEN_UNIX && !hot)
			continue; /* the one that drains accepts beside the other */
		if (l->kind == LISTEN_UNIX)
			return err_msg(e, EINVAL, "--listen %s: a hot or frozen standby would take clients of a unix socket: use "
						  "--standby-mode warm or cold, or a tcp or udp socket", l->text);
		l->own = true;
		n++;
	}
	if (n > PORT_HOLDS_MAX)
		return err_msg(e, EINVAL, "--listen: more than %d with hot or frozen standbys, or --drain", PORT_HOLDS_MAX);
	p->own_sockets = n > 0;
	return 0;
}

/* Its port is one that the keeper of the ports knows each member's sockets of. */
static bool probe_is_own(const struct policy *p)
{
	if (p->probe.kind != PROBE_TCP && p->probe.kind != PROBE_HTTP)
		return false;
	for (unsigned i = 0; i < p->n_ports; i++)
		if (p->ports[i].automatic || (p->ports[i].type == SOCK_STREAM && p->ports[i].port == p->probe.port))
			return true;
	for (unsigned i = 0; i < p->n_listen; i++)
		if (p->listen[i].own && p->listen[i].kind == LISTEN_TCP && p->listen[i].port == p->probe.port)
			return true;
	return false;
}

int policy_parse(struct arena *a, const struct policy_flags *flags, const oci_map *annotations,
		 struct policy *ret, struct err *e)
{
	struct parsing c = { .arena = a, .p = ret };
	int r = 0;

	*ret = (struct policy){ .machine.max_failures = BUDGET_NONE };
	for (size_t i = 0; i < POLICY_KEYS && r >= 0; i++)
		r = parse_row(&c, i, flags, annotations, e);
	if (r < 0)
		return r;
	if (share_out_sockets(ret, e) < 0)
		return -e->code;
	ret->probe_is_own = probe_is_own(ret);
	ret->machine.heat_wants_ready = ret->ready_notify || ret->n_ports || (ret->machine.wants_ready && ret->probe_is_own);
	ret->machine.overlap_wants_ready = ret->n_ports > 0;
	if (ret->machine.wants_ready && !ret->ready_notify && ret->probe.kind == PROBE_NONE)
		return err_msg(e, EINVAL, "--ready probe: there is no --probe");
	return 0;
}

bool policy_is_asked(const struct policy_flags *flags, const oci_map *annotations)
{
	for (size_t i = 0; i < POLICY_KEYS; i++)
		if (policy_rows[i].flags & POLICY_ASKS_ && ((flags && flags->values[i].n) || policy_annotation(annotations, i)))
			return true;
	return false;
}
