#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# hart adopt --replace, hart update of a policy: a shim makes place for another hart while its service serves.
load lib
load service

# newer: a hart of another version, which is $NEWER.
newer() {
	NEWER=$PWD/newer
	sed 's/0\.1\.0/0.1.9/g' "$HART" >"$NEWER"
	chmod +x "$NEWER"
	"$NEWER" --version | grep -q 0.1.9
}

with_newer() {
	timeout -k 5 "$COMMAND_TIMEOUT_S" "$NEWER" --root "$STATE" "$@" 3>&- 4>&-
}

@test "a newer hart takes the shim's place under load: nobody is refused, and all is as it was" {
	newer
	serve --standby self
	eventually is_warm
	shim=$(shim_pid)
	[ "$(of .shim.version)" = 0.1.0 ]
	load_on -c 4 -d 4 >load.json &
	load=$!
	for _ in 1 2 3; do
		with_newer adopt --replace "$ID"
		[ "$(of .shim.version)" = 0.1.9 ]
		hart status "$ID" | grep -q "^shim: pid $shim, hart 0.1.9$"
		hart adopt --replace "$ID"
		[ "$(of .shim.version)" = 0.1.0 ]
	done
	with_newer adopt --replace "$ID"
	wait $load
	cat load.json
	[ "$(jq '.refused + .reset + .timeouts + .broken' load.json)" = 0 ]
	[ "$(jq .ok load.json)" -gt 100 ]
	[ "$(shim_pid)" = "$shim" ]
	[ "$(ask_of generation)" = 1 ]
	is_warm
	hart fail "$ID"
	served_by standby-1
	[ "$(ask_of generation)" = 2 ]
	journal '[.[] | select(.event == "adopted")] | length' | grep -qx 7
}

@test "how a member ends after a replacement is known, as its parent stays" {
	serve --restarts 5
	hart adopt --replace "$ID"
	kill_active
	eventually '[ "$(ask_of generation)" = 2 ]'
	[ "$(journal '[.[] | select(.event == "failed")][0] | "\(.cause) \(.status)"')" = "signal 137" ]
}

@test "a policy is changed while it runs, and stays so after adopt" {
	serve --standby self --restarts 0
	eventually is_warm
	hart update --max-failures 1 --window 1h --probe 'exec:/bin/false' --probe-interval 1h "$ID"
	[ "$(of .budget.maxFailures)" = 1 ]
	kill_shim
	hart adopt "$ID"
	[ "$(of .budget.maxFailures)" = 1 ]
	hart update --probe '' --max-failures '' "$ID"
	[ "$(of .budget.maxFailures)" = null ]
	refuses 'probe x: ' hart update --probe x "$ID"
	[ "$(ask_of generation)" = 1 ]
	ID=plain up
	refuses 'not a supervised service' hart update --restarts 3 plain
}

@test "a service that is not at rest is not replaced, and says why" {
	serve --backoff 20s:20s
	hart fail --no-wait "$ID" || true
	kill_active || true
	eventually '[ "$(of .waiting.ms)" != null ]'
	refuses 'not at rest' hart adopt --replace "$ID"
}

@test "one in the foreground stays there, and its exit status is the service's" {
	bundle "$(web)"
	in_foreground --listen "unix:$PWD/sock" --restarts 3 &
	run=$!
	eventually 'ask >/dev/null'
	hart adopt --replace "$ID"
	[ "$(ask_of generation)" = 1 ]
	hart kill "$ID" KILL
	status=0
	wait $run || status=$?
	[ "$status" = 137 ]
	[ ! -e "$STATE/$ID" ]
}
