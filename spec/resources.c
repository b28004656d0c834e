/* SPDX-License-Identifier: Apache-2.0 */
/* resources: the rows of config-linux.md, "Control groups". */
#include "rows.h"

static const struct field resources_rows[] = {
	F(oci_resources, devices, "devices", LIST(T_OBJECT), 0, TABLE(DEVICE_RULE), 10,
	  "Which devices may be used. Rules are applied in this order, the last match wins."),
	F(oci_resources, memory, "memory", OPT(T_OBJECT), 0, TABLE(MEMORY), 10, "Memory."),
	F(oci_resources, cpu, "cpu", OPT(T_OBJECT), 0, TABLE(CPU), 10, "CPU time and CPUs."),
	F_FLAT("pids", 0, TABLE(PIDS), 10, "Number of processes."),
	F(oci_resources, block_io, "blockIO", OPT(T_OBJECT), 0, TABLE(BLOCK_IO), 10,
	  "I/O on block devices."),
	F(oci_resources, hugepage_limits, "hugepageLimits", LIST(T_OBJECT), 0,
	  TABLE(HUGEPAGE_LIMIT), 10, "Huge pages, by size."),
	F(oci_resources, network, "network", OPT(T_OBJECT), 0, TABLE(NETWORK), 10,
	  "Network classes; cgroup v1 only."),
	F(oci_resources, rdma, "rdma", MAP(T_OBJECT), 0, TABLE(RDMA), 10,
	  "RDMA resources, by device."),
	F(oci_resources, unified, "unified", MAP(T_STRING), 0, ANY, 11,
	  "Values for files of the container's cgroup, as \"memory.high\": \"1G\"."),
};

static const struct field device_rule_rows[] = {
	F(oci_device_rule, allow, "allow", T_BOOL, REQUIRED, ANY, 10, "Allow or deny."),
	F(oci_device_rule, type, "type", T_STRING, 0, NAMES(RULE_TYPE), 10,
	  "c: character, b: block, a: all; left out, all."),
	F(oci_device_rule, major, "major", OPT(T_I64), 0, RANGE(-1, UINT32_MAX), 10,
	  "Major number; left out or -1, all."),
	F(oci_device_rule, minor, "minor", OPT(T_I64), 0, RANGE(-1, UINT32_MAX), 10,
	  "Minor number; left out or -1, all."),
	F(oci_device_rule, access, "access", T_STRING, 0, ANY, 10,
	  "Any of r (read), w (write), m (mknod)."),
};

#define BYTES_OR_UNLIMITED RANGE(-1, INT64_MAX)

static const struct field memory_rows[] = {
	F(oci_memory, limit, "limit", OPT(T_I64), 0, BYTES_OR_UNLIMITED, 10,
	  "Bytes of memory, -1 for no limit."),
	F(oci_memory, reservation, "reservation", OPT(T_I64), 0, BYTES_OR_UNLIMITED, 10,
	  "Bytes that are protected or soft-limited, -1 for no limit."),
	F(oci_memory, swap, "swap", OPT(T_I64), 0, BYTES_OR_UNLIMITED, 10,
	  "Bytes of memory and swap together, -1 for no limit."),
	F(oci_memory, kernel, "kernel", OPT(T_I64), 0, BYTES_OR_UNLIMITED, 10,
	  "Kernel memory. Not recommended; cgroup v1 only."),
	F(oci_memory, kernel_tcp, "kernelTCP", OPT(T_I64), 0, BYTES_OR_UNLIMITED, 10,
	  "TCP buffers. Not recommended; cgroup v1 only."),
	F(oci_memory, swappiness, "swappiness", OPT(T_U64), 0, RANGE(0, 100), 10,
	  "Inclination to swap, 0 to 100; cgroup v1 only."),
	F(oci_memory, disable_oom_killer, "disableOOMKiller", OPT(T_BOOL), 0, ANY, 10,
	  "No OOM killer; cgroup v1 only."),
	F(oci_memory, use_hierarchy, "useHierarchy", OPT(T_BOOL), 0, ANY, 10,
	  "Count child cgroups; always so in cgroup v2."),
	F(oci_memory, check_before_update, "checkBeforeUpdate", OPT(T_BOOL), 0, ANY, 11,
	  "Refuse a new limit that is below what is in use."),
};

static const struct field cpu_rows[] = {
	F(oci_cpu, shares, "shares", OPT(T_U64), 0, ANY, 10, "Weight, in units of cgroup v1."),
	F(oci_cpu, quota_us, "quota", OPT(T_I64), 0, ANY, 10,
	  "Microseconds of CPU time in a period; negative: no limit."),
	F(oci_cpu, burst_us, "burst", OPT(T_U64), 0, ANY, 11,
	  "Unused microseconds that may be spent later."),
	F(oci_cpu, period_us, "period", OPT(T_U64), 0, ANY, 10, "Length of the period."),
	F(oci_cpu, realtime_runtime_us, "realtimeRuntime", OPT(T_I64), 0, ANY, 10,
	  "Microseconds of real-time scheduling in a period; cgroup v1 only."),
	F(oci_cpu, realtime_period_us, "realtimePeriod", OPT(T_U64), 0, ANY, 10,
	  "Length of that period; cgroup v1 only."),
	F(oci_cpu, cpus, "cpus", T_STRING, 0, ANY, 10, "CPUs, as 0-3,7."),
	F(oci_cpu, mems, "mems", T_STRING, 0, ANY, 10, "Memory nodes, as 0-3,7."),
	F(oci_cpu, idle, "idle", OPT(T_I64), 0, RANGE(0, 1), 11,
	  "1: run when nobody else wants to."),
};

