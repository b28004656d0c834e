#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Members that make the shim wait, or write without end: it answers all the same, and the standby takes over.
load lib
load service

more_setup() {
	cp "$SERVICE_BIN/hostile" "$TEMPLATE/"
}

# hostile HOW FLAG...: such a member, which may mount.
hostile() {
	start_hostile "$@"
	eventually is_warm
}

start_hostile() {
	local how=$1

	shift
	bundle "$(args /hostile "$how")" '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"] | unique)' \
		'.linux.resources.devices += [{allow: true, type: "c", major: 10, minor: 229, access: "rwm"}]' \
		'.linux.devices += [{path: "/dev/fuse", type: "c", major: 10, minor: 229}]' \
		'.linux.seccomp = null' '.root.readonly = false'
	hart run -d --standby self --stop-timeout 200ms "$@" --bundle "$BUNDLE" "$ID" </dev/null >out 2>err
}

# The shim answers, and a switch goes through.
lives() {
	timeout 5 "$HART" --root "$STATE" status "$ID" 3>&- 4>&-
	timeout 10 "$HART" --root "$STATE" failover "$ID" 3>&- 4>&-
	timeout 5 "$HART" --root "$STATE" status "$ID" 3>&- 4>&-
}

@test "a unix: probe whose path leads into a file system that never answers" {
	hostile fuse-probe --probe unix:/tmp/sock --probe-interval 100ms --probe-timeout 200ms --probe-retries 1000000
	sleep 1
	lives
}

@test "a flood of FDSTORE=1: the journal stays small, and the start is still in it" {
	hostile flood --fdstore-max 2 --journal "$PWD/journal"
	sleep 3
	[ "$(stat -c %s journal)" -lt 30000 ]
	[ "$(jq -rs '.[0].to' journal)" = starting ]
	lives
}

@test "... without a bound on their rate it pushes the start out of the default journal" {
	weakly rate start_hostile flood --fdstore-max 2
	eventually '! grep -q starting "$STATE/$ID"/journal*'
}

@test "a parked file of a file system that never answers: refused, in the journal, and nobody waits" {
	hostile fuse-store
	eventually "journal '[.[].text]' | grep -q 'descriptors were not stored'"
	[ "$(of .sockets)" = 0 ]
	lives
}

@test "parked connections whose close would wait for their peer" {
	hostile linger-store
	sleep 2
	lives
	eventually is_warm
	kill_active
	eventually '[ "$(of .generation)" = 3 ]'
}

@test "which keep a shim that closes them itself" {
	weakly aside start_hostile linger-store
	sleep 2
	! lives
}

@test "adopt does not wait for what is where a descriptor was that it wants back" {
	hostile fuse-given
	eventually 'hart logs "$ID" | grep -q stored'
	kill_active
	eventually 'hart logs "$ID" | grep -q swapped'
	eventually is_warm
	kill_shim
	timeout 20 "$HART" --root "$STATE" adopt "$ID" </dev/null 3>&- 4>&-
	lives
}
