/* SPDX-License-Identifier: Apache-2.0 */
/* names: see names.h. Plain arrays of text and value, which need no relocation; the order is that
 * of `hart features`. */
#include "names.h"

#include <linux/capability.h>
#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>

#include "oci.h"
#include "state.h"

/* Linux 6.9; absent from older headers. */
#define MPOL_WEIGHTED_INTERLEAVE_ 6
/* Reserved by the kernel, never implemented: sched_setattr says EINVAL. */
#define SCHED_ISO_ 4

#define SAME(n) { #n, n }

static const struct name capabilities[] = {
	SAME(CAP_CHOWN), SAME(CAP_DAC_OVERRIDE), SAME(CAP_DAC_READ_SEARCH), SAME(CAP_FOWNER),
	SAME(CAP_FSETID), SAME(CAP_KILL), SAME(CAP_SETGID), SAME(CAP_SETUID), SAME(CAP_SETPCAP),
	SAME(CAP_LINUX_IMMUTABLE), SAME(CAP_NET_BIND_SERVICE), SAME(CAP_NET_BROADCAST),
	SAME(CAP_NET_ADMIN), SAME(CAP_NET_RAW), SAME(CAP_IPC_LOCK), SAME(CAP_IPC_OWNER),
	SAME(CAP_SYS_MODULE), SAME(CAP_SYS_RAWIO), SAME(CAP_SYS_CHROOT), SAME(CAP_SYS_PTRACE),
	SAME(CAP_SYS_PACCT), SAME(CAP_SYS_ADMIN), SAME(CAP_SYS_BOOT), SAME(CAP_SYS_NICE),
	SAME(CAP_SYS_RESOURCE), SAME(CAP_SYS_TIME), SAME(CAP_SYS_TTY_CONFIG), SAME(CAP_MKNOD),
	SAME(CAP_LEASE), SAME(CAP_AUDIT_WRITE), SAME(CAP_AUDIT_CONTROL), SAME(CAP_SETFCAP),
	SAME(CAP_MAC_OVERRIDE), SAME(CAP_MAC_ADMIN), SAME(CAP_SYSLOG), SAME(CAP_WAKE_ALARM),
	SAME(CAP_BLOCK_SUSPEND), SAME(CAP_AUDIT_READ), SAME(CAP_PERFMON), SAME(CAP_BPF),
	SAME(CAP_CHECKPOINT_RESTORE),
};

static const struct name rlimits[] = {
	SAME(RLIMIT_AS), SAME(RLIMIT_CORE), SAME(RLIMIT_CPU), SAME(RLIMIT_DATA), SAME(RLIMIT_FSIZE),
	SAME(RLIMIT_LOCKS), SAME(RLIMIT_MEMLOCK), SAME(RLIMIT_MSGQUEUE), SAME(RLIMIT_NICE),
	SAME(RLIMIT_NOFILE), SAME(RLIMIT_NPROC), SAME(RLIMIT_RSS), SAME(RLIMIT_RTPRIO),
	SAME(RLIMIT_RTTIME), SAME(RLIMIT_SIGPENDING), SAME(RLIMIT_STACK),
};

static const struct name namespaces[] = {
	{ "cgroup", OCI_NS_CGROUP }, { "ipc", OCI_NS_IPC },         { "mount", OCI_NS_MOUNT },
	{ "network", OCI_NS_NETWORK }, { "pid", OCI_NS_PID },       { "time", OCI_NS_TIME },
	{ "user", OCI_NS_USER },     { "uts", OCI_NS_UTS },
};

static const struct name sched_policies[] = {
	{ "SCHED_OTHER", SCHED_NORMAL }, SAME(SCHED_FIFO), SAME(SCHED_RR), SAME(SCHED_BATCH),
	{ "SCHED_ISO", SCHED_ISO_ }, SAME(SCHED_IDLE), SAME(SCHED_DEADLINE),
};

