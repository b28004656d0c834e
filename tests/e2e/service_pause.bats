#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A paused service: all its members stand still, no failure is counted, and what happened comes when it goes on.
load lib
load service

test_teardown() {
	[ ! -d "$STATE/$ID" ] || "$HART" --root "$STATE" resume "$ID" 2>/dev/null || true
}

status_of() {
	hart list --format json | jq -r ".[] | select(.id == \"$ID\") | .status"
}

# frozen MEMBER
frozen() {
	grep -q 'frozen 1' "/sys/fs/cgroup$(jq -r .cgroup "$STATE/$ID/state.json")/$1/cgroup.events"
}

@test "pause: all members stand still, nothing is a failure, watchdog and probe wait" {
	serve --standby self --watchdog 3s --probe exec:/bin/true --probe-interval 50ms --probe-timeout 3s
	eventually is_warm
	hart pause "$ID"
	frozen primary
	frozen standby-1
	[ "$(status_of)" = paused ]
	[ "$(of .paused)" = true ]
	sleep 4
	[ "$(of .generation)" = 1 ]
	hart resume "$ID"
	[ "$(status_of)" = running ]
	sleep 0.5
	eventually served_by primary
	[ "$(of .generation)" = 1 ]
	[ "$(of .failures)" = 0 ]
}

@test "the active one dies while it is paused: the standby takes over when it goes on, not before" {
	serve --standby self
	eventually is_warm
	hart pause "$ID"
	kill_active
	sleep 0.5
	[ "$(of .generation)" = 1 ]
	[ "$(of .failures)" = 0 ]
	[ "$(status_of)" = paused ]
	hart resume "$ID"
	eventually served_by standby-1
	[ "$(status_of)" = running ]
	eventually is_warm
}

@test "a switch of a paused service is refused, and it goes on as before" {
	serve --standby self
	eventually is_warm
	hart pause "$ID"
	refuses 'paused' hart failover "$ID"
	standby new
	refuses 'paused' hart upgrade "$ID" --bundle "$PWD/new"
	hart resume "$ID"
	served_by primary
	hart failover "$ID"
	served_by standby-1
}

@test "a member that is built while it is paused is there when it goes on" {
	local pid
	serve --standby self
	eventually is_warm
	hart pause "$ID"
	pid=$(member standby-1 pid)
	kill -KILL "$pid"
	sleep 0.3
	hart resume "$ID"
	eventually "[ \"\$(member standby-1 pid)\" != $pid ] && is_warm"
	[ "$(of .generation)" = 1 ]
}

@test "time to get ready does not run while it is paused" {
	patch slow '{"process": {"args": ["/web", "-d", "800"]}}'
	serve --ready notify --ready-timeout 1500ms --standby "$PWD/slow"
	eventually is_warm
	hart failover --no-wait "$ID"
	eventually '[ "$(member standby-1 state)" = released ]'
	hart pause "$ID"
	sleep 2
	hart resume "$ID"
	eventually '[ "$(of .active)" = standby-1 ]'
	[ "$(of .generation)" = 2 ]
}

@test "a paused service can be stopped and killed" {
	for signal in TERM KILL; do
		serve --standby self
		eventually is_warm
		hart pause "$ID"
		hart kill "$ID" $signal
		eventually '[ "$(status_of)" = stopped ]'
		hart delete "$ID"
	done
}

@test "adopted while it is paused: a hot standby is not late for its watchdog" {
	bundle "$(web)"
	hart run -d --listen tcp:127.0.0.1:8080 --standby self --standby-mode hot --watchdog 3s --bundle "$BUNDLE" "$ID" </dev/null >out 2>err
	eventually '[ "$(member standby-1 state)" = hot ]'
	hart pause "$ID"
	kill_shim
	hart adopt "$ID"
	local pid
	pid=$(member standby-1 pid)
	sleep 4
	hart resume "$ID"
	eventually '[ "$(of .paused)" = false ]'
	[ "$(journal '[.[] | select(.cause == "watchdog")] | length')" = 0 ]
	[ "$(member standby-1 state)" = hot ]
	[ "$(member standby-1 pid)" = "$pid" ]
}

@test "a shim that dies while it is paused: adopted, it is paused still" {
	serve --standby self
	eventually is_warm
	hart pause "$ID"
	kill_shim
	hart adopt "$ID"
	[ "$(of .paused)" = true ]
	[ "$(status_of)" = paused ]
	hart resume "$ID"
	served_by primary
	eventually is_warm
	[ "$(of .generation)" = 1 ]
}
