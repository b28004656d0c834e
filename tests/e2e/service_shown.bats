#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What people see of a service: events, exec and status while members come and go, and when it has ended.
load lib
load service

@test "events goes on over takeovers until the service ends" {
	serve --standby self
	eventually is_warm
	hart events --interval 20ms "$ID" >events 2>events.err &
	local events=$!
	eventually '[ "$(wc -l <events)" -gt 1 ]'
	hart fail "$ID"
	eventually is_warm
	hart fail "$ID"
	local lines
	lines=$(wc -l <events)
	eventually "[ \$(wc -l <events) -gt $((lines + 3)) ]"
	kill -0 "$events"
	hart kill "$ID"
	wait "$events"
}

@test "exec, kill and fail while nobody serves say so" {
	serve --standby self --backoff 60s:60s
	eventually is_warm
	hart fail "$ID"
	served_by standby-1
	kill_active
	eventually is_waiting
	refuses 'no member of .* serves at the moment' hart exec "$ID" /bin/true
	hart kill "$ID" KILL
	until_status "$ID" stopped
	refuses 'is not running: the service has ended' hart exec "$ID" /bin/true
}

@test "status at any moment of the end is answered" {
	local i
	serve --standby self -- "$(shell '/web & trap "sleep 0.05; exit 0" TERM; while :; do sleep 0.01; done')"
	eventually is_warm
	hart kill "$ID" TERM
	for ((i = 0; i < 60; i++)); do
		hart status "$ID" >status.out 2>status.err || { cat status.err; return 1; }
		grep -q "stopped (stop)" status.out && break
	done
	until_status "$ID" stopped
}

@test "after the end status shows how: cause and exit status" {
	serve --standby self --max-failures 0 -- "$(shell '/web & read x </dev/null; while [ ! -e /end ]; do sleep 0.02; done; exit 7')" \
		'.root.readonly = false'
	eventually service_is active
	touch "$BUNDLE/rootfs/end"
	until_status "$ID" stopped
	hart status "$ID" >status.out
	grep -q '^'"$ID"': exhausted (budget), generation 2, active standby-1, exit status 7$' status.out
	[ "$(of .exitStatus)" = 7 ]
	[ "$(of .state)" = exhausted ]
}

@test "members that hart itself builds anew have not failed" {
	standby new
	serve --standby self --standby self --window 300ms
	eventually is_warm
	hart upgrade "$ID" --bundle "$PWD/new"
	# The upgrade is there to stay: standbys are built from it.
	eventually '[ "$(member primary state)" = gone ]'
	eventually is_warm
	[ "$(of '[.members[] | select(.why)] | length')" = 0 ]
	! hart status "$ID" | grep -q 'last failure'
}

@test "until an upgrade is there to stay, state names the bundle that it could be taken back to" {
	standby new
	serve --standby self --window 60s
	eventually is_warm
	hart upgrade --no-wait "$ID" --bundle "$PWD/new"
	eventually served_by upgrade-1
	eventually service_is active
	[ "$(hart state "$ID" | jq -r .bundle)" = "$BUNDLE" ]
}

@test "after an upgrade that stays, state and list name the new bundle, over adopt as well" {
	standby new
	serve --standby self --window 300ms
	eventually is_warm
	hart upgrade "$ID" --bundle "$PWD/new"
	eventually '[ "$(member primary state)" = gone ]'
	eventually "[ \"\$(hart state $ID | jq -r .bundle)\" = $PWD/new ]"
	[ "$(hart state "$ID" | jq -r .rootfs)" = "$PWD/new/rootfs" ]
	hart list | grep -q " $PWD/new "
	# Gone members are no longer shown to people.
	! hart status "$ID" | grep -q '^primary '
	kill_shim
	hart adopt "$ID"
	[ "$(hart state "$ID" | jq -r .bundle)" = "$PWD/new" ]
	eventually is_warm
	hart fail "$ID"
	eventually served_by standby-1
}

@test "a transition names the status that it is for" {
	bundle "$(shell 'exit 7')"
	exits 7 in_foreground --standby self --max-failures 1 --backoff 1ms:1ms
	grep -q 'promoting.*(exit 7)' err
	! grep -q '(exit 0)' err
}

@test "an ID that was not given gets a number when it is in use, and that is told; one that was given does not" {
	bundle "$(web)"
	cp -al "$BUNDLE" site
	hart run -d --standby self site </dev/null >out 2>err
	[ "$(cat out)" = site ]
	! grep -q 'in use' err
	hart run -d --standby self site </dev/null >out 2>err
	[ "$(cat out)" = site-2 ]
	grep -q '\\"site\\" is in use: this container is \\"site-2\\"' err
	refuses 'already exists' hart run -d --standby self --bundle site site
	refuses 'already exists' hart run -d --standby self ./site site
	[ "$(hart list -q | wc -l)" = 2 ]
}
