/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oci: the OCI runtime-spec 1.3 for Linux as C structures. What a document leaves out is zero:
 * NULL strings, NULL sub-structures, `set == false` options, empty arrays. A string that is "" is
 * as good as left out, but in arrays and maps.
 * Filled by spec/table.h from the rows in oci.c and linux.c; all memory is the document's arena's.
 * config.md and config-linux.md name every member.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define OCI_VERSION "1.3.0"

#define OCI_ARRAY(type)  \
	struct {         \
		type *v; \
		size_t n; \
	}

struct opt_bool {
	bool set, v;
};
struct opt_i64 {
	bool set;
	int64_t v;
};
struct opt_u64 {
	bool set;
	uint64_t v;
};
struct opt_u32 {
	bool set;
	uint32_t v;
};

typedef OCI_ARRAY(char *) oci_strings;
typedef OCI_ARRAY(uint32_t) oci_u32s;
typedef OCI_ARRAY(int) oci_enums; /* values of the enum that the member names */

struct oci_pair {
	char *key, *value;
};
typedef OCI_ARRAY(struct oci_pair) oci_map; /* in document order */

/* process */

struct oci_rlimit_row {
	int type; /* RLIMIT_* */
	uint64_t hard, soft;
};

struct oci_capabilities { /* values are CAP_* of <linux/capability.h> */
	oci_enums bounding, effective, inheritable, permitted, ambient;
	/* names that this kernel or build does not know: warned about and left out, as runc does */
	oci_strings unknown;
};

struct oci_scheduler {
	int policy; /* SCHED_* of <linux/sched.h> */
	int32_t nice, priority;
	oci_enums flags; /* SCHED_FLAG_* */
	uint64_t runtime_ns, deadline_ns, period_ns;
};

struct oci_io_priority {
	int class; /* IOPRIO_CLASS_RT 1, BE 2, IDLE 3 */
	int64_t priority;
};

struct oci_cpu_affinity {
	char *initial, *final; /* CPU lists, "0-3,7" */
};

struct oci_box {
	uint32_t height, width;
};

struct oci_user {
	uint32_t uid, gid;
	struct opt_u32 umask;
	oci_u32s additional_gids;
	char *username; /* Windows; ignored */
};

struct oci_process {
	bool terminal;
	struct oci_box *console_size;
	struct oci_user user;
	oci_strings args, env;
	char *cwd;
	struct oci_capabilities *capabilities;
	OCI_ARRAY(struct oci_rlimit_row) rlimits;
	bool no_new_privileges;
	char *apparmor_profile, *selinux_label;
	struct opt_i64 oom_score_adj;
	struct oci_scheduler *scheduler;
	struct oci_io_priority *io_priority;
	struct oci_cpu_affinity *exec_cpu_affinity;
};

/* root, mounts, hooks */

struct oci_root {
	char *path;
	bool readonly;
};

struct oci_id_mapping {
	uint32_t container_id, host_id, size;
};
typedef OCI_ARRAY(struct oci_id_mapping) oci_id_mappings;

struct oci_mount {
	char *destination, *type, *source;
	oci_strings options;
	oci_id_mappings uid_mappings, gid_mappings;
};

struct oci_hook {
	char *path;
	oci_strings args, env;
	struct opt_i64 timeout_s;
};
typedef OCI_ARRAY(struct oci_hook) oci_hook_list;

struct oci_hooks {
	oci_hook_list prestart, create_runtime, create_container, start_container, poststart,
		poststop;
};

/* linux.resources */

struct oci_device_rule {
	bool allow;
	char *type; /* "a", "b", "c" or NULL = all */
	struct opt_i64 major, minor;
	char *access; /* of "rwm", NULL = all */
};

struct oci_memory {
	struct opt_i64 limit, reservation, swap, kernel, kernel_tcp;
	struct opt_u64 swappiness;
	struct opt_bool disable_oom_killer, use_hierarchy, check_before_update;
};

struct oci_cpu {
	struct opt_u64 shares;
	struct opt_i64 quota_us;
	struct opt_u64 burst_us, period_us;
	struct opt_i64 realtime_runtime_us;
	struct opt_u64 realtime_period_us;
	char *cpus, *mems;
	struct opt_i64 idle;
};

struct oci_weight_device {
	int64_t major, minor;
	struct opt_u32 weight, leaf_weight;
};

struct oci_throttle_device {
	int64_t major, minor;
	uint64_t rate; /* bytes or operations per second */
};
typedef OCI_ARRAY(struct oci_throttle_device) oci_throttles;

struct oci_block_io {
	struct opt_u32 weight, leaf_weight;
	OCI_ARRAY(struct oci_weight_device) weight_device;
	oci_throttles read_bps, write_bps, read_iops, write_iops;
};

struct oci_hugepage_limit {
	char *page_size; /* "2MB" */
	uint64_t limit_bytes;
};

struct oci_net_priority {
	char *name;
	uint32_t priority;
};

struct oci_network {
	struct opt_u32 class_id;
	OCI_ARRAY(struct oci_net_priority) priorities;
};

