#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Services of an ordinary user: standbys, held sockets, adopt; what needs root is refused in words.
load ../lib
load lib

more_setup() {
	cp "$(dirname "$PROBE")/../../service/"{web,ask} "$TEMPLATE/"
}

# user_service FLAG...: $ID, which serves at $PWD/sock.
user_service() {
	user_bundle "$(args /web)"
	hart run -d --listen "unix:$PWD/sock" "$@" --bundle "$BUNDLE" "$ID" </dev/null >out 2>err || { cat err; return 1; }
}

served_by() {
	eventually [ "\$($TEMPLATE/ask unix:$PWD/sock | jq -r .member)" = "$1" ]
}

shim_of() {
	hart status --json "$ID" | jq .shim.pid
}

member_pid() {
	hart status --json "$ID" | jq ".members[] | select(.name == \"$1\") | .pid"
}

until_ready() {
	eventually [ "\$(hart status --json $ID | jq -r '.members[] | select(.name == \"$1\") | .state')" = "$2" ]
}

@test "a takeover, and the namespaces are shared" {
	user_service --standby self
	served_by primary
	until_ready standby-1 warm
	ls -l "/proc/$(member_pid primary)/ns/"{net,ipc,uts,user} | sed 's/.*-> //' >first
	hart fail "$ID"
	served_by standby-1
	ls -l "/proc/$(member_pid standby-1)/ns/"{net,ipc,uts,user} | sed 's/.*-> //' >second
	cmp first second
	until_ready primary warm
	hart fail "$ID"
	served_by primary
}

@test "a hot standby" {
	user_bundle "$(args /probe sleep)"
	hart run -d --standby self --standby-mode hot --bundle "$BUNDLE" "$ID" </dev/null >out 2>err || { cat err; false; }
	until_ready standby-1 hot
	hart fail "$ID"
	until_ready standby-1 running
	until_ready primary hot
}

@test "the shim dies: adopt" {
	user_service --standby self
	until_ready standby-1 warm
	kill -9 "$(shim_of)"
	eventually "! hart status --json $ID | jq -e .shim.pid"
	hart adopt "$ID"
	served_by primary
	hart fail "$ID"
	served_by standby-1
}

@test "the shim and the active member die: adopt takes the namespaces of who waits" {
	user_service --standby self
	until_ready standby-1 warm
	kill -9 "$(shim_of)" "$(member_pid primary)"
	hart adopt "$ID"
	eventually "$TEMPLATE/ask unix:$PWD/sock"
	until_ready primary warm || until_ready standby-1 warm
	hart fail "$ID"
	eventually "$TEMPLATE/ask unix:$PWD/sock"
}

@test "root of a user namespace: a takeover" {
	inside_bundle "$(args /web)"
	inside sh -ec 'hart=$1 id=$2 ask=$4
		$hart run -d --standby self --listen "unix:$PWD/sock" --bundle "$3" $id
		until $hart status $id | grep -q "standby-1 *warm"; do sleep 0.05; done
		$ask unix:$PWD/sock >first
		$hart fail $id
		until $ask unix:$PWD/sock >second; do sleep 0.05; done
		$hart delete --force $id' sh "$USER_HART" "$ID" "$BUNDLE" "$TEMPLATE/ask" </dev/null
	[ "$(jq -r .member first)" = primary ]
	[ "$(jq -r .member second)" = standby-1 ]
}

@test "held ports are refused in words" {
	user_bundle "$(args /web)"
	refuses '--port: .*root may load; use --listen' hart run -d --port tcp:8099 --bundle "$BUNDLE" "$ID"
	inside_bundle "$(args /web)"
	refuses '--port: .*root may load; use --listen' inside "$USER_HART" run -d --port tcp:8099 --bundle "$BUNDLE" "$ID"
}

@test "a service that is created as engines do it is refused in words" {
	user_bundle "$(args /web)" '.annotations = {"org.hart.standby": "self"}'
	refuses 'needs root.*hart run' hart create --bundle "$BUNDLE" "$ID"
}

@test "without a cgroup that it may make a service is refused in words" {
	user_bundle "$(args /web)"
	OUTSIDE=1 refuses 'systemd-run --user --scope' hart run -d --standby self --bundle "$BUNDLE" "$ID"
}
