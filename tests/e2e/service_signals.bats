#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Signals to a service: what reaches its program, what ends it, what only asks; who is shown while nobody serves.
load lib
load service

# A program that says which signals it gets, in $PWD/bundle/rootfs/got, and ends by TERM alone.
listener() {
	shell 'for s in HUP INT QUIT USR1; do trap "echo $s >>/got" $s; done; trap "exit 0" TERM
		echo up >>/got; while :; do sleep 0.02; done'
}

got() {
	grep -qx "$1" "$BUNDLE/rootfs/got"
}

listen_for() {
	bundle "$(listener)" "$@" '.root.readonly = false'
}

# Primary and standby fail within their time to wait: nobody serves for seconds.
nobody_serves() {
	serve --standby self --backoff 60s:60s
	eventually is_warm
	kill_active
	eventually served_by standby-1
	kill_active
	eventually is_waiting
}

@test "signal 0 asks whether the service lives: nothing happens to it" {
	serve --standby self
	eventually is_warm
	hart kill "$ID" 0
	hart kill "$ID" 0
	served_by primary
	[ "$(of .generation)" = 1 ]
	service_is active
	[ "$(journal '[.[] | select(.to == "stopping" or .to == "fencing")] | length')" = 0 ]
	hart kill "$ID" TERM
	until_status "$ID" stopped
	refuses 'not running' hart kill "$ID" 0
}

@test "HUP, INT, QUIT and USR1 are the program's affair; TERM ends the service" {
	listen_for
	hart run -d --standby self --bundle "$BUNDLE" "$ID" </dev/null >out 2>err
	eventually got up
	for signal in HUP INT QUIT USR1; do
		hart kill "$ID" "$signal"
		eventually got "$signal"
	done
	service_is active
	[ "$(of .generation)" = 1 ]
	hart kill "$ID"
	until_status "$ID" stopped
	[ "$(journal '.[-1] | .to + " " + .cause')" = "stopped stop" ]
}

@test "a death by HUP is a failure: the standby takes over" {
	# Without a PID namespace: as PID 1 of one it would have no default for HUP.
	serve --standby self -- "$(namespace pid -)"
	eventually is_warm
	hart kill "$ID" HUP
	eventually served_by standby-1
	[ "$(of .generation)" = 2 ]
	[ "$(journal '[.[] | select(.to == "fencing")] | .[0] | "\(.cause) \(.status)"')" = "signal 129" ]
}

@test "the policy's stop signal ends the service" {
	listen_for
	hart run -d --standby self --stop-signal SIGRTMIN+3 --bundle "$BUNDLE" "$ID" </dev/null >out 2>err
	eventually got up
	hart kill "$ID" RTMIN+3
	until_status "$ID" stopped
	[ "$(journal '.[-1].to')" = stopped ]
}

@test "a foreground run ends by INT and by HUP; QUIT goes to the program" {
	local signal
	for signal in INT HUP; do
		listen_for
		hart run --standby self --stop-timeout 100ms --bundle "$BUNDLE" "$ID" </dev/null >out 2>err &
		eventually got up
		kill -QUIT "$(shim_pid)"
		eventually got QUIT
		service_is active
		kill "-$signal" "$(shim_pid)"
		wait $! || :
		grep -q 'stopping -> stopped' err
		got "$signal"
	done
}

@test "a detached shim passes INT and HUP on" {
	listen_for
	hart run -d --standby self --bundle "$BUNDLE" "$ID" </dev/null >out 2>err
	eventually got up
	kill -INT "$(shim_pid)"
	eventually got INT
	kill -HUP "$(shim_pid)"
	eventually got HUP
	service_is active
}

@test "nobody serves: no process ID is shown, and a signal for the program is refused" {
	nobody_serves
	hart state "$ID" | jq -e '.status == "running" and (has("pid") | not)'
	hart list | grep -Eq "^$ID +- +running"
	hart list -f json | jq -e '.[0].status == "running" and (.[0] | has("pid") | not)'
	[ "$(of .pid)" = null ]
	[ "$(of '[.members[] | select(.pid and .state != "warm")] | length')" = 0 ]
	refuses 'no member serves' hart kill "$ID" HUP
	refuses 'no member serves' hart fail "$ID"
	is_waiting
	hart kill "$ID" 0
	hart kill "$ID" TERM
	until_status "$ID" stopped
}

@test "fail: the active member ends as by a crash, and somebody serves when it returns" {
	serve --standby self
	eventually is_warm
	hart fail "$ID"
	served_by standby-1
	[ "$(of .failures)" = 1 ]
	[ "$(of '.takeovers[0] | "\(.from) \(.to) \(.cause)"')" = "primary standby-1 signal" ]
	[ "$(journal '[.[] | select(.to == "fencing")] | .[0].status')" = 137 ]
}

@test "fail is for services" {
	up
	refuses 'not a supervised service' hart fail "$ID"
}

@test "fail without a standby: the same member serves again" {
	serve --restarts 3
	eventually service_is active
	hart fail "$ID"
	served_by primary
	[ "$(of .generation)" = 2 ]
}

@test "fail tells when the service has ended by it" {
	serve --standby self --max-failures 0
	eventually is_warm
	# Who has not failed is tried even when no failure is borne.
	hart fail "$ID"
	served_by standby-1
	refuses 'the service has ended' hart fail "$ID"
	until_status "$ID" stopped
	[ "$(journal '.[-1].to')" = exhausted ]
}
