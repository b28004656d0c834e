/* SPDX-License-Identifier: Apache-2.0 */
/* report_task: capabilities and scheduling. */
#include "probe.h"

#include <linux/capability.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *const cap_names[] = {
	"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID",
	"SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW",
	"IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE",
	"SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME",
	"SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
	"MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ",
	"PERFMON", "BPF", "CHECKPOINT_RESTORE",
};
#define N_CAPS (sizeof cap_names / sizeof *cap_names)

static void report_set(const char *key, uint64_t set)
{
	json_open(key, '[');
	for (size_t i = 0; i < N_CAPS; i++)
		if (set >> i & 1)
			json_format(NULL, "CAP_%s", cap_names[i]);
	json_close(']');
}

void report_caps(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2] = { 0 };
	uint64_t bounding = 0, ambient = 0;

	syscall(SYS_capget, &head, d);
	for (unsigned i = 0; i < N_CAPS; i++) {
		if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1)
			bounding |= UINT64_C(1) << i;
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0) == 1)
			ambient |= UINT64_C(1) << i;
	}
	json_open("caps", '{');
	report_set("bounding", bounding);
	report_set("effective", (uint64_t)d[1].effective << 32 | d[0].effective);
	report_set("inheritable", (uint64_t)d[1].inheritable << 32 | d[0].inheritable);
	report_set("permitted", (uint64_t)d[1].permitted << 32 | d[0].permitted);
	report_set("ambient", ambient);
	json_close('}');
}

/* <linux/sched/types.h> of newer headers clashes with <sched.h>. */
struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
};

static const char *name_of(const char *const *names, size_t n, unsigned i)
{
	return i < n && names[i] ? names[i] : "?";
}

void report_scheduling(void)
{
	static const char *const policies[] = { "SCHED_OTHER", "SCHED_FIFO", "SCHED_RR",
						"SCHED_BATCH", NULL, "SCHED_IDLE",
						"SCHED_DEADLINE" };
	static const char *const classes[] = { "IOPRIO_CLASS_NONE", "IOPRIO_CLASS_RT",
					       "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE" };
	static const char *const modes[] = { "MPOL_DEFAULT", "MPOL_PREFERRED", "MPOL_BIND",
					     "MPOL_INTERLEAVE", "MPOL_LOCAL",
					     "MPOL_PREFERRED_MANY" };
	struct attr a = { 0 };
	long io = syscall(SYS_ioprio_get, 1, 0); /* IOPRIO_WHO_PROCESS */
	int mode = -1;
	cpu_set_t cpus;

	syscall(SYS_sched_getattr, 0, &a, sizeof a, 0);
	syscall(SYS_get_mempolicy, &mode, NULL, 0, NULL, 0);
	json_open("scheduler", '{');
	json_string("policy", name_of(policies, sizeof policies / sizeof *policies, a.policy));
	json_number("nice", a.nice);
	json_number("priority", a.priority);
	json_number("flags", (long long)a.flags);
	json_number("runtime", (long long)a.runtime);
	json_number("deadline", (long long)a.deadline);
	json_number("period", (long long)a.period);
	json_close('}');
	json_open("ioprio", '{');
	json_string("class", name_of(classes, 4, (unsigned)io >> 13));
	json_number("priority", io & 0x1fff);
	json_close('}');
	json_string("mempolicy", name_of(modes, 6, (unsigned)mode & 0xfff));
	json_open("affinity", '[');
	if (sched_getaffinity(0, sizeof cpus, &cpus) == 0)
		for (int i = 0; i < CPU_SETSIZE; i++)
			if (CPU_ISSET(i, &cpus))
				json_number(NULL, i);
	json_close(']');
}
