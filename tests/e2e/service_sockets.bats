#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A member spoils the sockets that it is lent: its successor has them as if they were new.
load lib
load service

more_setup() {
	cp "$SERVICE_BIN/poison" "$TEMPLATE/"
}

# poisoned HOW LISTEN: the first member has done it, and dies; the second one is active.
poisoned() {
	bundle "$(args /poison "$1")" "$(namespace network -)"
	hart run -d --listen "$2" --standby self --bundle "$BUNDLE" "$ID" </dev/null >out 2>err
	eventually is_warm
	kill_active
	eventually '[ "$(of .generation)" = 2 ]'
	eventually 'hart logs "$ID" | grep -q "2 given"'
}

is_as_new() {
	hart logs "$ID" | grep -q '2 given flags 0 time 0 linger 0 port 0 buffer large'
}

answers() {
	eventually '[ "$(timeout 2 "$SERVICE_BIN/ask" "'"$1"'" 3>&- 4>&- | jq .generation)" = 2 ]'
}

@test "tcp: shut down, non-blocking, filters, options" {
	local how

	for how in shutdown flags filter locked-filter options; do
		poisoned "$how" tcp:127.0.0.1:18437
		is_as_new
		answers tcp:127.0.0.1:18437
		hart delete --force "$ID"
	done
}

@test "without that the next member is deaf" {
	weakly mend poisoned shutdown tcp:127.0.0.1:18437
	! timeout 2 "$SERVICE_BIN/ask" tcp:127.0.0.1:18437 3>&- 4>&-
	hart delete --force "$ID"
	weakly mend poisoned options tcp:127.0.0.1:18437
	! is_as_new
}

@test "unix: shut down, non-blocking, filters, options" {
	local how

	for how in shutdown flags filter locked-filter options; do
		poisoned "$how" "unix:$PWD/sock"
		is_as_new
		answers "unix:$PWD/sock"
		hart delete --force "$ID"
		[ ! -e sock ]
	done
}

@test "udp: connected, shut down, filters: it hears all again" {
	local how

	for how in connect shutdown filter locked-filter; do
		poisoned "$how" udp:127.0.0.1:18437
		is_as_new
		[ "$(ss -Hlun 'sport = :18437' | awk '{print $4, $5}')" = "127.0.0.1:18437 0.0.0.0:*" ]
		hart delete --force "$ID"
	done
}

@test "clients that wait are kept when the socket could be mended" {
	poisoned flags tcp:127.0.0.1:18437
	! journal '[.[].text]' | grep -q 'opened anew'
	hart delete --force "$ID"
	poisoned locked-filter tcp:127.0.0.1:18437
	journal '[.[].text]' | grep -q 'opened anew'
}

@test "adopt takes the service's own socket, no look-alike in its place" {
	bundle "$(args /poison lookalike)" '.root.readonly = false' '.process.cwd = "/tmp"'
	hart run -d --listen "unix:$PWD/sock" --standby self --bundle "$BUNDLE" "$ID" </dev/null >out 2>err
	eventually is_warm
	kill_shim
	hart adopt "$ID"
	kill_active
	eventually '[ "$(of .generation)" = 2 ]'
	answers "unix:$PWD/sock"
}
