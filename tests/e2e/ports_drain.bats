#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# No request is lost by an upgrade: of a program that answers what it has accepted before it ends, and, with --drain, of one
# that ends at once when it is told to.
load lib
load service
load ports

# Each request takes a while.
SLOW='const s = require("http").createServer((q, a) => setTimeout(() => a.end("hello\n"), 150)); s.listen(8080)'

# upgraded COMMAND...: upgrades under load, twice, and no request is lost.
upgraded() {
	cp -a "$BUNDLE" new
	eventually 'is_held_on 8080'
	load_port 5 &
	local load=$!
	sleep 0.5
	hart upgrade "$ID" --bundle "$PWD/new"
	sleep 1
	hart upgrade "$ID" --bundle "$PWD/new"
	wait $load
	jq -e '.ok > 50 and .refused == 0 and .reset == 0 and .timeouts == 0' load.json || { cat load.json; false; }
}

@test "a program that answers what it has accepted before it ends" {
	server node -e "$SLOW; process.on('SIGTERM', () => s.close(() => process.exit(0)))"
	run_it --port tcp:8080 --window 500ms --ready probe --probe http://127.0.0.1:8080/ --probe-interval 100ms
	upgraded
}

@test "--drain: a program that ends at once when it is told to" {
	server node -e "$SLOW; process.on('SIGTERM', () => process.exit(0))"
	run_it --port tcp:8080 --drain 700ms --window 500ms --ready probe --probe http://127.0.0.1:8080/ --probe-interval 100ms
	upgraded
}

@test "--drain with a hot standby: failover --overlap loses no request" {
	server node -e "$SLOW; process.on('SIGTERM', () => process.exit(0))"
	run_it --port tcp:8080 --drain 2s --window 500ms --standby self --standby-mode hot
	eventually 'is_held_on 8080'
	load_port 8 &
	local load=$! to
	for to in standby-1 primary; do
		eventually '[ "$(of "[.members[] | select(.state == \"hot\")] | length")" = 1 ]'
		hart failover --overlap "$ID"
		[ "$(of .active)" = $to ]
	done
	wait $load
	jq -e '.ok > 50 and .refused == 0 and .reset == 0 and .timeouts == 0' load.json || { cat load.json; false; }
}

# is_drained_for NAME: while the primary drains every new client gets NAME.
is_drained_for() {
	local _

	eventually '[ "$(member primary state)" = draining ]'
	for _ in {1..20}; do
		[ "$(inside "$SERVICE_BIN/ask" tcp:127.0.0.1:8080 | jq -r .member)" = "$1" ]
	done
}

@test "--drain: new clients go to the new member at once, the old one is stopped after it" {
	bundle "$(web -l tcp:127.0.0.1:8080)"
	run_it --port tcp:8080 --drain 1500ms --ready notify
	eventually 'is_held_on 8080'
	cp -a "$BUNDLE" new
	hart upgrade --no-wait "$ID" --bundle "$PWD/new"
	is_drained_for upgrade-1
	eventually '[ "$(member primary state)" != draining ]'
	journal '[.[] | select(.from == "fencing" or .to == "exhausted")] | length' | grep -qx 0
}

@test "--drain with --listen: the same, as each member has its own socket" {
	bundle "$(web)"
	run_it --listen tcp:127.0.0.1:8080 --drain 1500ms --ready notify
	cp -a "$BUNDLE" new
	load_port 3 &
	local load=$!
	hart upgrade --no-wait "$ID" --bundle "$PWD/new"
	is_drained_for upgrade-1
	wait "$load"
	jq -e '.ok > 100 and .refused == 0 and .reset == 0' load.json || { cat load.json; false; }
}

@test "a switch while one drains does not wait for it; a stop ends it as well" {
	bundle "$(web -l tcp:127.0.0.1:8080)"
	run_it --port tcp:8080 --drain 1h --ready notify --standby self
	eventually is_warm
	hart failover --overlap "$ID"
	[ "$(member primary state)" = draining ]
	cp -a "$BUNDLE" new
	hart upgrade --no-wait "$ID" --bundle "$PWD/new"
	eventually '[ "$(of .active)" = upgrade-1 ]'
	[ "$(member standby-1 state)" = draining ]
	hart stop "$ID"
}
