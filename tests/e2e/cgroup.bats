#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The container's cgroup: where it is, linux.resources, the device filter. What a host has no
# controller for is skipped here: User Mode Linux has cpu, io, memory and pids.
# shellcheck disable=SC2016,SC2094 # scripts are for the shell inside, events is written once
load lib

needs_controller() {
	local name

	for name; do
		has_controller "$name" || skip "no controller $name on this host"
	done
}

# in_cgroup FILE: that file of container $ID's cgroup.
in_cgroup() {
	cat "$(cgroup_of)/$1"
}

# The host's folder of the cgroup that this test runs beside in.
beside() {
	local own

	own=$(sed -n 's/^0:://p' /proc/self/cgroup)
	echo "/sys/fs/cgroup${own%/*}"
}

@test "without cgroupsPath the cgroup is beside the caller's and named like the container" {
	up
	[ "$(cgroup_of)" = "$(beside)/$ID" ]
	hart delete --force "$ID"
	[ ! -e "$(beside)/$ID" ]
}

@test "an absolute cgroupsPath is below the mount, a relative one beside the caller" {
	up '.linux.cgroupsPath = "/hart-test-abs/a//b/"'
	[ "$(cgroup_of)" = /sys/fs/cgroup/hart-test-abs/a/b ]
	hart delete --force "$ID"
	rmdir /sys/fs/cgroup/hart-test-abs/a /sys/fs/cgroup/hart-test-abs
	up '.linux.cgroupsPath = "slice:prefix:name"'
	[ "$(cgroup_of)" = "$(beside)/slice:prefix:name" ]
}

@test "cgroupsPath does not leave the tree" {
	bundle '.linux.cgroupsPath = "/a/../../b"'
	refuses 'cgroupsPath: .*/a/../../b.* has a .*\.\.' hart create --bundle "$BUNDLE" "$ID"
	bundle '.linux.cgroupsPath = "/"'
	refuses 'root cgroup' hart create --bundle "$BUNDLE" "$ID"
}

@test "a cgroup with processes in it is not used, an empty one is, and stays" {
	mkdir /sys/fs/cgroup/hart-test-used
	sleep 30 3>&- &
	echo $! >/sys/fs/cgroup/hart-test-used/cgroup.procs
	bundle '.linux.cgroupsPath = "/hart-test-used"'
	refuses "container's cgroup is not empty" hart create --bundle "$BUNDLE" "$ID"
	kill $!
	wait || :
	up '.linux.cgroupsPath = "/hart-test-used"'
	hart delete --force "$ID"
	rmdir /sys/fs/cgroup/hart-test-used
}

@test "delete ends what runs in a cgroup that was there before" {
	mkdir /sys/fs/cgroup/hart-test-there
	up '.linux.cgroupsPath = "/hart-test-there"' "$(namespace pid -)" "$(args /probe family 3)"
	eventually grep -q ready out
	hart delete --force "$ID"
	rmdir /sys/fs/cgroup/hart-test-there
}

@test "a cgroup that was given to another container when the first had ended: kill and delete spare that one" {
	local filter
	for filter in . "$(namespace pid -)"; do
		bundle '.linux.cgroupsPath = "/hart-test-next"' "$filter" "$(args /bin/true)"
		hart run --keep --bundle "$BUNDLE" old </dev/null
		up '.linux.cgroupsPath = "/hart-test-next"' "$filter"
		refuses 'container not running' hart kill old KILL
		hart kill --all old KILL
		[ "$(status_of)" = running ]
		hart delete old 2>err
		grep -q 'cgroup /hart-test-next stays' err
		[ "$(status_of)" = running ]
		hart delete --force "$ID"
		rmdir /sys/fs/cgroup/hart-test-next
	done
}

@test "all controllers of the host are on in the container's cgroup" {
	up
	[ "$(in_cgroup cgroup.controllers)" = "$(cat /sys/fs/cgroup/cgroup.controllers)" ]
}

@test "a controller that is asked for and not there is named, and nothing is left" {
	if has_controller rdma; then skip "this host has rdma"; fi
	bundle '.linux.resources.rdma = {"mlx5_0": {"hcaHandles": 3}}'
	refuses 'cgroup controller rdma is asked for' hart create --bundle "$BUNDLE" "$ID"
	bundle '.linux.resources.unified = {"strange.max": "1"}'
	refuses 'cgroup controller strange is not available' hart create --bundle "$BUNDLE" "$ID"
}

@test "memory limits" {
	needs_controller memory
	up '.linux.resources.memory = {"limit": 67108864, "reservation": 16777216,
		"swap": 100663296, "swappiness": 10, "disableOOMKiller": false}'
	[ "$(in_cgroup memory.max)" = 67108864 ]
	[ "$(in_cgroup memory.low)" = 16777216 ]
	[ ! -e "$(cgroup_of)/memory.swap.max" ] || [ "$(in_cgroup memory.swap.max)" = 33554432 ]
}

@test "a swap limit needs a memory limit that is not above it" {
	needs_controller memory
	bundle '.linux.resources.memory = {"swap": 100663296}'
	refuses 'unable to set swap limit without memory limit' hart create --bundle "$BUNDLE" "$ID"
	bundle '.linux.resources.memory = {"swap": 1048576, "limit": 2097152}'
	refuses 'memory\+swap limit should be >= memory limit' hart create --bundle "$BUNDLE" "$ID"
}

@test "a container that takes more memory than its limit is killed" {
	needs_controller memory
	bundle '.linux.resources.memory = {"limit": 16777216, "swap": 16777216}' \
		"$(shell 'dd if=/dev/zero of=/dev/null bs=64M count=1')"
	exits 137 run_bundle
}

