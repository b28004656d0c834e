#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# --on-event and --events-to: who is told what happens, off the takeover's path.
load lib
load service
load hostconf

more_setup() {
	own_etc
}

teardown_file() {
	no_own_etc
}

# teller [BODY]: a command that writes what it was told to a file each; $TELLER.
teller() {
	TELLER=$PWD/teller
	cat >"$TELLER" <<-EOF
		#!/bin/sh
		cd "$PWD/told" || exit 1
		env | sort >"\$HART_GENERATION-\$HART_EVENT.new"
		mv "\$HART_GENERATION-\$HART_EVENT.new" "\$HART_GENERATION-\$HART_EVENT"
		${1:-:}
	EOF
	chmod +x "$TELLER"
	mkdir -p told
}

# told FILE LINE
told() {
	grep -qxF "$2" "told/$1"
}

@test "a command is told of each event by its environment, and of nothing else of the shim's" {
	teller 'ls /proc/self/fd >fds; cat /proc/self/status >status'
	NOTIFY_SOCKET=/nowhere SECRET=yes serve --standby self --on-event "exec:$TELLER"
	eventually '[ -e told/1-started ]'
	eventually is_warm
	hart fail "$ID"
	eventually '[ -e told/2-takeover ]'
	told 1-started "HART_ID=$ID"
	told 1-failed HART_CAUSE=signal
	told 1-failed HART_STATUS=137
	told 2-takeover HART_MEMBER=standby-1
	told 2-takeover HART_INSTEAD=primary
	grep -q '^HART_US=[0-9]' told/2-takeover
	! grep -q 'SECRET\|NOTIFY_SOCKET' told/1-started
	eventually '[ -e told/2-standby-ready ]'
	eventually '[ "$(cat told/fds | wc -l)" = 4 ]' # 0 to 2, and what ls opens
	grep -q '^SigBlk:.0*$' told/status
	[ ! -e told/2-promoting ]
	hart kill "$ID" KILL
	until_status "$ID" stopped
	eventually '[ -e told/2-stopped ]'
}

@test "one that hangs, or cannot be run, keeps nobody from serving, and is told of once" {
	teller 'exec sleep 1000'
	serve --standby self --on-event "exec:$TELLER"
	eventually '[ -e told/1-started ]'
	for generation in 2 3 4; do
		eventually is_warm
		hart fail "$ID"
		[ "$(ask_of generation)" = $generation ]
	done
	eventually 'hart journal $ID | grep -q "on-event: .*/teller was killed by signal 9: it takes too long"'
	[ "$(ls told | wc -l)" -le 2 ]
	hart delete --force "$ID"
	serve --on-event 'exec:/not/there x'
	eventually 'hart journal $ID | grep -q "on-event: /not/there ended with status 127"'
	[ "$(journal '[.[] | select(.text != null and (.text | test("on-event")))] | length')" = 1 ]
	[ "$(ask_of generation)" = 1 ]
}

@test "more events than wait are left out, and counted" {
	teller 'while [ ! -e ../go ]; do sleep 0.05; done'
	serve --restarts 1000 --backoff 1ms:1ms --on-event "exec:$TELLER"
	eventually '[ -e told/1-started ]'
	for _ in $(seq 25); do
		hart fail "$ID"
	done
	: >go
	eventually '[ -e told/16-failed ] || [ -e told/16-restarted ]'
	sleep 0.2
	hart fail "$ID"
	eventually 'grep -rhq "^HART_LEFT_OUT=[1-9]" told'
}

@test "at its end the service waits for what is left to be told" {
	teller 'sleep 0.3; : >>count'
	serve --restarts 3 --max-failures 0 --on-event "exec:$TELLER"
	hart fail --no-wait "$ID" || true
	until_status "$ID" stopped
	eventually '[ -e told/1-exhausted ]'
	hart adopt "$ID" 2>/dev/null || true
	eventually 'hart delete "$ID"'
	[ "$(wc -c <told/count)" = 0 ]
}

@test "an annotation that runs a command on the host, or writes to its log, needs the host's permission" {
	bundle "$(web)" '.annotations = {"org.hart.restarts": "3", "org.hart.on-event": "exec:/bin/true"}'
	refuses 'annotation org.hart.on-event: it runs a program outside of the container; .*allow-annotation' \
		hart create --bundle "$BUNDLE" "$ID"
	bundle "$(web)" '.annotations = {"org.hart.restarts": "3", "org.hart.events-to": "syslog"}'
	refuses 'annotation org.hart.events-to: .*allow-annotation' hart create --bundle "$BUNDLE" "$ID"
}

@test "the host may name the command: by an annotation that it allows, and by a policy of its own" {
	teller
	host_allows 'allow-annotation = org.hart.on-event' \
		"policy annotation.team=shop: restarts=3 on-event=\"exec:$TELLER\""
	bundle "$(web)" ".annotations = {\"org.hart.restarts\": \"3\", \"org.hart.on-event\": \"exec:$TELLER\"}"
	hart run -d --listen "unix:$PWD/sock" --bundle "$BUNDLE" "$ID" </dev/null >out 2>err
	eventually '[ -e told/1-started ]'
	hart delete --force "$ID"
	rm -rf told/*
	bundle "$(web)" '.annotations = {"team": "shop"}'
	hart run -d --bundle "$BUNDLE" "$ID" </dev/null >out 2>err
	eventually '[ -e told/1-started ]'
}

# listen_at PATH: a log daemon that writes its datagrams to $PWD/logged.
listen_at() {
	python3 - "$1" >logged 2>&1 3>&- 4>&- <<-'EOF' &
		import socket, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.bind(sys.argv[1])
		while True:
		    sys.stdout.buffer.write(s.recv(65536) + b"\n\n")
		    sys.stdout.buffer.flush()
	EOF
	daemon=$!
	eventually "[ -S '$1' ]"
}

@test "--events-to: syslog gets lines, journald fields; a daemon that is away costs nothing" {
	listen_at "$PWD/syslog"
	serve --standby self --events-to "syslog:$PWD/syslog" --events-to "journald:$PWD/journald"
	eventually is_warm
	eventually 'grep -q "started: primary" logged'
	grep -qE "^<30>[A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8} hart\[[0-9]+\]: $ID: started: primary, generation 1: start\$" logged
	[ "$(of .eventsLost)" -ge 1 ]
	kill "$daemon"
	wait "$daemon" || true
	listen_at "$PWD/journald"
	hart fail "$ID"
	eventually 'grep -qx HART_EVENT=takeover logged'
	grep -qx "HART_ID=$ID" logged
	grep -qx HART_INSTEAD=primary logged
	grep -qx SYSLOG_IDENTIFIER=hart logged
	grep -qE '^MESSAGE=.*: failed: primary, generation 1: signal, status 137$' logged
	refuses 'must be syslog' serve --events-to "mail"
	kill "$daemon"
}
