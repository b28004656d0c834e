#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# update, pause, resume, ps, events.
# shellcheck disable=SC2016,SC2094 # scripts are for the shell inside, events is written once
load lib

needs_controller() {
	local name

	for name; do
		has_controller "$name" || skip "no controller $name on this host"
	done
}

in_cgroup() {
	cat "$(cgroup_of)/$1"
}

@test "pause stops every process, resume lets them run" {
	bundle "$(shell 'while :; do echo >>/run/ticks; usleep 1000; done')" \
		'.mounts += [{destination: "/run", type: "tmpfs", source: "tmpfs"}]'
	create "$ID"
	hart start "$ID"
	local ticks before
	ticks=/proc/$(init_pid)/root/run/ticks
	eventually '[ -s $ticks ]'
	hart pause "$ID"
	[ "$(status_of)" = paused ]
	[ "$(in_cgroup cgroup.events | grep frozen)" = "frozen 1" ]
	before=$(stat -c %s "$ticks")
	sleep 0.1
	[ "$(stat -c %s "$ticks")" = "$before" ]
	refuses 'pause|paused' hart pause "$ID"
	exits 255 hart exec "$ID" /bin/true 2>err
	grep -q 'cannot exec in a paused container' err
	hart resume "$ID"
	[ "$(status_of)" = running ]
	eventually '[ "$(stat -c %s "$ticks")" -gt "$before" ]'
	refuses 'not paused|cannot resume|resume' hart resume "$ID"
}

@test "a paused container can be killed and deleted" {
	up
	hart pause "$ID"
	hart kill "$ID" KILL
	until_status "$ID" stopped
	hart delete "$ID"
	up
	hart pause "$ID"
	hart delete --force "$ID"
}

@test "a created container can be paused before it starts" {
	bundle "$(args /probe sleep)"
	create "$ID"
	hart pause "$ID"
	[ "$(status_of)" = paused ]
	hart resume "$ID"
	[ "$(status_of)" = created ]
	hart start "$ID"
	[ "$(status_of)" = running ]
}

@test "ps lists the processes, as JSON and by ps" {
	up "$(shell 'sleep 60 & sleep 60 & wait')"
	eventually '[ "$(hart ps -f json "$ID" | jq length)" = 3 ]'
	[ "$(hart ps --format json "$ID" | jq -c .)" = \
		"$(jq -sc sort "$(cgroup_of)/cgroup.procs")" ]
	hart ps "$ID" -eo user,pid,args >table
	[ "$(wc -l <table)" = 4 ]
	head -n1 table | grep -qw PID
	hart ps "$ID" -eo pid,args >table
	[ "$(grep -c 'sleep 60' table)" -ge 2 ]
	refuses 'invalid format option' hart ps -f xml "$ID"
	refuses 'PID field' hart ps "$ID" -eo args
}

@test "ps without options is ps -ef" {
	ps -ef >/dev/null 2>&1 || skip "ps -ef does not work on this host"
	up
	hart ps "$ID" >table
	[ "$(wc -l <table)" = 2 ]
	head -n1 table | grep -q '^UID *PID *PPID'
	[ "$(awk 'NR == 2 { print $2 }' table)" = "$(init_pid)" ]
}

@test "ps of a stopped container" {
	bundle "$(args /bin/true)"
	create "$ID"
	hart start "$ID"
	until_status "$ID" stopped
	[ "$(hart ps -f json "$ID")" = null ]
}

# counted FILE: the statistics, of a container whose time the kernel, which may count by ticks, has seen.
counted() {
	hart exec "$ID" /bin/sh -c 'i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done' &&
		hart events --stats "$ID" >"$1" && jq -e '.data.cpu.usage.total > 0' "$1"
}

@test "events --stats has runc's members" {
	up
	eventually counted stats
	jq -e ".type == \"stats\" and .id == \"$ID\"" stats
	jq -e '.data | has("cpu") and has("cpuset") and has("memory") and has("pids")
		and has("blkio") and has("hugetlb") and has("intel_rdt")
		and has("network_interfaces")' stats
	jq -e '.data.cpu.usage | has("kernel") and has("user")' stats
	jq -e '.data.pids.current == 1' stats
	if has_controller memory; then
		jq -e '.data.memory | .usage.usage > 0 and .usage.limit > 0 and .raw.anon >= 0' stats
	fi
	[ "$(wc -l <stats)" = 1 ]
}

@test "events --stats compared with runc, member by member" {
	command -v runc >/dev/null || skip "no runc"
	up
	eventually counted ours
	bundle "$(args /bin/sleep 60)" 'del(.process.scheduler, .process.ioPriority)'
	runc --root "$STATE/runc" run -d --bundle "$BUNDLE" "runc$ID" </dev/null >/dev/null 2>&1 3>&-
	runc --root "$STATE/runc" events --stats "runc$ID" >theirs || :
	runc --root "$STATE/runc" delete --force "runc$ID"
	rm -rf "$STATE/runc"
	# Each member of theirs is in ours, with the same type. Either leaves out a cache of 0.
	jq -c '.data | del(.memory.raw, .memory.cache, .blkio) | paths(type != "null") as $p
		| [$p, (getpath($p) | type)]' theirs | sort >theirs.members
	jq -c '.data | paths(type != "null") as $p | [$p, (getpath($p) | type)]' ours |
		sort >ours.members
	[ -s theirs.members ]
	run comm -23 theirs.members ours.members
	[ -z "$output" ] || { echo "$output" && false; }
}