struct oci_rdma {
	char *device; /* map key */
	struct opt_u32 hca_handles, hca_objects;
};

struct oci_resources {
	OCI_ARRAY(struct oci_device_rule) devices;
	struct oci_memory *memory;
	struct oci_cpu *cpu;
	struct opt_i64 pids_limit; /* pids.limit */
	struct oci_block_io *block_io;
	OCI_ARRAY(struct oci_hugepage_limit) hugepage_limits;
	struct oci_network *network;
	OCI_ARRAY(struct oci_rdma) rdma;
	oci_map unified;
};

/* linux */

enum oci_ns { OCI_NS_PID, OCI_NS_NETWORK, OCI_NS_MOUNT, OCI_NS_IPC, OCI_NS_UTS, OCI_NS_USER,
	      OCI_NS_CGROUP, OCI_NS_TIME, OCI_NS_COUNT };

struct oci_namespace {
	int type; /* enum oci_ns */
	char *path; /* NULL = a new one */
};

struct oci_device {
	char *path;
	char *type; /* "c", "b", "u", "p" */
	int64_t major, minor;
	struct opt_u32 file_mode, uid, gid;
};

struct oci_net_device {
	char *host_name; /* map key */
	char *name; /* in the container, NULL = the same */
};

struct oci_time_offset {
	char *clock; /* map key: "monotonic" or "boottime" */
	int64_t secs;
	uint32_t nanosecs;
};

enum oci_seccomp_action { OCI_ACT_KILL, OCI_ACT_KILL_PROCESS, OCI_ACT_KILL_THREAD, OCI_ACT_TRAP,
			  OCI_ACT_ERRNO, OCI_ACT_TRACE, OCI_ACT_ALLOW, OCI_ACT_LOG,
			  OCI_ACT_NOTIFY };

enum oci_seccomp_op { OCI_CMP_NE, OCI_CMP_LT, OCI_CMP_LE, OCI_CMP_EQ, OCI_CMP_GE, OCI_CMP_GT,
		      OCI_CMP_MASKED_EQ };

struct oci_seccomp_arg {
	uint32_t index; /* 0..5 */
	uint64_t value, value_two;
	int op; /* enum oci_seccomp_op */
};

struct oci_seccomp_rule {
	oci_strings names;
	int action; /* enum oci_seccomp_action */
	struct opt_u32 errno_ret;
	OCI_ARRAY(struct oci_seccomp_arg) args;
};

struct oci_seccomp {
	int default_action; /* enum oci_seccomp_action */
	struct opt_u32 default_errno_ret;
	oci_strings architectures; /* "SCMP_ARCH_X86_64" */
	oci_enums flags; /* SECCOMP_FILTER_FLAG_* bits, one each */
	char *listener_path, *listener_metadata;
	OCI_ARRAY(struct oci_seccomp_rule) syscalls;
};

struct oci_intel_rdt {
	char *clos_id;
	oci_strings schemata;
	char *l3_cache_schema, *mem_bw_schema;
	bool enable_monitoring;
};

struct oci_memory_policy {
	int mode; /* MPOL_* of <linux/mempolicy.h> */
	char *nodes;
	oci_enums flags; /* MPOL_F_* */
};

struct oci_personality {
	int domain; /* PER_LINUX or PER_LINUX32 */
	oci_strings flags; /* the spec defines none: always empty once validated */
};

struct oci_linux {
	oci_id_mappings uid_mappings, gid_mappings;
	oci_map sysctl;
	struct oci_resources *resources;
	char *cgroups_path;
	OCI_ARRAY(struct oci_namespace) namespaces;
	OCI_ARRAY(struct oci_device) devices;
	OCI_ARRAY(struct oci_net_device) net_devices;
	struct oci_seccomp *seccomp;
	char *rootfs_propagation;
	oci_strings masked_paths, readonly_paths;
	char *mount_label;
	struct oci_intel_rdt *intel_rdt;
	struct oci_memory_policy *memory_policy;
	struct oci_personality *personality;
	OCI_ARRAY(struct oci_time_offset) time_offsets;
};

struct oci_config {
	char *oci_version;
	struct oci_process *process;
	struct oci_root *root;
	char *hostname, *domainname;
	OCI_ARRAY(struct oci_mount) mounts;
	struct oci_hooks *hooks;
	oci_map annotations;
	struct oci_linux *linux_; /* never NULL after spec_load_config */
};

/* The value of an annotation (or any map) entry, NULL when absent. */
const char *oci_map_get(const oci_map *m, const char *key);

/* The namespace entry of that type, NULL when the container shares the runtime's. */
const struct oci_namespace *oci_namespace(const struct oci_config *c, enum oci_ns type);

/* True for one that is there already, and joined by its path. */
bool oci_namespace_is_joined(const struct oci_namespace *ns);

/* True when the container has a new one of that type: neither the runtime's nor one that is joined. */
bool oci_namespace_is_own(const struct oci_config *c, enum oci_ns type);
