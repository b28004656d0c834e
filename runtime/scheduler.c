/* scheduler: see scheduler.h. */
#include "scheduler.h"

#include <linux/ioprio.h>
#include <sched.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/sys.h"
#include "names.h"
#include "oci.h"

/* <linux/sched/types.h> cannot be included beside glibc's <sched.h>. */
struct kernel_sched_attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static uint64_t all_flags(const oci_enums *flags)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < flags->n; i++)
		bits |= (uint64_t)flags->v[i];
	return bits;
}

static int apply_scheduler(const struct oci_scheduler *s, struct err *e)
{
	struct kernel_sched_attr attr = {
		.size = sizeof attr,
		.policy = (uint32_t)s->policy,
		.flags = all_flags(&s->flags),
		.nice = s->nice,
		.priority = (uint32_t)s->priority,
		.runtime = s->runtime_ns,
		.deadline = s->deadline_ns,
		.period = s->period_ns,
	};

	if (syscall(SYS_sched_setattr, 0, &attr, 0) < 0)
		return err_set(e, errno, "set the scheduler to %s",
			       names_of(NAMES_SCHED_POLICY, s->policy));
	return 0;
}

int sched_apply(const struct oci_process *p, struct err *e)
{
	int r = p->scheduler ? apply_scheduler(p->scheduler, e) : 0;

	if (r < 0 || !p->io_priority)
		return r;
	long value = IOPRIO_PRIO_VALUE(p->io_priority->class, p->io_priority->priority);
	if (syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, value) < 0)
		return err_set(e, errno, "set the I/O priority to %s:%lld",
			       names_of(NAMES_IOPRIO_CLASS, p->io_priority->class),
			       (long long)p->io_priority->priority);
	return 0;
}

#define MAX_CPUS 8192

/* One "N" or "N-M" of a list; returns what follows it, NULL when it is malformed. */
static const char *add_range(const char *s, cpu_set_t *set, size_t size)
{
	char *end;
	unsigned long from, to;

	if (*s < '0' || *s > '9')
		return NULL;
	from = to = strtoul(s, &end, 10);
	if (*end == '-') {
		s = end + 1;
		if (*s < '0' || *s > '9')
			return NULL;
		to = strtoul(s, &end, 10);
	}
	if (to < from || to >= MAX_CPUS || (*end && *end != ','))
		return NULL;
	for (; from <= to; from++)
		CPU_SET_S(from, size, set);
	return *end ? end + 1 : end;
}

int affinity_apply(const char *cpus, struct err *e)
{
	static cpu_set_t set[MAX_CPUS / CPU_SETSIZE];

	if (!cpus || !*cpus)
		return 0;
	CPU_ZERO_S(sizeof set, set);
	for (const char *s = cpus; *s;) {
		s = add_range(s, set, sizeof set);
		if (!s)
			return err_msg(e, EINVAL, "CPU affinity \"%s\": not a list of CPUs", cpus);
	}
	if (sched_setaffinity(0, sizeof set, set) < 0)
		return err_set(e, errno, "set the CPU affinity to %s", cpus);
	return 0;
}
