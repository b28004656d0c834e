/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics: see metrics.h. A family's samples have to stand together: each family has a buffer of its own while the
 * containers are gone through. What is a number of `hart status --json` is a row of a table here.
 */
#include "metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "cgroup/stats.h"
#include "observe.h"
#include "service/api.h"
#include "survey.h"

enum family {
	BUILD, STATUS, CPU, THROTTLED, MEMORY, MEMORY_LIMIT, MEMORY_PEAK, PROCESSES, OOM_KILLS,
	UP, SHIM_UP, STATE, ROLE, GENERATION, DEGRADED, LOOPING, PAUSED, SERVING, RETRY,
	FAILOVERS, RESTARTS, TAKEOVER, FAILURES, FAILURES_MAX, WINDOW, PROBES, PROBE_TIME, QUEUE, MOVED, SOCKETS,
	JOURNAL_LOST, LOG_LOST, FAMILIES,
};

enum kind { GAUGE, COUNTER, HISTOGRAM };

/* Names without _total, which a counter's samples get. A unit is the last word of a name. */
static const struct {
	const char *name;
	enum kind kind;
	const char *help;
} families[FAMILIES] = {
	[BUILD] = { "hart_build_info", GAUGE, "The version of hart that has looked." },
	[STATUS] = { "hart_container_status", GAUGE, "1 for the status that the container or service has." },
	[CPU] = { "hart_container_cpu_seconds", COUNTER, "CPU time that its cgroup has used." },
	[THROTTLED] = { "hart_container_cpu_throttled_seconds", COUNTER, "Time for which its CPU limit held it back." },
	[MEMORY] = { "hart_container_memory_bytes", GAUGE, "Memory that its cgroup uses." },
	[MEMORY_LIMIT] = { "hart_container_memory_limit_bytes", GAUGE, "Its memory limit, if it has one." },
	[MEMORY_PEAK] = { "hart_container_memory_peak_bytes", GAUGE, "The most memory that its cgroup has used." },
	[PROCESSES] = { "hart_container_processes", GAUGE, "Processes and threads in its cgroup." },
	[OOM_KILLS] = { "hart_container_oom_kills", COUNTER, "Processes that the kernel killed for lack of memory." },
	[UP] = { "hart_service_up", GAUGE, "1 while a member serves." },
	[SHIM_UP] = { "hart_service_shim_up", GAUGE, "1 if the shim of the service has answered in time." },
	[STATE] = { "hart_service_state", GAUGE, "1 for the state that the service is in, with its last cause." },
	[ROLE] = { "hart_service_member_state", GAUGE, "1 for the state that the member is in, and whether it is the active one." },
	[GENERATION] = { "hart_service_generation", GAUGE, "Generation of the member that serves, or served last." },
	[DEGRADED] = { "hart_service_degraded", GAUGE, "1 while it serves without a ready standby." },
	[LOOPING] = { "hart_service_looping", GAUGE, "1 while it fails again and again." },
	[PAUSED] = { "hart_service_paused", GAUGE, "1 while it is paused." },
	[SERVING] = { "hart_service_serving_seconds", GAUGE, "How long the active member has served." },
	[RETRY] = { "hart_service_retry_seconds", GAUGE, "Time until the next start, while nobody serves." },
	[FAILOVERS] = { "hart_service_failovers", COUNTER, "Takeovers by another member, by cause, since the shim began." },
	[RESTARTS] = { "hart_service_restarts", COUNTER, "Restarts in place, by cause, since the shim began." },
	[TAKEOVER] = { "hart_service_takeover_seconds", HISTOGRAM,
		       "From a failure to the start of the next program, since the shim began." },
	[FAILURES] = { "hart_service_failures_in_window", GAUGE, "Failures that count against --max-failures." },
	[FAILURES_MAX] = { "hart_service_failures_max", GAUGE, "--max-failures, if it is given." },
	[WINDOW] = { "hart_service_window_seconds", GAUGE, "--window" },
	[PROBES] = { "hart_service_probes", COUNTER, "Probes, by result, since the shim began." },
	[PROBE_TIME] = { "hart_service_probe_seconds", HISTOGRAM, "From a probe to its answer, since the shim began." },
	[QUEUE] = { "hart_service_port_queued", GAUGE, "Clients that wait in the queue of a held port." },
	[MOVED] = { "hart_service_port_moved", COUNTER, "Clients that waited at a held port and moved to the next member." },
	[SOCKETS] = { "hart_service_port_sockets", GAUGE, "Sockets of a held port." },
	[JOURNAL_LOST] = { "hart_service_journal_lost", COUNTER, "Records that could not be written to the journal." },
	[LOG_LOST] = { "hart_service_log_lost", COUNTER, "Records that could not be written to the log." },
};

