#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A supervised service from start to end, and what the commands make of it.
load lib
load service

@test "run -d returns when the service is active; the primary serves as generation 1" {
	serve --standby self
	[ "$(of .state)" != starting ]
	served_by primary
	[ "$(ask_of generation)" = 1 ]
	[ "$(of .active)" = primary ]
	eventually is_warm
	[ "$(member standby-1 state)" = warm ]
	[ "$(application_pids | wc -l)" = 1 ]
}

@test "what run -d and failover answer can be used at once" {
	bundle "$(web)"
	# State files come into being slowly: who is told too early finds the ones before. The leak sanitizer refuses to
	# run under strace.
	export STATE BUNDLE ID
	ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o trace -e trace=renameat -e inject=renameat:delay_enter=200000 sh -c '
		hart() { "$HART" --root "$STATE" "$@" </dev/null; }
		hart run -d --standby self --bundle "$BUNDLE" "$ID" && hart exec "$ID" /bin/true &&
			until hart status "$ID" | grep -q warm; do sleep 0.1; done &&
			hart failover "$ID" && hart exec "$ID" /bin/true
		echo $? >status' >out 2>err 3>&- 4>&- &
	eventually '[ -s status ]'
	cat err
	[ "$(cat status)" = 0 ]
	[ "$(of .active)" = standby-1 ]
}

@test "a service without a standby is one too: it is restarted in place" {
	serve --max-failures 5
	kill_active
	eventually '[ "$(ask_of generation)" = 2 ]'
	served_by primary
}

@test "in the foreground: the output of the member, a line a transition, its exit status" {
	bundle "$(shell 'echo hello; exit 0')"
	exits 0 in_foreground --standby self
	grep -q hello out
	grep -q 'starting -> active' err
	grep -q 'completed' err
	bundle "$(shell 'echo "$HART_MEMBER $HART_GENERATION"; exit 7')"
	exits 7 in_foreground --standby self --max-failures 2
	grep -q 'primary 1' out
	grep -q 'standby-1 2' out
	grep -q 'exhausted' err
}

@test "exit codes of --success are success" {
	bundle "$(shell 'exit 3')"
	exits 3 in_foreground --standby self --success 0,3
	grep -q completed err
	! grep -Eq "fencing|promoting" err
}

@test "the exit status of a service that signals end is 128 + the signal" {
	bundle "$(web)"
	hart run --standby self --max-failures 1 --listen "unix:$PWD/sock" --bundle "$BUNDLE" "$ID" \
		</dev/null >out 2>err &
	local run=$!
	eventually served_by primary
	kill_active
	eventually served_by standby-1
	kill_active
	exits 137 wait $run
}

@test "run -d says why the service never became active, and leaves nothing" {
	bundle "$(args /nonexistent)"
	refuses 'nonexistent' run_service
	[ -z "$(hart list -q)" ]
	[ ! -e sock ]
	same_host
}

@test "SIGTERM to hart run in the foreground stops the service with the members' goodbye" {
	bundle "$(shell 'trap "echo bye; exit 0" TERM; echo up; while :; do sleep 0.05; done')"
	"$HART" --root "$STATE" run --standby self --bundle "$BUNDLE" "$ID" </dev/null >out 2>err 3>&- &
	local run=$!
	eventually grep -q up out
	kill -TERM $run
	wait $run || true
	grep -q bye out
	grep -q stopped err
	! grep -q 'standby-1 took over' err
}

@test "kill ends the service and triggers no failover" {
	serve --standby self
	eventually is_warm
	hart kill "$ID" TERM
	until_status "$ID" stopped
	[ "$(journal '.[-1].to')" = stopped ]
	[ "$(journal '[.[] | select(.to == "promoting")] | length')" = 0 ]
	hart delete "$ID"
	[ ! -e sock ]
	same_host
}

@test "kill KILL ends it as well" {
	serve --standby self
	hart kill "$ID" KILL
	until_status "$ID" stopped
	hart delete "$ID"
	same_host
}

