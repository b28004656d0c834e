# SPDX-License-Identifier: Apache-2.0
# ports: what the tests of held ports have in common: a service whose program opens port 8080 itself, and its clients. Load
# after service.
# shellcheck shell=bash disable=SC2154 # HART and the like come from lib

SERVERS=$BATS_TEST_DIRNAME/../service

# server PROGRAM ARG...: $BUNDLE runs it, out of a root filesystem of the host's.
server() {
	bundle "$(args "$@")" '.root.readonly = false' \
		'.process.capabilities |= map_values(. + ["CAP_SETUID", "CAP_SETGID", "CAP_CHOWN"])'
	"$SERVERS/host_rootfs" "$BUNDLE/rootfs" "$1"
}

run_it() {
	local status=0

	hart run -d "$@" --bundle "$BUNDLE" "$ID" </dev/null >out 2>err || status=$?
	[ "$status" = 0 ] || cat err
	# Clients are in the service's network, whoever serves.
	[ "$status" = 0 ] && exec 9<"/proc/$(active_pid)/ns/net"
	return "$status"
}

inside() {
	nsenter --net=/proc/self/fd/9 timeout -k 5 "$COMMAND_TIMEOUT_S" "$@" 3>&- 4>&-
}

get() {
	[ "$(inside "$SERVICE_BIN/ask" "tcp:${1:-127.0.0.1:8080}" /index.html)" = hello ]
}


port() {
	of ".ports[] | select(.address == \"$1\") | .$2"
}

is_held() {
	[ "$(port "$1" sockets)" -ge 1 ]
}

# load SECONDS [ADDRESS]: eight clients; what became of them is in load.json.
load_port() {
	inside "$SERVICE_BIN/load" -c 8 -d "$1" -p 1000 "tcp:${2:-127.0.0.1:8080}" /index.html >load.json
}

none_refused() {
	jq -e '.ok > 100 and .refused == 0 and .timeouts == 0' load.json || { cat load.json; false; }
}

keeper_pids() {
	grep -lx hart-ports /proc/[0-9]*/comm 2>/dev/null | cut -d / -f 3
}

keepers() {
	keeper_pids | wc -l
}

test_teardown() {
	exec 9<&-
	[ "$(keepers)" = 0 ]
}

# is_held_on PORT: on any address.
is_held_on() {
	[ "$(of "[.ports[]? | select(.address | endswith(\":$1\")) | .sockets] | add // 0")" -ge 1 ]
}
