/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows: the words that declaration tables are written in, for the files that hold rows.
 * F(struct, member, "jsonName", TYPE, flags, ANY | RANGE | NAMES | TABLE, since, "doc")
 */
#pragma once

#include "names.h"
#include "oci.h"
#include "table.h"

enum table_id {
	/* oci.c */
	TABLE_NONE,
	TABLE_CONFIG,
	TABLE_PROCESS,
	TABLE_BOX,
	TABLE_USER,
	TABLE_CAPABILITIES,
	TABLE_RLIMIT,
	TABLE_SCHEDULER,
	TABLE_IO_PRIORITY,
	TABLE_CPU_AFFINITY,
	TABLE_ROOT,
	TABLE_MOUNT,
	TABLE_HOOKS,
	TABLE_HOOK,
	TABLE_ID_MAPPING,
	/* linux.c */
	TABLE_LINUX,
	TABLE_NAMESPACE,
	TABLE_DEVICE,
	TABLE_NET_DEVICE,
	TABLE_TIME_OFFSET,
	TABLE_SECCOMP,
	TABLE_SECCOMP_RULE,
	TABLE_SECCOMP_ARG,
	TABLE_INTEL_RDT,
	TABLE_MEMORY_POLICY,
	TABLE_PERSONALITY,
	/* resources.c */
	TABLE_RESOURCES,
	TABLE_DEVICE_RULE,
	TABLE_MEMORY,
	TABLE_CPU,
	TABLE_PIDS,
	TABLE_BLOCK_IO,
	TABLE_WEIGHT_DEVICE,
	TABLE_THROTTLE_DEVICE,
	TABLE_HUGEPAGE_LIMIT,
	TABLE_NETWORK,
	TABLE_NET_PRIORITY,
	TABLE_RDMA,
	/* state.c */
	TABLE_STATE,
	TABLE_OCI_STATE,
	/* features_rows.c */
	TABLE_FEATURES,
	TABLE_FEATURES_LINUX,
	TABLE_FEATURES_ENABLED,
	TABLE_FEATURES_CGROUP,
	TABLE_FEATURES_SECCOMP,
	TABLE_FEATURES_RDT,
	TABLE_FEATURES_MEMORY_POLICY,
	TABLE_FEATURES_MOUNT_EXTENSIONS,
	/* plan_rows.c */
	TABLE_PLAN,
	TABLE_PLAN_PAIR,
	TABLE_PLAN_MEMBER,
	TABLE_COUNT
};

const struct table *oci_table(enum table_id id);
const struct table *linux_table(enum table_id id);
const struct table *resources_table(enum table_id id);
const struct table *state_table(enum table_id id);
const struct table *features_table(enum table_id id);
const struct table *plan_table(enum table_id id);

#define T_BOOL FIELD_BOOL
#define T_I32 FIELD_I32
#define T_I64 FIELD_I64
#define T_U32 FIELD_U32
#define T_U64 FIELD_U64
#define T_STRING FIELD_STRING
#define T_ENUM FIELD_ENUM
#define T_OBJECT FIELD_OBJECT
#define OPT(type) ((type) | FIELD_OPT)
#define LIST(type) ((type) | FIELD_LIST)
#define MAP(type) ((type) | FIELD_MAP)

#define REQUIRED FIELD_REQUIRED
#define ALWAYS FIELD_ALWAYS

#define ANY .sub = 0
#define RANGE(lo, hi) .min = (lo), .max = (hi)
#define NAMES(id) .sub = NAMES_##id
#define TABLE(id) .sub = TABLE_##id
/* An enum list whose unknown names go to the oci_strings `member` of the same struct. */
#define NAMES_OR(id, s, member) .sub = NAMES_##id, .max = offsetof(struct s, member)

/* User and group IDs: (uid_t)-1 means "none" to the kernel. */
#define ID RANGE(0, UINT32_MAX - 1)

/* Bytes that the engine takes a member of that type to have; 0 = it cannot know. */
#define FIELD_BYTES_ONE(type) \
	((type) == FIELD_BOOL ? 1 : (type) == FIELD_I32 || (type) == FIELD_U32 || \
	 (type) == FIELD_ENUM ? 4 : (type) == FIELD_OBJECT ? 0 : 8)
#define FIELD_BYTES(type) \
	(((type) & FIELD_SHAPES) == FIELD_LIST || ((type) & FIELD_SHAPES) == FIELD_MAP ? 16 : \
	 (type) == OPT(T_OBJECT) ? 8 : ((type) & FIELD_SHAPES) == FIELD_OPT ? \
	 2 * FIELD_BYTES_ONE((type) & ~FIELD_SHAPES) : FIELD_BYTES_ONE(type))

/* 0, or a compile-time error when the row's type does not fit the member. */
#define FIELD_CHECK(type, size) \
	(0 * sizeof(char[FIELD_BYTES(type) == 0 || FIELD_BYTES(type) == (size) ? 1 : -1]))

#define F(s, member, json_name, t, fl, arg, version, text)                               \
	{ .name = json_name, .name_len = sizeof json_name - 1, .type = (t), .flags = (fl), \
	  .since = (version), arg,                                                        \
	  .offset = offsetof(struct s, member) +                                          \
		    FIELD_CHECK(t, sizeof ((struct s *)0)->member),                       \
	  .doc = text }

/* An object in JSON whose rows fill the same struct. */
#define F_FLAT(json_name, fl, arg, version, text)                                        \
	{ .name = json_name, .name_len = sizeof json_name - 1, .type = T_OBJECT,         \
	  .flags = (fl), .since = (version), arg, .doc = text }

#define TABLE_OF(s, rows) { rows, sizeof rows / sizeof *rows, sizeof(struct s) }
