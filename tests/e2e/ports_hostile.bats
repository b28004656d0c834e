#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Members that make the keeper of the ports wait by what it takes out of them: it answers the others all the same.
load lib
load service
load ports

more_setup() {
	cp "$SERVICE_BIN/hostile" "$TEMPLATE/"
}

# hostile_at_port HOW: such a member, which may mount, and a standby of the same kind.
hostile_at_port() {
	bundle "$(args /hostile "$1" 8080)" '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"] | unique)' \
		'.linux.resources.devices += [{allow: true, type: "c", major: 10, minor: 229, access: "rwm"}]' \
		'.linux.devices += [{path: "/dev/fuse", type: "c", major: 10, minor: 229}]' \
		'.linux.seccomp = null' '.root.readonly = false'
	run_it --port tcp:8080 --standby self --stop-timeout 200ms --max-failures 100
	eventually is_warm
}

# How many members have been answered.
listening() { hart logs "$ID" | grep -c 'listens$'; }

@test "bind(2) of a file of a file system that never answers" {
	hostile_at_port fuse-bind
	eventually '[ "$(listening)" = 1 ]'
	is_held tcp:0.0.0.0:8080
	hart failover "$ID"
	eventually '[ "$(listening)" = 2 ]'
}

@test "a listening socket that has become a connection which waits for its peer" {
	hostile_at_port linger-listen
	eventually 'hart logs "$ID" | grep -q connected$'
	kill_active
	eventually '[ "$(listening)" = 2 ]'
}
