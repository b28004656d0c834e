#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Sockets that are passed (--listen) to programs that run beside each other: hot and frozen standbys. Each member has its
# own at the same number, and only those of the one that serves get clients.
load lib
load service
load ports

# passed FLAG...: `web`, which takes its socket by LISTEN_FDS.
passed() {
	bundle "$(web)"
	run_it --listen tcp:127.0.0.1:8080 --standby self --max-failures 100 "$@"
	eventually is_hot
}

is_hot() {
	service_is active && [ "$(of '[.members[] | select(.state == "hot")] | length')" -ge 1 ]
}

who() {
	inside "$SERVICE_BIN/ask" tcp:127.0.0.1:8080 | jq -r .member
}

kills_under_load() {
	inside "$SERVICE_BIN/load" -c 8 -d 4 -p 1000 tcp:127.0.0.1:8080 >load.json &
	for _ in 1 2 3; do
		sleep 0.6
		kill_active
		eventually is_hot
	done
	hart failover "$ID"
	wait $!
	none_refused
}

@test "hot: nobody is refused, and the standby gets no client" {
	passed --standby-mode hot --ready notify
	local _
	for _ in {1..20}; do
		[ "$(who)" = primary ]
	done
	kills_under_load
	[ "$(of .generation)" = 5 ]
}

@test "frozen: the same" {
	passed --standby-mode frozen --ready notify
	kills_under_load
}

@test "the shim dies: adopt finds the sockets, also of one that waits at its gate" {
	passed --standby-mode hot --standby self,mode=warm --ready notify
	eventually '[ "$(member standby-2 state)" = warm ]'
	kill_shim
	[ "$(who)" = primary ]
	hart adopt "$ID"
	kills_under_load
	hart failover --to standby-2 "$ID"
	[ "$(who)" = standby-2 ]
}

@test "an upgrade beside a hot standby" {
	passed --standby-mode hot --ready notify
	cp -a "$BUNDLE" new
	inside "$SERVICE_BIN/load" -c 8 -d 2 -p 1000 tcp:127.0.0.1:8080 >load.json &
	hart upgrade "$ID" --bundle "$PWD/new"
	wait $!
	none_refused
	[ "$(who)" = upgrade-1 ]
}

@test "udp: datagrams reach the one that serves" {
	bundle "$(shell 'exec busybox cat <&3 >>/log/$HART_MEMBER')" \
		'.mounts += [{destination: "/log", type: "bind", source: "'"$PWD/log"'", options: ["bind", "rw"]}]'
	mkdir log
	run_it --listen udp:127.0.0.1:8080 --standby self --standby-mode hot
	eventually is_hot
	local n
	for n in {1..20}; do
		inside bash -c "echo $n >/dev/udp/127.0.0.1/8080"
	done
	eventually '[ "$(wc -l <log/primary)" = 20 ]'
	[ ! -s log/standby-1 ]
	kill_active
	eventually '[ "$(of .active)" = standby-1 ] && service_is active'
	inside bash -c "echo $n >/dev/udp/127.0.0.1/8080"
	eventually '[ "$(wc -l <log/standby-1)" = 1 ]'
}

@test "unix sockets beside hot standbys are refused in words" {
	bundle
	refuses 'a hot or frozen standby would take clients of a unix socket' hart run --standby self --standby-mode hot \
		--listen "unix:$PWD/sock" --bundle "$BUNDLE" "$ID"
}
