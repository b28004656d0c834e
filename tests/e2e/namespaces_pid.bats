#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A container in the PID namespace of another one: its first process is cloned into it last of all (runtime/late.h), and
# has all the same what the config gives it.
load lib

# other [FILTER...]: a container that the others join; JOINS is the filter.
other() {
	BUNDLE=$PWD/other bundle "$(args /probe sleep)" "$@"
	hart run -d --bundle "$PWD/other" other </dev/null >other.out 2>other.err
	JOINS=$(namespace pid "/proc/$(hart state other | jq .pid)/ns/pid")
}

@test "it is a process of that namespace, with a procfs of it, in a session of its own" {
	other
	report "$JOINS"
	check '.pid > 1' '.sid == .pid' '.pgid == .pid' \
		".namespaces.pid == \"$(readlink "/proc/$(hart state other | jq .pid)/ns/pid")\"" '[.fds[].fd] == [0, 1, 2]'
	bundle "$(args /bin/cat /proc/1/comm)" "$JOINS"
	[ "$(run_bundle && cat out)" = probe ]
	# Two of them, one with options.
	bundle "$(args /bin/sh -c 'cat /proc/1/comm /mnt/1/comm; cat /proc/self/mountinfo')" "$JOINS" \
		'.mounts += [{destination: "/mnt", type: "proc", source: "proc", options: ["ro", "nosuid", "hidepid=invisible"]}]' \
		'.root.readonly = false'
	run_bundle
	[ "$(head -n 2 out)" = $'probe\nprobe' ]
	grep -q ' /mnt ro,nosuid.*hidepid=invisible' out
}

@test "the pid file and the state have the process that the program becomes" {
	local pid
	other
	bundle "$(args /probe sleep)" "$JOINS"
	hart create --bundle "$BUNDLE" --pid-file pid "$ID" </dev/null >out 2>err
	pid=$(cat pid)
	[ "$(hart state "$ID" | jq .pid)" = "$pid" ]
	hart start "$ID"
	[ "$(hart state "$ID" | jq .pid)" = "$pid" ]
	eventually '[ "$(cat /proc/'"$pid"'/comm)" = probe ]'
	hart exec "$ID" cat /proc/1/comm </dev/null | grep -x probe
	hart kill "$ID" TERM
	until_status "$ID" stopped
}

@test "scheduling, limits, a limit of one process" {
	local limit=.

	! grep -qw pids /sys/fs/cgroup/cgroup.controllers || limit='.linux.resources.pids = {limit: 1}'
	other
	report "$JOINS" "$limit" '.process.scheduler = {policy: "SCHED_BATCH", nice: 5, flags: ["SCHED_FLAG_RESET_ON_FORK"]}' \
		'.process.rlimits = [{type: "RLIMIT_NPROC", soft: 1, hard: 1}, {type: "RLIMIT_NOFILE", soft: 64, hard: 64}]'
	check '.scheduler.policy == "SCHED_BATCH"' '.scheduler.nice == 5' '.rlimits.RLIMIT_NPROC == {soft: 1, hard: 1}'
}

@test "limits of a user who is not root, where root may raise none" {
	other
	without_resource report "$JOINS" '.process.user = {uid: 5, gid: 6}' '.process.rlimits = [
		{type: "RLIMIT_NPROC", soft: 1, hard: 2}, {type: "RLIMIT_NOFILE", soft: 64, hard: 65}]'
	check ".uid.effective == 5" '.rlimits.RLIMIT_NPROC == {soft: 1, hard: 2}' '.rlimits.RLIMIT_NOFILE == {soft: 64, hard: 65}'
}

@test "what fails is told, and nothing is left" {
	other
	bundle "$(args /no/such/program)" "$JOINS"
	refuses 'no/such/program.*no such file' hart run --bundle "$BUNDLE" "$ID"
	bundle "$(args /bin/true)" "$JOINS" '.mounts += [{destination: "/mnt", type: "proc", source: "proc", options: ["hidepid=9"]}]' \
		'.root.readonly = false'
	refuses 'mount proc at /mnt.*hidepid' hart run --bundle "$BUNDLE" "$ID"
	bundle "$(args /bin/true)" "$JOINS" \
		'.mounts += [range(9) | {destination: "/tmp/\(.)", type: "proc", source: "proc"}]' '.root.readonly = false'
	refuses 'more than 8 mounts of proc' hart run --bundle "$BUNDLE" "$ID"
}

@test "SIGKILL ends all of it, also when its first process has ended by itself" {
	local cgroup
	other
	up "$(args /probe family 3)" "$JOINS"
	eventually grep -q ready out
	cgroup=$(cgroup_of)
	hart kill "$ID" KILL
	eventually "[ -z \"\$(cat $cgroup/cgroup.procs)\" ]"
	hart delete "$ID"
	up "$(args /probe family 3)" "$JOINS"
	eventually grep -q ready out
	kill -9 "$(init_pid)"
	until_status "$ID" stopped
	[ -n "$(cat "$cgroup/cgroup.procs")" ]
	hart kill "$ID" KILL
	eventually "[ -z \"\$(cat $cgroup/cgroup.procs)\" ]"
}

@test "a user namespace that owns the PID namespace, and one that does not" {
	local pid
	other "$(new_namespace user)" '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}]'
	pid=$(hart state other | jq .pid)
	report "$JOINS" "$(new_namespace user)" "$(namespace user "/proc/$pid/ns/user")"
	check '.pid > 1' '.sid == .pid' ".namespaces.user == \"$(readlink "/proc/$pid/ns/user")\""
	hart delete --force other
	other
	report "$JOINS" "$(new_namespace user)" '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}]' \
		'.mounts |= map(select(.type != "proc"))
		| .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	check '.pid > 1'
}