static const struct field pids_rows[] = {
	F(oci_resources, pids_limit, "limit", OPT(T_I64), 0, ANY, 10,
	  "Greatest number of processes; negative, or 0 before 1.3: no limit."),
};

#define THROTTLE(member, name, doc) \
	F(oci_block_io, member, name, LIST(T_OBJECT), 0, TABLE(THROTTLE_DEVICE), 10, doc)

static const struct field block_io_rows[] = {
	F(oci_block_io, weight, "weight", OPT(T_U32), 0, RANGE(0, 65535), 10,
	  "Weight, in units of cgroup v1: 10 to 1000."),
	F(oci_block_io, leaf_weight, "leafWeight", OPT(T_U32), 0, RANGE(0, 65535), 10,
	  "Weight against child cgroups; cgroup v1 only."),
	F(oci_block_io, weight_device, "weightDevice", LIST(T_OBJECT), 0, TABLE(WEIGHT_DEVICE), 10,
	  "Weights by device."),
	THROTTLE(read_bps, "throttleReadBpsDevice", "Bytes a second to read, by device."),
	THROTTLE(write_bps, "throttleWriteBpsDevice", "Bytes a second to write, by device."),
	THROTTLE(read_iops, "throttleReadIOPSDevice", "Reads a second, by device."),
	THROTTLE(write_iops, "throttleWriteIOPSDevice", "Writes a second, by device."),
};

static const struct field weight_device_rows[] = {
	F(oci_weight_device, major, "major", T_I64, REQUIRED, RANGE(0, UINT32_MAX), 10,
	  "Major number."),
	F(oci_weight_device, minor, "minor", T_I64, REQUIRED, RANGE(0, UINT32_MAX), 10,
	  "Minor number."),
	F(oci_weight_device, weight, "weight", OPT(T_U32), 0, RANGE(0, 65535), 10, "Weight."),
	F(oci_weight_device, leaf_weight, "leafWeight", OPT(T_U32), 0, RANGE(0, 65535), 10,
	  "Weight against child cgroups; cgroup v1 only."),
};

static const struct field throttle_device_rows[] = {
	F(oci_throttle_device, major, "major", T_I64, REQUIRED, RANGE(0, UINT32_MAX), 10,
	  "Major number."),
	F(oci_throttle_device, minor, "minor", T_I64, REQUIRED, RANGE(0, UINT32_MAX), 10,
	  "Minor number."),
	F(oci_throttle_device, rate, "rate", T_U64, REQUIRED, ANY, 10,
	  "Bytes or operations a second."),
};

static const struct field hugepage_limit_rows[] = {
	F(oci_hugepage_limit, page_size, "pageSize", T_STRING, REQUIRED, ANY, 10,
	  "Page size: 64KB, 2MB, 1GB."),
	F(oci_hugepage_limit, limit_bytes, "limit", T_U64, REQUIRED, ANY, 10,
	  "Bytes that may be reserved."),
};

static const struct field network_rows[] = {
	F(oci_network, class_id, "classID", OPT(T_U32), 0, ANY, 10, "Class of packets."),
	F(oci_network, priorities, "priorities", LIST(T_OBJECT), 0, TABLE(NET_PRIORITY), 10,
	  "Priorities by interface."),
};

static const struct field net_priority_rows[] = {
	F(oci_net_priority, name, "name", T_STRING, REQUIRED, ANY, 10, "Interface."),
	F(oci_net_priority, priority, "priority", T_U32, REQUIRED, ANY, 10, "Priority."),
};

static const struct field rdma_rows[] = {
	F(oci_rdma, hca_handles, "hcaHandles", OPT(T_U32), 0, ANY, 10, "Most HCA handles."),
	F(oci_rdma, hca_objects, "hcaObjects", OPT(T_U32), 0, ANY, 10, "Most HCA objects."),
};

const struct table *resources_table(enum table_id id)
{
	static const struct table tables[] = {
		[TABLE_RESOURCES - TABLE_RESOURCES] = TABLE_OF(oci_resources, resources_rows),
		[TABLE_DEVICE_RULE - TABLE_RESOURCES] = TABLE_OF(oci_device_rule, device_rule_rows),
		[TABLE_MEMORY - TABLE_RESOURCES] = TABLE_OF(oci_memory, memory_rows),
		[TABLE_CPU - TABLE_RESOURCES] = TABLE_OF(oci_cpu, cpu_rows),
		[TABLE_PIDS - TABLE_RESOURCES] = TABLE_OF(oci_resources, pids_rows),
		[TABLE_BLOCK_IO - TABLE_RESOURCES] = TABLE_OF(oci_block_io, block_io_rows),
		[TABLE_WEIGHT_DEVICE - TABLE_RESOURCES] =
			TABLE_OF(oci_weight_device, weight_device_rows),
		[TABLE_THROTTLE_DEVICE - TABLE_RESOURCES] =
			TABLE_OF(oci_throttle_device, throttle_device_rows),
		[TABLE_HUGEPAGE_LIMIT - TABLE_RESOURCES] =
			TABLE_OF(oci_hugepage_limit, hugepage_limit_rows),
		[TABLE_NETWORK - TABLE_RESOURCES] = TABLE_OF(oci_network, network_rows),
		[TABLE_NET_PRIORITY - TABLE_RESOURCES] =
			TABLE_OF(oci_net_priority, net_priority_rows),
		[TABLE_RDMA - TABLE_RESOURCES] = TABLE_OF(oci_rdma, rdma_rows),
	};

	return &tables[id - TABLE_RESOURCES];
}