@test "cpu limits" {
	needs_controller cpu
	up '.linux.resources.cpu = {"shares": 2048, "quota": 50000, "period": 200000, "burst": 20000}'
	[ "$(in_cgroup cpu.weight)" = 174 ]
	[ "$(in_cgroup cpu.max)" = "50000 200000" ]
	[ "$(in_cgroup cpu.max.burst)" = 20000 ]
}

@test "an idle container" {
	needs_controller cpu
	up '.linux.resources.cpu = {"shares": 2048, "idle": 1}'
	[ "$(in_cgroup cpu.idle)" = 1 ]
}

@test "cpusets" {
	needs_controller cpuset
	up '.linux.resources.cpu = {"cpus": "0", "mems": "0"}'
	[ "$(in_cgroup cpuset.cpus)" = 0 ]
	[ "$(in_cgroup cpuset.mems)" = 0 ]
}

@test "a pids limit, and that it holds" {
	needs_controller pids
	up '.linux.resources.pids = {"limit": 8}'
	[ "$(in_cgroup pids.max)" = 8 ]
	hart delete --force "$ID"
	bundle '.linux.resources.pids = {"limit": 4}' \
		"$(shell 'for i in 1 2 3 4 5 6; do sleep 1 & done; wait')"
	run_bundle || :
	grep -q "can't fork" err
}

@test "no limit on pids and memory works without controllers" {
	up '.linux.resources.pids = {"limit": -1} | .linux.resources.memory = {"limit": -1}'
}

@test "block io limits" {
	needs_controller io
	local dev
	dev=$(cat /sys/block/*/dev | head -n1)
	[ -n "$dev" ] || skip "no disk"
	up ".linux.resources.blockIO = {\"throttleReadBpsDevice\":
		[{\"major\": ${dev%:*}, \"minor\": ${dev#*:}, \"rate\": 1048576}],
		\"throttleWriteIOPSDevice\":
		[{\"major\": ${dev%:*}, \"minor\": ${dev#*:}, \"rate\": 500}]}"
	[ "$(in_cgroup io.max)" = "$dev rbps=1048576 wbps=max riops=max wiops=500" ]
}

@test "huge page limits" {
	needs_controller hugetlb
	up '.linux.resources.hugepageLimits = [{"pageSize": "2MB", "limit": 4194304}]'
	[ "$(in_cgroup hugetlb.2MB.max)" = 4194304 ]
	[ "$(in_cgroup hugetlb.2MB.rsvd.max)" = 4194304 ]
}

@test "unified settings are written as they are, over the others" {
	up '.linux.resources.unified = {"cgroup.max.depth": "3", "cgroup.max.descendants": "7"}'
	[ "$(in_cgroup cgroup.max.depth)" = 3 ]
	[ "$(in_cgroup cgroup.max.descendants)" = 7 ]
	hart delete --force "$ID"
	bundle '.linux.resources.unified = {"../x": "1"}'
	refuses 'is not a file name' hart create --bundle "$BUNDLE" "$ID"
	bundle '.linux.resources.unified = {"cgroup.max.depth": "many"}'
	refuses 'write .*many.* to cgroup.max.depth' hart create --bundle "$BUNDLE" "$ID"
}

# What making nodes and opening kmsg takes, and a tmpfs for device nodes.
can_mknod() {
	cat <<-'JQ'
		.mounts += [{destination: "/nodes", type: "tmpfs", source: "tmpfs"}]
		| .process.capabilities |= map_values(. + ["CAP_MKNOD", "CAP_SYSLOG"] | unique)
	JQ
}

# A node that the host can open and that is not among the default devices, "MAJOR MINOR".
host_device() {
	local node

	for node in /dev/kmsg /dev/fuse /dev/loop-control /dev/mem; do
		if [ -c "$node" ] && (exec 9<"$node") 2>/dev/null; then
			stat -c '%Hr %Lr' "$node"
			return
		fi
	done
	skip "no device to try on this host"
}

try_device='mknod /nodes/d c $0 $1 && (exec 9</nodes/d) 2>&1 && echo readable
	(exec 9>>/nodes/d) 2>&1 && echo writable; :'

@test "devices that no rule allows can be made, but not opened" {
	local dev
	dev=$(host_device)
	[[ $dev == *\ * ]] || skip "$dev"
	bundle "$(can_mknod)" "$(args /bin/sh -c "$try_device" "${dev% *}" "${dev#* }")"
	run_bundle
	[ "$(grep -c 'Operation not permitted' out)" = 2 ]
	[ "$(grep -c able out)" = 0 ]
}

@test "a rule allows a device, with the accesses that it names" {
	local dev
	dev=$(host_device)
	[[ $dev == *\ * ]] || skip "$dev"
	bundle "$(can_mknod)" "$(args /bin/sh -c "$try_device" "${dev% *}" "${dev#* }")" \
		".linux.resources.devices += [{allow: true, type: \"c\", major: ${dev% *},
			minor: ${dev#* }, access: \"r\"}]"
	run_bundle
	grep -q readable out
	[ "$(grep -c 'Operation not permitted' out)" = 1 ]
}

@test "the default devices work in every container" {
	bundle '.linux.resources.devices = [{allow: false, access: "rwm"}]' "$(shell '
		for d in null zero full random urandom; do exec 9<>/dev/$d || exit 1; done; echo all')"
	run_bundle
	[ "$(cat out)" = all ]
}
