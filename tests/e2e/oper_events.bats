#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# hart events of services, and hart journal: what happens, and what has happened.
load lib
load service

# follow [ARGUMENT...]: hart events into the file `events`, in the background; $follower.
follow() {
	timeout 60 "$HART" --root "$STATE" events "$@" >events 2>events.err 3>&- 4>&- &
	follower=$!
}

unfollow() {
	kill "$follower"
	wait "$follower" || true
}

# said FILTER: of all lines so far, as an array.
said() {
	jq -es "$1" events >/dev/null
}

# happened TYPE [ID]
happened() {
	said "any(.type == \"$1\" and .id == \"${2:-$ID}\")"
}

@test "events of all: takeovers, adopts, upgrades and ends of services that come and go" {
	follow
	serve --standby self
	eventually happened started
	hart fail "$ID"
	eventually happened takeover
	said 'any(.type == "failed" and .data.member == "primary" and .data.cause == "signal" and .data.status == 137)'
	said 'any(.type == "takeover" and .data.member == "standby-1" and .data.instead == "primary" and .data.us > 0
		and .data.generation == 2)'
	eventually is_warm
	hart upgrade --no-wait --bundle "$BUNDLE" "$ID"
	eventually happened upgraded
	kill_shim
	hart adopt "$ID"
	eventually happened adopted
	hart run -d --restarts 3 --backoff 10ms:20ms --max-failures 1 --bundle "$BUNDLE" other </dev/null >out 2>err || true
	eventually happened started other
	hart fail other
	eventually happened restarted other
	hart fail --no-wait other
	eventually happened exhausted other
	hart delete other
	hart kill "$ID" KILL
	eventually happened stopped
	kill -0 "$follower"
	unfollow
	[ ! -s events.err ]
}

@test "events of one service: with its statistics, over takeovers and the death of its shim, to its end" {
	serve --standby self
	eventually is_warm
	follow --interval 100ms "$ID"
	eventually happened stats
	hart fail "$ID"
	eventually happened takeover
	kill_shim
	hart adopt "$ID"
	eventually happened adopted
	hart fail "$ID"
	eventually said "'map(select(.type == \"takeover\")) | length == 2'"
	kill -0 "$follower"
	hart kill "$ID"
	wait "$follower"
	happened stopped
}

@test "events --since tells first what has happened, also over a rotation of the journal" {
	serve --standby self
	eventually is_warm
	mv "$STATE/$ID/journal" "$STATE/$ID/journal.1"
	kill_shim
	hart adopt "$ID"
	follow --since 1h
	eventually happened adopted
	happened started
	unfollow
	follow --since 2999-01-01
	hart fail "$ID"
	eventually 'hart journal $ID | grep -q takeover'
	unfollow
	[ ! -s events ]
}

@test "a journal that lies elsewhere, shared by two services, is each one's own" {
	serve --standby self --journal "$PWD/both"
	eventually is_warm
	hart run -d --restarts 3 --journal "$PWD/both" --bundle "$BUNDLE" other </dev/null
	follow --since 1h
	eventually happened started other
	hart fail "$ID"
	eventually happened takeover
	! happened takeover other
	hart journal "$ID" >shown
	grep -q 'took over' shown
	hart journal other >shown
	! grep -q 'took over' shown
	unfollow
	hart delete --force other
}

@test "the journal of a service, for people: when, what, who and why" {
	serve --standby self --restarts 0
	eventually is_warm
	hart fail "$ID"
	eventually 'hart journal $ID | grep -q "takeover "'
	eventually is_warm # no more is said then
	hart journal "$ID" >shown
	line='^20[0-9-]{8} [0-9:.]{12}Z  '
	grep -qE "${line}started +primary, generation 1\$" shown
	grep -qE "${line}failed +primary, generation 1: killed by SIGKILL\$" shown
	grep -qE "${line}takeover +standby-1, generation 2 took over from primary in [0-9]+\.[0-9]{3} ms: signal\$" shown
	hart journal --json "$ID" >lines
	[ "$(jq -s 'length' lines)" = "$(wc -l <shown)" ]
	[ "$(hart journal --since 2999-01-01 "$ID" | wc -l)" = 0 ]
	[ "$(hart journal --until 1999-01-01 "$ID" | wc -l)" = 0 ]
	[ "$(hart journal --since 1h "$ID" | wc -l)" -ge 4 ]
	exits 1 hart journal --since yesterday "$ID"
}

@test "journal: control characters of a member's text are shown, torn lines passed over" {
	serve
	printf '{"time":"2026-01-01T00:00:00.5Z","generation":1,"event":"warning","text":"\\u001b[2J"}\n{"time":"2026' \
		>>"$STATE/$ID/journal"
	hart journal "$ID" >shown
	grep -q 'warning.*the service: \\x1b\[2J' shown
	! grep -q "$(printf '\\033')" shown
	[ "$(tail -n 1 shown | cut -c1-10)" = 2026-01-01 ]
}

@test "journal --follow goes on until the service is deleted" {
	serve --standby self
	timeout 60 "$HART" --root "$STATE" journal -f "$ID" >shown 2>&1 3>&- 4>&- &
	local follower=$!
	eventually 'grep -q started shown'
	hart fail "$ID"
	eventually 'grep -q "took over" shown'
	hart delete --force "$ID"
	wait "$follower"
	grep -q stopped shown
}