static const struct name sched_flags[] = {
	SAME(SCHED_FLAG_RESET_ON_FORK), SAME(SCHED_FLAG_RECLAIM), SAME(SCHED_FLAG_DL_OVERRUN),
	SAME(SCHED_FLAG_KEEP_POLICY), SAME(SCHED_FLAG_KEEP_PARAMS),
	SAME(SCHED_FLAG_UTIL_CLAMP_MIN), SAME(SCHED_FLAG_UTIL_CLAMP_MAX),
};

static const struct name ioprio_classes[] = {
	SAME(IOPRIO_CLASS_RT), SAME(IOPRIO_CLASS_BE), SAME(IOPRIO_CLASS_IDLE),
};

static const struct name seccomp_actions[] = {
	{ "SCMP_ACT_ALLOW", OCI_ACT_ALLOW },
	{ "SCMP_ACT_ERRNO", OCI_ACT_ERRNO },
	{ "SCMP_ACT_KILL", OCI_ACT_KILL },
	{ "SCMP_ACT_KILL_PROCESS", OCI_ACT_KILL_PROCESS },
	{ "SCMP_ACT_KILL_THREAD", OCI_ACT_KILL_THREAD },
	{ "SCMP_ACT_LOG", OCI_ACT_LOG },
	{ "SCMP_ACT_NOTIFY", OCI_ACT_NOTIFY },
	{ "SCMP_ACT_TRACE", OCI_ACT_TRACE },
	{ "SCMP_ACT_TRAP", OCI_ACT_TRAP },
};

static const struct name seccomp_ops[] = {
	{ "SCMP_CMP_EQ", OCI_CMP_EQ }, { "SCMP_CMP_GE", OCI_CMP_GE },
	{ "SCMP_CMP_GT", OCI_CMP_GT }, { "SCMP_CMP_LE", OCI_CMP_LE },
	{ "SCMP_CMP_LT", OCI_CMP_LT }, { "SCMP_CMP_MASKED_EQ", OCI_CMP_MASKED_EQ },
	{ "SCMP_CMP_NE", OCI_CMP_NE },
};

static const struct name seccomp_flags[] = {
	SAME(SECCOMP_FILTER_FLAG_LOG), SAME(SECCOMP_FILTER_FLAG_SPEC_ALLOW),
	SAME(SECCOMP_FILTER_FLAG_TSYNC), SAME(SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV),
};

static const struct name seccomp_archs[] = {
	{ "SCMP_ARCH_AARCH64", 0 }, { "SCMP_ARCH_ARM", 0 },         { "SCMP_ARCH_LOONGARCH64", 0 },
	{ "SCMP_ARCH_M68K", 0 },    { "SCMP_ARCH_MIPS", 0 },        { "SCMP_ARCH_MIPS64", 0 },
	{ "SCMP_ARCH_MIPS64N32", 0 }, { "SCMP_ARCH_MIPSEL", 0 },    { "SCMP_ARCH_MIPSEL64", 0 },
	{ "SCMP_ARCH_MIPSEL64N32", 0 }, { "SCMP_ARCH_PARISC", 0 },  { "SCMP_ARCH_PARISC64", 0 },
	{ "SCMP_ARCH_PPC", 0 },     { "SCMP_ARCH_PPC64", 0 },       { "SCMP_ARCH_PPC64LE", 0 },
	{ "SCMP_ARCH_RISCV64", 0 }, { "SCMP_ARCH_S390", 0 },        { "SCMP_ARCH_S390X", 0 },
	{ "SCMP_ARCH_SH", 0 },      { "SCMP_ARCH_SHEB", 0 },        { "SCMP_ARCH_X32", 0 },
	{ "SCMP_ARCH_X86", 0 },     { "SCMP_ARCH_X86_64", 0 },
};

