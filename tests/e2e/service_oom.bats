#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Services and memory: an OOM kill is a failure with a name of its own; limits are the service's. In User Mode
# Linux, where this host has no memory controller.
load lib
load service

needs_memory() {
	has_controller memory || skip "no controller memory"
}

@test "a member that takes more memory than the service may have: killed, cause oom, the standby serves" {
	needs_memory
	serve --standby self -- '.linux.resources.memory.limit = 67108864'
	eventually is_warm
	ask /leak || true
	eventually served_by standby-1
	[ "$(journal '[.[] | select(.cause == "oom")] | length')" -ge 1 ]
	# The limit holds for the next one as well.
	ask /leak || true
	eventually '[ "$(ask_of generation)" = 3 ]'
}

@test "--oom member: the kill of any process ends the member" {
	needs_memory
	serve --standby self --oom member
	eventually is_warm
	[ "$(cat "/sys/fs/cgroup$(jq -r .cgroup "$STATE/$ID/state.json")/primary/memory.oom.group")" = 1 ]
}

@test "a stall is a failure where the kernel has pressure files: a busy loop is short of cpu" {
	[ -e /sys/fs/cgroup/cpu.pressure ] || skip "no pressure files"
	serve --standby self --stall cpu=some:200ms/2s --max-failures 100
	eventually is_warm
	# Many at once on few processors wait for one another.
	hart exec -d "$ID" /bin/sh -c 'for i in 1 2 3 4 5 6 7 8 9; do while :; do :; done & done; wait'
	eventually '[ "$(journal "[.[] | select(.cause == \"stall\")] | length")" -ge 1 ]'
}
