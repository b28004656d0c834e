#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# host: a stock Debian host as an appliance (read-only root, everything below /run): limits by all
# controllers of a pure cgroup2 tree, time namespaces, mounts with their own mapping, services. What runc
# can do is asked of it too. Run by tests/hosts/qemuhost. TAP.
cd "$(dirname "$0")" || exit 1
# shellcheck source=tests/e2e/qemu/lib.bash
source ./lib.bash
CGROUP=/sys/fs/cgroup/qemu-test
USER_NS='.linux.namespaces += [{type: "user"}]
	| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
	| .linux.gidMappings = .linux.uidMappings'

resources() {
	echo ".linux.cgroupsPath = \"/qemu-test\" | .linux.resources += $1"
}

# in_cgroup WANT FILE
in_cgroup() {
	says "$1" cat "$CGROUP/$2"
}

# The root's device is read-only, and so is the mount.
appliance() {
	! touch /written 2>/dev/null
	bundle "$(args /bin/id -u)"
	says 0 run
	up
	says running jq -r .status < <(rt state "$ID")
	says hello rt exec "$ID" echo hello
	rt kill "$ID" KILL
	rt delete --force "$ID"
	refuses 'does not exist' rt state "$ID"
}

cpu() {
	up "$(resources '{cpu: {shares: 512, quota: 20000, period: 100000, cpus: "1", mems: "0"}}')"
	in_cgroup '20000 100000' cpu.max
	in_cgroup 1 cpuset.cpus.effective
	rt update --cpu-quota 30000 --cpuset-cpus 0 "$ID"
	in_cgroup '30000 100000' cpu.max
	in_cgroup 0 cpuset.cpus.effective
}

memory() {
	bundle "$(resources '{memory: {limit: 16777216, swap: 16777216, reservation: 8388608}}')" \
		"$(args /probe eat 33554432)"
	! run || return 1
	up "$(resources '{memory: {limit: 16777216, swap: 16777216, reservation: 8388608}}')"
	in_cgroup 16777216 memory.max
	in_cgroup 8388608 memory.low
	rt update --memory 33554432 --memory-swap 33554432 "$ID"
	in_cgroup 33554432 memory.max
}

pids() {
	bundle "$(resources '{pids: {limit: 4}}')" "$(args /probe fork 10)"
	says 3 run
}

hugetlb() {
	up "$(resources '{hugepageLimits: [{pageSize: "2MB", limit: 4194304}]}')"
	in_cgroup 4194304 hugetlb.2MB.max
}

io_limits() {
	local device

	device=$(stat -c '%Hr:%Lr' /dev/vdb)
	up "$(resources "{blockIO: {throttleReadBpsDevice: [{major: ${device%:*}, minor: ${device#*:},
		rate: 1048576}], throttleWriteIOPSDevice: [{major: ${device%:*}, minor: ${device#*:}, rate: 100}]}}")"
	in_cgroup "$device rbps=1048576 wbps=max riops=max wiops=100" io.max
}

# The scheduler with weights: chosen for the disk, then each group's weight counts.
io_weight() {
	echo bfq >/sys/block/vdb/queue/scheduler
	up "$(resources '{blockIO: {weight: 500}}')"
	grep -q '^default 500$' "$CGROUP/io.bfq.weight"
}

stats() {
	up "$(resources '{memory: {limit: 67108864}, cpu: {quota: 50000, period: 100000}, pids: {limit: 50}}')"
	rt events --stats "$ID" >"$WORK/stats"
	jq -e '.data | .memory.usage.limit == 67108864 and .pids.limit == 50 and .pids.current == 1
		and .cpu.usage.total > 0 and (.hugetlb | has("2MB"))' "$WORK/stats" >/dev/null
}

freeze() {
	up '.linux.cgroupsPath = "/qemu-test"'
	rt pause "$ID"
	says paused jq -r .status < <(rt state "$ID")
	grep -q '^frozen 1' "$CGROUP/cgroup.events"
	rt resume "$ID"
	says running jq -r .status < <(rt state "$ID")
}

time_ns() {
	local up now

	bundle '.linux.namespaces += [{type: "time"}]' \
		'.linux.timeOffsets = {boottime: {secs: 1000000}, monotonic: {secs: 2000000}}' \
		"$(args /bin/cat /proc/uptime)"
	up=$(run) now=$(</proc/uptime)
	[ "${up%%.*}" -ge 1000000 ] && [ "${now%%.*}" -lt 1000000 ]
}

time_ns_exec() {
	local up

	up '.linux.namespaces += [{type: "time"}]' '.linux.timeOffsets = {boottime: {secs: 1000000}}' \
		"$USER_NS" "$(args /bin/sleep 1000)"
	up=$(rt exec "$ID" cat /proc/uptime)
	[ "${up%%.*}" -ge 1000000 ]
}

user_ns() {
	bundle "$USER_NS" "$(shell 'id -u; cat /proc/self/uid_map | while read a b c; do echo $b; done; stat -c %u /dev/mqueue')"
	says $'0\n100000\n0' run
}

check_both "an appliance: run, exec, kill and delete with a root that is read-only" appliance
check_both "cpu and cpuset limits, and their update" cpu
check_both "memory limits, and their update" memory
check_both "the limit of processes" pids
check_both "the limit of huge pages" hugetlb
check_both "limits of a disk" io_limits
check_both "weights of a disk's scheduler" io_weight
check_both "statistics" stats
check_both "pause and resume" freeze
check "a time namespace's offsets" time_ns
check "exec in a time namespace and a user namespace" time_ns_exec
check_both "a user namespace" user_ns
finish