@test "events prints at intervals until the container stops" {
	up
	hart events --interval 100ms "$ID" >events &
	eventually '[ "$(wc -l <events)" -ge 2 ]'
	hart kill "$ID" KILL
	wait $!
	jq -se 'all(.type == "stats")' events
	refuses 'is not running' hart events --stats "$ID"
	refuses 'greater than 0' hart events --interval 0s "$ID"
}

@test "events tells of an OOM kill" {
	needs_controller memory
	bundle '.linux.resources.memory = {"limit": 16777216, "swap": 16777216}' \
		"$(shell 'sleep 0.5; dd if=/dev/zero of=/dev/null bs=64M count=1; sleep 0.5')"
	create "$ID"
	hart events --interval 1h "$ID" >events &
	hart start "$ID"
	wait $!
	jq -se ". == [{type: \"oom\", id: \"$ID\"}]" events
}

@test "update by options" {
	needs_controller memory cpu pids
	up '.linux.resources.memory = {"limit": 67108864}'
	hart update --memory 96M --memory-reservation 1048576 --pids-limit 20 --cpu-share 512 \
		--cpu-quota 50000 --cpu-period 100000 "$ID"
	[ "$(in_cgroup memory.max)" = 100663296 ]
	[ "$(in_cgroup memory.low)" = 1048576 ]
	[ "$(in_cgroup pids.max)" = 20 ]
	[ "$(in_cgroup cpu.weight)" = 59 ]
	[ "$(in_cgroup cpu.max)" = "50000 100000" ]
	# One of a pair leaves the other as it is.
	hart update --cpu-period 200000 "$ID"
	[ "$(in_cgroup cpu.max)" = "50000 200000" ]
	hart update --cpu-quota 70000 --cpu-burst 10000 "$ID"
	[ "$(in_cgroup cpu.max)" = "70000 200000" ]
	[ "$(in_cgroup cpu.max.burst)" = 10000 ]
	hart update --memory -1 --pids-limit -1 --cpu-quota -1 "$ID"
	[ "$(in_cgroup memory.max)" = max ]
	[ "$(in_cgroup pids.max)" = max ]
	[ "$(in_cgroup cpu.max)" = "max 200000" ]
}

@test "update by a resources object, from a file and from stdin" {
	up
	echo '{"unified": {"cgroup.max.depth": "4"}}' >resources.json
	hart update -r resources.json "$ID"
	[ "$(in_cgroup cgroup.max.depth)" = 4 ]
	echo '{"unified": {"cgroup.max.depth": "5"}}' | hart update --resources=- "$ID"
	[ "$(in_cgroup cgroup.max.depth)" = 5 ]
	echo '{"memory": {"limit": "much"}}' >resources.json
	refuses 'memory/limit' hart update -r resources.json "$ID"
	refuses 'No such file' hart update -r /nowhere "$ID"
}

@test "update with what the host has no controller for is refused and named" {
	if has_controller rdma; then skip "this host has rdma"; fi
	up
	echo '{"rdma": {"x": {"hcaHandles": 1}}}' >resources.json
	refuses 'cgroup controller rdma' hart update -r resources.json "$ID"
}

@test "a refused update leaves what was" {
	up '.linux.resources.unified = {"cgroup.max.depth": "3"}'
	echo '{"unified": {"cgroup.max.depth": "4", "cgroup.max.descendants": "many"}}' >resources.json
	refuses 'cgroup.max.descendants' hart update -r resources.json "$ID"
	[ "$(in_cgroup cgroup.max.depth)" = 3 ]
}

@test "update refuses a memory limit below the usage when asked to" {
	needs_controller memory
	up
	echo '{"memory": {"limit": 4096, "checkBeforeUpdate": true}}' >resources.json
	refuses 'rejecting memory limit' hart update -r resources.json "$ID"
	[ "$(in_cgroup memory.max)" = max ]
}

@test "update of devices replaces the filter" {
	bundle "$(args /probe sleep)" '.process.capabilities |= map_values(. + ["CAP_MKNOD", "CAP_SYSLOG"]
		| unique)
		| .mounts += [{destination: "/nodes", type: "tmpfs", source: "tmpfs"}]'
	create "$ID"
	hart start "$ID"
	hart exec "$ID" /bin/busybox mknod /nodes/kmsg c 1 11
	refuses 'not permitted' hart exec "$ID" /bin/sh -c 'exec 9</nodes/kmsg'
	echo '{"devices": [{"allow": false, "access": "rwm"},
		{"allow": true, "type": "c", "major": 1, "minor": 11, "access": "r"}]}' |
		hart update -r - "$ID"
	hart exec "$ID" /bin/sh -c 'exec 9</nodes/kmsg'
	# An engine that sends the config's own rules along leaves the filter as it is.
	jq .linux.resources "$BUNDLE/config.json" | hart update -r - "$ID"
	hart exec "$ID" /bin/sh -c 'exec 9</nodes/kmsg'
	echo '{"devices": [{"allow": false}]}' | hart update -r - "$ID"
	refuses 'not permitted' hart exec "$ID" /bin/sh -c 'exec 9</nodes/kmsg'
}

@test "old options are accepted with a warning, stopped containers are not updated" {
	up
	hart update --kernel-memory 1M "$ID" 2>err
	grep -q 'Kernel memory settings are ignored' err
	hart kill "$ID" KILL
	until_status "$ID" stopped
	refuses 'container not running' hart update --cpu-share 3 "$ID"
}

@test "Intel RDT options need a group" {
	up
	refuses 'non-existent Intel RDT' hart update --l3-cache-schema 'L3:0=f' "$ID"
}