struct metrics {
	enum metrics_format format;
	struct buf samples[FAMILIES];
	const struct survey *of; /* whose samples these are */
};

struct label {
	const char *key, *value; /* NULL: there are no more */
};

static void put_label(struct buf *b, const char *key, const char *value)
{
	buf_printf(b, "%s%s=\"", b->data[b->len - 1] == '{' ? "" : ",", key);
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			buf_puts(b, "\\");
		if (*value == '\n')
			buf_puts(b, "\\n");
		else
			buf_put(b, value, 1);
	}
	buf_puts(b, "\"");
}

static void add_sample(struct metrics *m, enum family family, const char *suffix, const struct label *labels, double value)
{
	struct buf *b = &m->samples[family];

	buf_printf(b, "%s%s%s{", families[family].name, families[family].kind == COUNTER ? "_total" : "", suffix);
	if (m->of && !b->failed)
		put_label(b, "id", m->of->c->state->id);
	for (; labels && labels->key && !b->failed; labels++)
		put_label(b, labels->key, labels->value ? labels->value : "");
	buf_printf(b, "} %.15g\n", value);
}

static void add(struct metrics *m, enum family family, double value)
{
	add_sample(m, family, "", NULL, value);
}

#define LABELS(...) (const struct label[]){ __VA_ARGS__, { 0 } }

/* -- of a service: what its shim says ----------------------------------------------------------- */

static const struct {
	enum family family;
	const char *path;
	double unit;
} numbers[] = {
	{ GENERATION, "generation", 1 },
	{ LOOPING, "looping", 1 },
	{ PAUSED, "paused", 1 },
	{ SERVING, "servesForMs", 1e3 },
	{ RETRY, "waiting.ms", 1e3 },
	{ FAILURES, "failures", 1 },
	{ FAILURES_MAX, "budget.maxFailures", 1 },
	{ WINDOW, "budget.windowMs", 1e3 },
	{ JOURNAL_LOST, "journalLost", 1 },
	{ LOG_LOST, "logLost", 1 },
};

static const struct {
	enum family family;
	const char *list, *label, *value;
} lists[] = {
	{ FAILOVERS, "failovers", "cause", "n" },
	{ RESTARTS, "restarts", "cause", "n" },
	{ QUEUE, "ports", "address", "queued" },
	{ MOVED, "ports", "address", "moved" },
	{ SOCKETS, "ports", "address", "sockets" },
};

static double number_of(const char *text)
{
	return text ? strtod(text, NULL) : 0;
}

static void add_lists(struct metrics *m)
{
	const struct facts *f = &m->of->facts;
	const char *label;

	for (size_t l = 0; l < sizeof lists / sizeof *lists; l++)
		for (int i = 0; (label = facts_get(f, "%s.%d.%s", lists[l].list, i, lists[l].label)); i++)
			add_sample(m, lists[l].family, "", LABELS({ lists[l].label, label }),
				   number_of(facts_get(f, "%s.%d.%s", lists[l].list, i, lists[l].value)));
}

static void add_members(struct metrics *m)
{
	const struct facts *f = &m->of->facts;
	const char *active = facts_get(f, "active"), *name;

	for (int i = 0; (name = facts_get(f, "members.%d.name", i)); i++) {
		const char *state = facts_get(f, "members.%d.state", i);
		if (!state || !strcmp(state, "gone"))
			continue;
		add_sample(m, ROLE, "", LABELS({ "member", name }, { "role", active && !strcmp(active, name) ? "active" : "standby" },
					       { "state", state }), 1);
	}
}

static void add_probes(struct metrics *m)
{
	static const char *const results[] = { "succeeded", "failed" };

	for (int i = 0; i < 2; i++) {
		const char *n = facts_get(&m->of->facts, "probe.%s", results[i]);
		if (n)
			add_sample(m, PROBES, "", LABELS({ "result", results[i] }), number_of(n));
	}
}

/* OpenMetrics writes whole numbers of bounds with a fraction. */
static void add_times(struct metrics *m, enum family family, const char *key)
{
	const struct facts *f = &m->of->facts;
	const char *bound, *n = facts_get(f, "%s.n", key);
	char text[32];

	if (!n)
		return;
	for (int i = 0; (bound = facts_get(f, "%s.buckets.%d.upToUs", key, i)); i++) {
		snprintf(text, sizeof text, "%.15g", number_of(bound) / 1e6);
		if (!strpbrk(text, ".e"))
			strcat(text, ".0");
		add_sample(m, family, "_bucket", LABELS({ "le", text }),
			   number_of(facts_get(f, "%s.buckets.%d.n", key, i)));
	}
	add_sample(m, family, "_bucket", LABELS({ "le", "+Inf" }), number_of(n));
	add_sample(m, family, "_sum", NULL, number_of(facts_get(f, "%s.sumUs", key)) / 1e6);
	add_sample(m, family, "_count", NULL, number_of(n));
}

