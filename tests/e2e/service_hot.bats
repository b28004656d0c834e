#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Hot and frozen standbys: programs that are started before they are needed.
load lib
load service
load ports

# A server whose start takes 1.5 s, and that says who it is.
SLOW='echo "start $HART_MEMBER $HART_ROLE" >>/log/starts; sleep 1.5; exec busybox httpd -f -p 8080 -h /tmp'

hot() {
	bundle "$(shell "$SLOW")" '.mounts += [{destination: "/log", type: "bind", source: "'"$PWD/log"'", options: ["bind", "rw"]}]'
	mkdir -p log
	echo hello >"$BUNDLE/rootfs/tmp/index.html"
	run_it --port tcp:8080 --standby self --stop-timeout 200ms "$@"
}

is_hot() {
	service_is active && [ "$(of '[.members[] | select(.state == "hot")] | length')" -ge 1 ]
}

frozen() {
	grep -q 'frozen 1' "/sys/fs/cgroup$(jq -r .cgroup "$STATE/$ID/state.json")/$1/cgroup.events"
}

@test "hot: a takeover does not wait for the program's start" {
	hot --standby-mode hot
	eventually is_hot
	load_port 6 &
	for _ in 1 2; do
		sleep 0.5
		kill_active
		eventually is_hot
	done
	wait $!
	none_refused
	jq -e '.longest_gap_us < 1000000' load.json || { cat load.json; false; }
	grep -qx 'start standby-1 standby' log/starts
	grep -qx 'start primary active' log/starts
	[ "$(of .generation)" = 3 ]
}

@test "hot: the standby gets no client" {
	hot --standby-mode hot
	eventually is_hot
	[ "$(port 'tcp:[::]:8080' sockets)" = 2 ]
	[ "$(port 'tcp:[::]:8080' clientsGoTo)" = primary ]
}

@test "frozen: executes nothing until it is promoted" {
	hot --standby-mode frozen
	eventually is_hot
	eventually 'frozen standby-1'
	load_port 3 &
	sleep 0.3
	kill_active
	wait $!
	none_refused
	[ "$(of .active)" = standby-1 ]
	! frozen standby-1
}

@test "frozen, --reclaim without a memory controller: told, and done without" {
	[ ! -e /sys/fs/cgroup/memory.reclaim ] || skip "this host has it"
	! grep -qw memory /sys/fs/cgroup/cgroup.controllers || skip "this host has it"
	hot --standby-mode frozen --reclaim yes
	eventually is_hot
	eventually 'journal "[.[].text // empty | select(contains(\"--reclaim needs the memory controller\"))] | length" | grep -qx 1'
	kill_active
	eventually '[ "$(of .active)" = standby-1 ]'
}

@test "a mode a standby" {
	hot --standby self,mode=frozen --standby-mode hot
	eventually '[ "$(member standby-1 state)" = hot ] && [ "$(member standby-2 state)" = hot ]'
	eventually 'frozen standby-2'
	! frozen standby-1
}

@test "a hot standby that dies is seen, and started again" {
	hot --standby-mode hot
	eventually is_hot
	local pid
	pid=$(member standby-1 pid)
	kill -KILL "$pid"
	eventually '[ "$(member standby-1 pid)" != "'"$pid"'" ] && is_hot'
	[ "$(of .generation)" = 1 ]
	[ "$(of .failures)" = 0 ]
	get
}

# Its child makes the fence take a moment, in which its end and its start are heard of in either order.
@test "a hot standby that ends at once takes nothing from the one that serves" {
	bundle "$(shell 'if [ $HART_ROLE = standby ]; then echo >>/log/starts; sleep 1000 & exit 1; fi; exec sleep 1000')" \
		'.mounts += [{destination: "/log", type: "bind", source: "'"$PWD/log"'", options: ["bind", "rw"]}]' "$(namespace pid -)"
	mkdir log
	run_it --standby self --standby-mode hot --backoff 50ms:50ms --probe exec:/bin/true --probe-interval 50ms --probe-timeout 20s
	eventually '[ "$(wc -l <log/starts)" -ge 20 ]'
	[ "$(of .probe.failed)" = 0 ]
	[ "$(of .generation)" = 1 ]
	[ "$(of .active)" = primary ]
}

@test "--on-promote runs in the member, and its failure is the member's" {
	bundle "$(shell "$SLOW")" '.mounts += [{destination: "/log", type: "bind", source: "'"$PWD/log"'", options: ["bind", "rw"]}]'
	mkdir log
	run_it --standby self --standby-mode hot --stop-timeout 200ms \
		--on-promote 'exec:/bin/sh -c "echo promoted $HART_MEMBER $HART_ROLE $HART_GENERATION >>/log/promoted; ! test -e /log/fail"'
	eventually is_hot
	kill_active
	eventually '[ "$(of .active)" = standby-1 ] && service_is active'
	[ "$(cat log/promoted)" = 'promoted standby-1 active 2' ]
	eventually is_hot
	touch log/fail
	kill_active
	eventually 'member primary why | grep -q on-promote'
	rm log/fail
	eventually is_hot
}

@test "the shim dies: adopt finds the hot standby as it was" {
	hot --standby-mode hot
	eventually is_hot
	local pid
	pid=$(member standby-1 pid)
	kill_shim
	hart adopt "$ID"
	[ "$(of .active)" = primary ]
	[ "$(member standby-1 state)" = hot ]
	[ "$(member standby-1 pid)" = "$pid" ]
	kill_active
	eventually '[ "$(of .active)" = standby-1 ]'
	get
}

@test "shim and active one die: the hot standby is not taken for the one that serves" {
	hot --standby-mode frozen
	eventually is_hot
	local pid
	pid=$(active_pid)
	kill_shim
	kill -KILL "$pid"
	hart adopt "$ID"
	eventually '[ "$(of .active)" = standby-1 ] && service_is active'
	[ "$(of .generation)" = 2 ]
	get
}

@test "a planned switch to a hot standby, and a stop" {
	hot --standby-mode hot
	eventually is_hot
	load_port 3 &
	sleep 0.3
	hart failover "$ID"
	wait $!
	none_refused
	[ "$(of .active)" = standby-1 ]
	hart kill "$ID" TERM
	eventually '! hart state "$ID" | jq -e ".status == \"running\""'
}

@test "words that are no mode" {
	bundle
	refuses 'must be warm, cold, hot or frozen' hart run --standby self,mode=tepid --bundle "$BUNDLE" "$ID"
}