static const struct name mempolicy_modes[] = {
	SAME(MPOL_DEFAULT), SAME(MPOL_BIND), SAME(MPOL_INTERLEAVE),
	{ "MPOL_WEIGHTED_INTERLEAVE", MPOL_WEIGHTED_INTERLEAVE_ }, SAME(MPOL_PREFERRED),
	SAME(MPOL_PREFERRED_MANY), SAME(MPOL_LOCAL),
};

static const struct name mempolicy_flags[] = {
	SAME(MPOL_F_NUMA_BALANCING), SAME(MPOL_F_RELATIVE_NODES), SAME(MPOL_F_STATIC_NODES),
};

static const struct name personalities[] = {
	{ "LINUX", PER_LINUX }, { "LINUX32", PER_LINUX32 },
};

/* The recursive ones are not the spec's, but runc takes them and callers write them. */
static const struct name propagations[] = {
	{ "private", 0 }, { "shared", 0 },  { "slave", 0 },  { "unbindable", 0 },
	{ "rprivate", 0 }, { "rshared", 0 }, { "rslave", 0 }, { "runbindable", 0 },
};

static const struct name device_types[] = { { "c", 0 }, { "b", 0 }, { "u", 0 }, { "p", 0 } };
static const struct name rule_types[] = { { "a", 0 }, { "b", 0 }, { "c", 0 } };
static const struct name clocks[] = { { "monotonic", 0 }, { "boottime", 0 } };

static const struct name statuses[] = {
	{ "creating", STATUS_CREATING }, { "created", STATUS_CREATED },
	{ "running", STATUS_RUNNING },   { "stopped", STATUS_STOPPED },
	{ "paused", STATUS_PAUSED },
};

#define LIST_OF(names) { names, sizeof names / sizeof *names }

static const struct {
	const struct name *v;
	size_t n;
} lists[NAMES_COUNT] = {
	[NAMES_CAPABILITY] = LIST_OF(capabilities),
	[NAMES_RLIMIT] = LIST_OF(rlimits),
	[NAMES_NAMESPACE] = LIST_OF(namespaces),
	[NAMES_SCHED_POLICY] = LIST_OF(sched_policies),
	[NAMES_SCHED_FLAG] = LIST_OF(sched_flags),
	[NAMES_IOPRIO_CLASS] = LIST_OF(ioprio_classes),
	[NAMES_SECCOMP_ACTION] = LIST_OF(seccomp_actions),
	[NAMES_SECCOMP_OP] = LIST_OF(seccomp_ops),
	[NAMES_SECCOMP_FLAG] = LIST_OF(seccomp_flags),
	[NAMES_SECCOMP_ARCH] = LIST_OF(seccomp_archs),
	[NAMES_MEMPOLICY_MODE] = LIST_OF(mempolicy_modes),
	[NAMES_MEMPOLICY_FLAG] = LIST_OF(mempolicy_flags),
	[NAMES_PERSONALITY] = LIST_OF(personalities),
	[NAMES_PROPAGATION] = LIST_OF(propagations),
	[NAMES_DEVICE_TYPE] = LIST_OF(device_types),
	[NAMES_RULE_TYPE] = LIST_OF(rule_types),
	[NAMES_CLOCK] = LIST_OF(clocks),
	[NAMES_STATUS] = LIST_OF(statuses),
};

const struct name *names_get(enum names_id id, size_t *ret_n)
{
	*ret_n = lists[id].n;
	return lists[id].v;
}

const struct name *names_find(enum names_id id, const char *text, size_t len)
{
	if (len >= NAME_SIZE)
		return NULL;
	for (size_t i = 0; i < lists[id].n; i++) {
		const struct name *name = &lists[id].v[i];
		if (!memcmp(name->text, text, len) && !name->text[len])
			return name;
	}
	return NULL;
}

const char *names_of(enum names_id id, int value)
{
	for (size_t i = 0; i < lists[id].n; i++)
		if (lists[id].v[i].value == value)
			return lists[id].v[i].text;
	return NULL;
}