static void add_answer(struct metrics *m)
{
	const struct facts *f = &m->of->facts;
	const char *state = facts_get(f, "state");
	bool is_degraded = state && !strcmp(state, "degraded");

	add(m, UP, is_degraded || (state && !strcmp(state, "active")));
	add(m, DEGRADED, is_degraded);
	add_sample(m, STATE, "", LABELS({ "state", state }, { "cause", facts_get(f, "cause") }), 1);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		const char *text = facts_get(f, "%s", numbers[i].path);
		if (text)
			add(m, numbers[i].family, number_of(text) / numbers[i].unit);
	}
	add_members(m);
	add_lists(m);
	add_probes(m);
	add_times(m, TAKEOVER, "takeoverTimes");
	add_times(m, PROBE_TIME, "probeTimes");
}

/* Its shim does not answer, or it has none any more: what is written down. */
static void add_standing(struct metrics *m)
{
	const struct standing *st = m->of->standing;

	add(m, UP, 0);
	add_sample(m, STATE, "", LABELS({ "state", *st->to ? st->to : "unknown" }, { "cause", *st->cause ? st->cause : "none" }), 1);
	add(m, GENERATION, (double)st->generation);
}

/* -- of any container ---------------------------------------------------------------------------- */

static void add_usage(struct metrics *m)
{
	struct cgroup_stats s;
	struct err ignored = ERR_INIT;

	/* It has none, or has just ended. */
	if (container_usage(m->of->c, &s, &ignored) < 0)
		return;
	add(m, CPU, (double)s.cpu.usage_us / 1e6);
	add(m, THROTTLED, (double)s.cpu.throttled_us / 1e6);
	/* 0: its controller is not on. */
	if (s.pids.current)
		add(m, PROCESSES, (double)s.pids.current);
	if (!s.memory.set)
		return;
	add(m, MEMORY, (double)s.memory.usage_bytes);
	add(m, MEMORY_PEAK, (double)s.memory.peak_bytes);
	if (s.memory.limit_bytes != CGROUP_NO_LIMIT)
		add(m, MEMORY_LIMIT, (double)s.memory.limit_bytes);
	add(m, OOM_KILLS, (double)cgroup_count_of(&s.memory.events, "oom_kill"));
}

static int add_container(const struct survey *s, void *arg)
{
	struct metrics *m = arg;

	m->of = s;
	add_sample(m, STATUS, "", LABELS({ "kind", s->is_service ? "service" : "container" },
					 { "status", state_status_name(s->status) }), 1);
	add_usage(m);
	if (s->is_service) {
		/* Of one that has ended nobody is missed. */
		if (s->answered || s->why || s->is_lost)
			add(m, SHIM_UP, s->answered);
		if (s->answered)
			add_answer(m);
		else
			add_standing(m);
	}
	m->of = NULL;
	return 0;
}

/* -- the text ------------------------------------------------------------------------------------ */

static void put_unit(struct buf *out, const char *name)
{
	static const char *const units[] = { "seconds", "bytes" };
	const char *last = strrchr(name, '_') + 1;

	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (!strcmp(last, units[i]))
			buf_printf(out, "# UNIT %s %s\n", name, last);
}

static void put_family(struct buf *out, enum metrics_format format, enum family f, const struct buf *samples)
{
	static const char *const kinds[] = { [GAUGE] = "gauge", [COUNTER] = "counter", [HISTOGRAM] = "histogram" };
	bool is_old = format == METRICS_PROMETHEUS;
	const char *suffix = is_old && families[f].kind == COUNTER ? "_total" : "";

	buf_printf(out, "# HELP %s%s %s\n", families[f].name, suffix, families[f].help);
	buf_printf(out, "# TYPE %s%s %s\n", families[f].name, suffix, kinds[families[f].kind]);
	if (!is_old)
		put_unit(out, families[f].name);
	buf_put(out, samples->data, samples->len);
	out->failed |= samples->failed;
}

int metrics_write(struct cli *cli, enum metrics_format format, struct buf *out, struct err *e)
{
	struct metrics m = { .format = format };
	int r;

	add_sample(&m, BUILD, "", LABELS({ "version", HART_VERSION }), 1);
	r = survey_each(cli, add_container, &m, e);
	for (enum family f = 0; f < FAMILIES; f++) {
		if (r >= 0)
			put_family(out, format, f, &m.samples[f]);
		buf_free(&m.samples[f]);
	}
	if (r >= 0 && format == METRICS_OPENMETRICS)
		buf_puts(out, "# EOF\n");
	return r;
}