@test "state, list and ps show one container with the active member's process" {
	local first
	serve --standby self
	eventually is_warm
	[ "$(status_of)" = running ]
	first=$(init_pid)
	[ "$(cat "/proc/$first/comm")" = web ]
	[ "$(hart list -q)" = "$ID" ]
	[ "$(hart list -f json | jq -r '.[0].status')" = running ]
	hart ps "$ID" | grep -q /web
	kill_active
	eventually served_by standby-1
	eventually "[ \"\$(init_pid)\" != $first ]"
	[ "$(cat "/proc/$(init_pid)/comm")" = web ]
	[ "$(status_of)" = running ]
	[ "$(hart list -q)" = "$ID" ]
}

@test "exec goes into the active member" {
	local name='tr "\0" "\n" </proc/1/environ | grep ^HART_MEMBER'
	serve --standby self -- ".process.env += [\"PATH=/bin\"]"
	[ "$(hart exec "$ID" /bin/sh -c "busybox $name")" = HART_MEMBER=primary ]
	eventually is_warm
	kill_active
	eventually served_by standby-1
	[ "$(hart exec "$ID" /bin/sh -c "busybox $name")" = HART_MEMBER=standby-1 ]
}

@test "delete of a running service is refused, with --force all of it goes" {
	serve --standby self
	refuses 'not stopped|running' hart delete "$ID"
	served_by primary
	hart delete --force "$ID"
	refuses 'does not exist' hart state "$ID"
	[ ! -e sock ]
	same_host
}

@test "a second service of that name is refused, and the first serves on" {
	serve --standby self
	refuses exists hart run -d --standby self --bundle "$BUNDLE" "$ID"
	served_by primary
}

@test "pause stops the clock of the watchdog, resume starts it" {
	serve --standby self --watchdog 300ms
	eventually is_warm
	hart pause "$ID"
	[ "$(status_of)" = paused ]
	sleep 1
	hart resume "$ID"
	served_by primary
	[ "$(ask_of generation)" = 1 ]
}

@test "status is for people, too" {
	serve --standby self
	eventually is_warm
	hart status "$ID" >report
	grep -q primary report
	grep -q standby-1 report
	grep -qi active report
	kill_active
	eventually served_by standby-1
	eventually "[ \"\$(of '.takeovers | length')\" = 1 ]"
	[ "$(of '.takeovers[0] | .from + " " + .to + " " + .cause')" = "primary standby-1 signal" ]
	[ "$(of '.takeovers[0].us > 0')" = true ]
}

@test "commands that need a shim say so of a plain container and of nobody" {
	up
	refuses 'shim|service' hart status "$ID"
	refuses 'shim|service' hart failover "$ID"
	refuses 'does not exist' hart status nobody
	refuses 'does not exist' hart failover nobody
	refuses 'does not exist' hart upgrade nobody --bundle "$BUNDLE"
	refuses 'does not exist' hart adopt nobody
	refuses 'does not exist' hart logs nobody
}

@test "one log for all members, a record a line with stream, member and generation" {
	bundle "$(shell 'echo "out of $HART_MEMBER"; echo "err of $HART_MEMBER" >&2; exec /web')"
	run_service --standby self
	eventually is_warm
	kill_active
	eventually served_by standby-1
	eventually "hart logs $ID | grep -q 'err of standby-1'"
	hart logs "$ID" >log
	grep -E 'stdout primary 1 out of primary' log
	grep -E 'stderr primary 1 err of primary' log
	grep -E 'stdout standby-1 2 out of standby-1' log
}

@test "the journal has every transition, with rising times and generations" {
	serve --standby self
	eventually is_warm
	kill_active
	eventually served_by standby-1
	eventually is_warm
	[ "$(journal '[.[] | .to] | contains(["active", "fencing", "promoting"])')" = true ]
	[ "$(journal '[.[].ns] == ([.[].ns] | sort)')" = true ]
	[ "$(journal '[.[].generation] == ([.[].generation] | sort)')" = true ]
	[ "$(journal '[.[] | select(.to == "fencing")][0].cause')" = signal ]
	# No transition is left out: each begins where the one before it ended.
	[ "$(journal '[.[] | select(.from and .to)] | [.[1:], .[:-1]] | transpose |
		all(.[0].from == .[1].to)')" = true ]
}
