/* SPDX-License-Identifier: Apache-2.0 */
/* validate_process: the rules of config.md, "Process", see validate.h. */
#include <linux/sched.h>
#include <stdbool.h>
#include <string.h>

#include "cpulist.h"
#include "fault.h"
#include "names.h"
#include "validate.h"

static int check_args(const struct oci_process *p, const char *path, struct fault_sink *sink)
{
	int r = 0;

	if (!p->args.n)
		r = fault_at(sink, fault_path("%s/args", path).text, "must not be empty");
	if (r == 0 && p->cwd && p->cwd[0] != '/')
		r = fault_at(sink, fault_path("%s/cwd", path).text,
			     "\"%s\" is not an absolute path", p->cwd);
	return r;
}

static int check_rlimits(const struct oci_process *p, const char *path, struct fault_sink *sink)
{
	uint64_t seen = 0; /* by type: RLIM_NLIMITS is 16 */
	int r = 0;

	for (size_t i = 0; i < p->rlimits.n && r == 0; i++) {
		const struct oci_rlimit_row *l = &p->rlimits.v[i];
		struct fault_path at = fault_path("%s/rlimits/%zu", path, i);

		if (l->type < 0)
			continue; /* a fault already */
		if (seen >> l->type & 1)
			r = fault_at(sink, at.text, "a second %s",
				     names_of(NAMES_RLIMIT, l->type));
		else if (l->soft > l->hard)
			r = fault_at(sink, at.text, "the soft limit is above the hard one");
		seen |= 1ULL << l->type;
	}
	return r;
}

static int check_scheduler(const struct oci_process *p, const char *path, struct fault_sink *sink)
{
	const struct oci_scheduler *s = p->scheduler;

	if (!s || s->policy < 0)
		return 0;
	struct fault_path at = fault_path("%s/scheduler", path);
	bool fair = s->policy == SCHED_NORMAL || s->policy == SCHED_BATCH;
	bool real_time = s->policy == SCHED_FIFO || s->policy == SCHED_RR;
	bool times = s->runtime_ns || s->deadline_ns || s->period_ns;
	int r = 0;
	if (fair && (s->nice < -20 || s->nice > 19))
		r = fault_at(sink, at.text, "nice %d is not within -20..19", (int)s->nice);
	if (r == 0 && s->priority && !real_time)
		r = fault_at(sink, at.text, "priority is for SCHED_FIFO and SCHED_RR alone");
	if (r == 0 && s->policy != SCHED_DEADLINE && times)
		r = fault_at(sink, at.text,
			     "runtime, deadline and period are for SCHED_DEADLINE alone");
	return r;
}

static int check_affinity(const struct oci_process *p, const char *path, struct fault_sink *sink)
{
	const struct oci_cpu_affinity *a = p->exec_cpu_affinity;
	int r = 0;

	if (a && a->initial && !cpulist_valid(a->initial))
		r = fault_at(sink, fault_path("%s/execCPUAffinity/initial", path).text,
			     "\"%s\" is not a CPU list", a->initial);
	if (r == 0 && a && a->final && !cpulist_valid(a->final))
		r = fault_at(sink, fault_path("%s/execCPUAffinity/final", path).text,
			     "\"%s\" is not a CPU list", a->final);
	return r;
}

int validate_process(const struct oci_process *p, const char *path, struct fault_sink *sink)
{
	int r = check_args(p, path, sink);

	if (r == 0)
		r = check_rlimits(p, path, sink);
	if (r == 0)
		r = check_scheduler(p, path, sink);
	return r == 0 ? check_affinity(p, path, sink) : r;
}
