/* SPDX-License-Identifier: Apache-2.0 */
/* scheduler: see scheduler.h. */
#include "process/scheduler.h"

#include <linux/ioprio.h>
#include <stdint.h>

#include "base/err.h"
#include "base/sys.h"
#include "names.h"
#include "oci.h"
#include "process/bitlist.h"

/* struct sched_attr of sched_setattr(2): <linux/sched/types.h> cannot be had beside <sched.h>. */
struct sched_request {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime_ns, deadline_ns, period_ns;
	uint32_t util_min, util_max;
};

static uint64_t all_flags(const oci_enums *flags)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < flags->n; i++)
		bits |= (uint64_t)flags->v[i];
	return bits;
}

int sched_apply(pid_t pid, const struct oci_scheduler *s, struct err *e)
{
	struct sched_request request = {
		.size = sizeof request,
		.policy = (uint32_t)s->policy,
		.flags = all_flags(&s->flags),
		.nice = s->nice,
		.priority = (uint32_t)s->priority,
		.runtime_ns = s->runtime_ns,
		.deadline_ns = s->deadline_ns,
		.period_ns = s->period_ns,
	};

	if (syscall(SYS_sched_setattr, pid, &request, 0) < 0)
		return err_set(e, errno, "set the scheduler to %s",
			       names_of(NAMES_SCHED_POLICY, s->policy));
	return 0;
}

int io_priority_apply(const struct oci_io_priority *p, struct err *e)
{
	if (syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
		    IOPRIO_PRIO_VALUE(p->class, (int)p->priority)) < 0)
		return err_set(e, errno, "set the I/O priority to %s, %lld",
			       names_of(NAMES_IOPRIO_CLASS, p->class), (long long)p->priority);
	return 0;
}

#define MAX_CPUS 8192 /* the greatest NR_CPUS of any architecture */

int affinity_apply(const char *cpus, struct err *e)
{
	unsigned long mask[MAX_CPUS / BITLIST_WORD_BITS] = { 0 };

	if (!cpus || !*cpus)
		return 0;
	if (bitlist_parse(cpus, mask, MAX_CPUS, e) < 0)
		return err_in(e, "CPU affinity");
	if (syscall(SYS_sched_setaffinity, 0, sizeof mask, mask) < 0)
		return err_set(e, errno, "set the CPU affinity to %s", cpus);
	return 0;
}
