#!/usr/bin/env bats
# Hot and frozen standbys where there is a memory controller.
load ../lib
load ../service
load ../ports

is_hot() {
	service_is active && [ "$(of '[.members[] | select(.state == "hot")] | length')" -ge 1 ]
}

@test "hot: the active one is killed for lack of memory, and nobody is refused" {
	bundle "$(shell 'busybox httpd -p 8080 -h /tmp; trap "x=x; while :; do x=\$x\$x; done" USR1; while :; do sleep 0.1; done')" \
		'.linux.resources.memory.limit = 67108864'
	echo hello >"$BUNDLE/rootfs/tmp/index.html"
	run_it --port tcp:8080 --standby self --standby-mode hot --oom member --stop-timeout 200ms
	eventually is_hot
	load_port 4 &
	local load=$!
	sleep 0.5
	hart kill "$ID" USR1
	eventually '[ "$(of .active)" = standby-1 ] && service_is active'
	wait $load
	jq -e '.ok > 10 and .refused == 0 and .timeouts == 0' load.json || { cat load.json; false; }
	[ "$(of .takeovers[0].cause)" = oom ]
}
