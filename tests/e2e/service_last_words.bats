#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A detached start that fails says why, and shows what the program wrote, on the command's stderr.
load lib
load service

# fails FLAG... -- FILTER...: hart run -d fails; what it said is in err.
fails() {
	local flags=() status=0

	while [ "$1" != -- ]; do
		flags+=("$1")
		shift
	done
	shift
	bundle "$@"
	hart run -d "${flags[@]}" --restarts 0 --max-failures 0 --bundle "$BUNDLE" "$ID" </dev/null >out 2>err || status=$?
	[ "$status" != 0 ]
	[ ! -e "$STATE/$ID" ]
}

@test "--ready notify: never ready" {
	fails --ready notify --ready-timeout 300ms -- \
		"$(shell 'echo first; echo cannot reach the database >&2; exec /web -n')"
	grep -q 'the service did not become ready: primary: no READY=1 in time' err
	grep -q 'cannot reach the database' err
	grep -q 'first' err
}

@test "--ready notify: the program ends before it is ready" {
	fails --ready notify --standby self -- "$(shell 'echo no such table; exit 9')"
	grep -q 'the service did not become ready: \(primary\|standby-1\) ended with exit status 9' err
	grep -q 'no such table' err
}

@test "--ready probe: no probe succeeds" {
	fails --probe tcp:127.0.0.1:9 --ready probe --ready-timeout 300ms --probe-retries 1000 -- \
		"$(shell 'echo listening to nobody; exec /web -n')"
	grep -q 'the service did not become ready: primary: no probe succeeded in time' err
	grep -q 'listening to nobody' err
}

@test "many lines: the last ones; and a terminal obeys none of them" {
	fails --ready notify -- "$(shell 'i=0; while [ $i -lt 500 ]; do echo line $i; i=$((i + 1)); done; printf "\\033[2Jred\n"; exit 3')"
	grep -q 'line 499' err
	! grep -q 'line 400' err
	grep -q '?\[2Jred' err
	! grep -q $'\033' err
}

@test "a program that writes nothing: the reason alone" {
	fails --ready notify -- "$(shell 'exit 4')"
	grep -q 'the service did not become ready: primary ended with exit status 4' err
	! grep -q 'last output' err
}

@test "with a log file of one's own the last lines are from there" {
	fails --ready notify --log-file "$PWD/own.log" -- "$(shell 'echo in my own log; exit 5')"
	grep -q 'in my own log' err
	grep -q 'in my own log' own.log
}

@test "without a budget it is tried again, and that is told at once" {
	bundle "$(shell 'echo no database; [ -e /database ] || exit 7; exec /web')"
	hart run -d --restarts 0 --ready notify --backoff 10ms:50ms --bundle "$BUNDLE" "$ID" </dev/null >out 2>err &
	eventually grep -q "'the service is not ready yet and is tried again: primary ended with exit status 7'" err
	grep -q 'no database' err
	touch "$BUNDLE/rootfs/database"
	wait $!
	[ "$(of .active)" = primary ]
	[ "$(grep -c 'tried again' err)" = 1 ]
}
