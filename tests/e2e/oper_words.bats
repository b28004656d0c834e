#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What hart says when it cannot: what is wrong, and what to do about it.
load lib

@test "a folder that is no bundle: what makes it one" {
	mkdir empty
	refuses "bundle .*/empty: there is no config.json in it; .*hart spec --bundle .*/empty.* makes one" \
		hart run --bundle empty "$ID"
	hart spec --bundle empty
	[ -e empty/config.json ]
}

@test "a controller that cgroup v1 has: which hierarchy, and how to get it back" {
	local controller
	controller=$(awk '$2 > 0 && ($1 == "memory" || $1 == "pids") { print $1; exit }' /proc/cgroups)
	[ -n "$controller" ] || skip "this host's cgroup2 tree has all controllers"
	bundle "$(args /probe sleep)" '.linux.resources = {"memory": {"limit": 100000000}, "pids": {"limit": 100}}'
	refuses "cgroup v1.s hierarchy [1-9][0-9]* of /proc/cgroups has it; boot with systemd.unified_cgroup_hierarchy=1" \
		hart create --bundle "$BUNDLE" "$ID"
}
