#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What users of other runtimes rely on about processes: capabilities of run and exec.
load lib

@test "CAP_DAC_OVERRIDE counts when the program is looked up" {
	local sets='{bounding: [$c], permitted: [$c], effective: [$c], inheritable: [$c], ambient: [$c]}'

	bundle '.process.user = {uid: 1000, gid: 1000}' "$(args /mine/prog)" \
		"\"CAP_DAC_OVERRIDE\" as \$c | .process.capabilities = $sets"
	mkdir "$BUNDLE/rootfs/mine"
	printf '#!/bin/sh\necho ran\n' >"$BUNDLE/rootfs/mine/prog"
	chmod 0744 "$BUNDLE/rootfs/mine/prog"
	run_bundle
	[ "$(cat out)" = ran ]
	config '.process.capabilities = {}'
	refuses 'permission denied' hart run --bundle "$BUNDLE" "$ID"
}

# caps_of NAME: that set of the exec whose output is in exec.out.
caps_of() {
	sed -n "s/^$1:[[:space:]]*//p" exec.out
}

@test "exec -p without capabilities has the container's" {
	local process='{cwd: "/", args: ["/bin/cat", "/proc/self/status"], user: {uid: 0, gid: 0}}'

	up '.process.capabilities = {bounding: ["CAP_KILL"], permitted: ["CAP_KILL"], effective: ["CAP_KILL"]}'
	jq -n "$process" >process.json
	hart exec -p process.json "$ID" >exec.out
	[ "$(caps_of CapBnd)" = 0000000000000020 ]
	[ "$(caps_of CapEff)" = 0000000000000020 ]
	# Asked for none, it has none.
	jq -n "$process + {capabilities: {}}" >process.json
	hart exec -p process.json "$ID" >exec.out
	[ "$(caps_of CapEff)" = 0000000000000000 ]
}

@test "exec --cap reaches the program of a user other than root" {
	up '.process.capabilities = {bounding: ["CAP_KILL"]}'
	hart exec --user 1000:1000 --cap CAP_NET_RAW "$ID" /bin/cat /proc/self/status >exec.out
	[ "$(caps_of CapEff)" = 0000000000002000 ]
	[ "$(caps_of CapAmb)" = 0000000000002000 ]
	# Root's inheritable set does not grow.
	hart exec --cap CAP_NET_RAW "$ID" /bin/cat /proc/self/status >exec.out
	[ "$(caps_of CapInh)" = 0000000000000000 ]
}
