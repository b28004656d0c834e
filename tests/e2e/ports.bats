#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Held ports (--port): programs that open their port themselves, and clients that are not refused while they come and go.
load lib
load service
load ports

# httpd [FLAG...] [-- FILTER...]: busybox' httpd, which knows nothing of hart, as a service on port 8080.
httpd() {
	local flags=()

	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		flags+=("$1")
		shift
	done
	[ $# = 0 ] || shift
	bundle "$(args /bin/busybox httpd -f -p 8080 -h /tmp)" "$@"
	echo hello >"$BUNDLE/rootfs/tmp/index.html"
	run_it --max-failures 100 --stop-timeout 200ms "${flags[@]}"
}

@test "a killed program's clients wait for its standby" {
	httpd --port tcp:8080 --standby self
	eventually is_warm
	load_port 3 &
	for _ in 1 2 3 4; do
		sleep 0.5
		kill_active
	done
	wait $!
	none_refused
	[ "$(of .generation)" = 5 ]
}

@test "without a standby they wait for its restart" {
	httpd --port tcp:8080 --backoff 300ms:300ms
	eventually 'is_held "tcp:[::]:8080"'
	load_port 3 &
	for _ in 1 2 3; do
		sleep 0.6
		kill_active
	done
	wait $!
	none_refused
}

@test "a planned switch and an upgrade refuse nobody" {
	httpd --port tcp:8080 --standby self
	eventually is_warm
	load_port 3 &
	hart failover "$ID"
	eventually is_warm
	hart failover --overlap "$ID"
	cp -a "$BUNDLE" new
	hart upgrade "$ID" --bundle "$PWD/new"
	wait $!
	none_refused
	[ "$(of .active)" = upgrade-1 ]
}

@test "the shim dies, then the program: clients wait for adopt" {
	httpd --port tcp:8080 --standby self
	eventually is_warm
	eventually get
	kill_shim
	get
	local pid
	pid=$(jq -r .pid "$STATE/$ID/members/primary/state.json")
	kill -KILL "$pid"
	# Until then it may still accept a client.
	eventually "! [ -d /proc/$pid ] || grep -q '^State:.Z' /proc/$pid/status"
	get &
	local client=$!
	sleep 0.3
	hart adopt "$ID"
	wait $client
	load_port 1 &
	sleep 0.3
	kill_active
	wait $!
	none_refused
}

@test "auto: every TCP port that the program listens on" {
	bundle "$(shell 'busybox httpd -p 8080 -h /tmp; busybox httpd -p 127.0.0.1:8081 -h /tmp; exec sleep 100')"
	echo hello >"$BUNDLE/rootfs/tmp/index.html"
	run_it --port auto --standby self --max-failures 100
	eventually 'is_held "tcp:[::]:8080" && is_held tcp:127.0.0.1:8081'
	eventually is_warm
	load_port 2 127.0.0.1:8081 &
	sleep 0.5
	kill_active
	sleep 0.5
	kill_active
	wait $!
	none_refused
}

@test "only the address that was given is held" {
	bundle "$(shell 'busybox httpd -p 127.0.0.1:8080 -h /tmp; busybox httpd -p 127.0.0.2:8080 -h /tmp; exec sleep 100')"
	echo hello >"$BUNDLE/rootfs/tmp/index.html"
	run_it --port tcp:127.0.0.1:8080 --standby self
	eventually 'is_held tcp:127.0.0.1:8080'
	eventually 'get 127.0.0.2:8080'
	[ "$(of '.ports | length')" = 1 ]
}

@test "a stopped service refuses at once" {
	httpd --port tcp:8080 --standby self
	eventually is_warm
	eventually get
	hart kill "$ID" KILL
	eventually 'service_is stopped || ! hart state "$ID" | jq -e ".status == \"running\""'
	exits 4 inside "$SERVICE_BIN/ask" tcp:127.0.0.1:8080
	eventually '[ "$(keepers)" = 0 ]'
}

@test "delete --force leaves no keeper, with and without a shim" {
	httpd --port tcp:8080 --standby self
	[ "$(keepers)" = 1 ]
	hart delete --force "$ID"
	eventually '[ "$(keepers)" = 0 ]'
	httpd --port tcp:8080 --standby self
	eventually is_warm
	kill_shim
	[ "$(keepers)" = 1 ]
	hart delete --force "$ID"
	eventually '[ "$(keepers)" = 0 ]'
}

@test "a program that drops root before it binds, in a user namespace too" {
	httpd --port tcp:8080 --standby self -- '.process.user = {uid: 1000, gid: 1000}'
	eventually is_warm
	load_port 1 &
	sleep 0.3
	kill_active
	wait $!
	none_refused
	hart delete --force "$ID"
	exec 9<&-
	httpd --port tcp:8080 --standby self -- "$(new_namespace user)" \
		'.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]' \
		'.linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}]'
	eventually is_warm
	load_port 1 &
	sleep 0.3
	kill_active
	wait $!
	none_refused
}

@test "the container's own seccomp profile stays in force" {
	httpd --port tcp:8080 --standby self -- '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
		syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 1}]}'
	eventually get
	refuses 'not permitted' hart exec "$ID" mkdir /tmp/x
	[ "$(awk '/^Seccomp_filters/ { print $2 }' "/proc/$(active_pid)/status")" = 2 ]
}

@test "a profile with a listener of its own is refused in words" {
	bundle '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/tmp/agent",
		syscalls: [{names: ["mkdir"], action: "SCMP_ACT_NOTIFY"}]}'
	refuses 'SCMP_ACT_NOTIFY and held ports' hart run --port tcp:8080 --bundle "$BUNDLE" "$ID"
}

@test "words that are no port" {
	bundle
	refuses -- '--port 8080: not tcp:' hart run --port 8080 --bundle "$BUNDLE" "$ID"
	refuses -- '--port tcp:0: not tcp:' hart run --port tcp:0 --bundle "$BUNDLE" "$ID"
	config '.annotations["org.hart.port"] = "udp:x"'
	refuses 'org.hart.port .*udp:x.*: not tcp:' hart run --bundle "$BUNDLE" "$ID"
}

@test "by annotation" {
	httpd -- '.annotations = {"org.hart.port": "tcp:8080", "org.hart.standby": "self"}'
	eventually is_warm
	load_port 1 &
	sleep 0.3
	kill_active
	wait $!
	none_refused
}

@test "create and start, as engines call it" {
	bundle "$(args /bin/busybox httpd -f -p 8080 -h /tmp)" \
		'.annotations = {"org.hart.port": "tcp:8080", "org.hart.standby": "self", "org.hart.stop-timeout": "200ms"}'
	echo hello >"$BUNDLE/rootfs/tmp/index.html"
	hart create --bundle "$BUNDLE" --pid-file pid "$ID" </dev/null >out 2>err
	hart start "$ID"
	exec 9<"/proc/$(cat pid)/ns/net"
	eventually is_warm
	eventually get
	load_port 2 &
	for _ in 1 2; do
		sleep 0.5
		kill_active
	done
	wait $!
	none_refused
	hart delete --force "$ID"
	eventually '[ "$(keepers)" = 0 ]'
}

@test "a keeper that hangs holds nobody up: status tells what it said last, and a takeover goes on" {
	httpd --port tcp:8080 --standby self
	eventually is_warm
	eventually 'is_held "tcp:[::]:8080"'
	local keeper
	keeper=$(keeper_pids)
	kill -STOP "$keeper"
	local n
	for n in 1 2 3; do
		[ "$(port 'tcp:[::]:8080' sockets)" = 1 ]
	done
	kill_active
	eventually '[ "$(of .generation)" = 2 ]'
	kill -CONT "$keeper"
	eventually get
}

@test "a keeper that hangs does not hold up the end of the service" {
	httpd --port tcp:8080
	eventually 'is_held "tcp:[::]:8080"'
	local keeper shim
	keeper=$(keeper_pids)
	shim=$(shim_pid)
	kill -STOP "$keeper"
	hart kill "$ID" KILL
	eventually "! [ -d /proc/$shim ] || grep -q '^State:.Z' /proc/$shim/status"
	[ "$(keepers)" = 0 ]
}

kill_keeper() {
	kill -KILL "$(keeper_pids)"
	eventually '[ "$(keepers)" = 0 ]'
}

# held_anew GENERATION: by a new keeper, which the next takeover shows.
held_anew() {
	eventually get
	eventually is_held_on 8080
	[ "$(keepers)" = 1 ]
	[ "$(of .generation)" -ge "$1" ]
	hart journal "$ID" | grep -q 'held again, by a new keeper'
	eventually "service_is active"
	load_port 2 &
	sleep 0.5
	kill_active
	wait $!
	none_refused
}

@test "a keeper that is killed: who serves goes on, and there is a new one when it fails" {
	httpd --port tcp:8080 --standby self
	eventually is_warm
	eventually 'is_held "tcp:[::]:8080"'
	kill_keeper
	eventually get
	hart journal "$ID" | grep -q 'keeper of the ports has ended'
	kill_active
	held_anew 2
}

@test "... with a hot standby, which serves next" {
	httpd --port tcp:8080 --standby self --standby-mode hot
	eventually '[ "$(of "[.members[] | select(.state == \"hot\")] | length")" = 1 ]'
	kill_keeper
	kill_active
	eventually get
	[ "$(of .generation)" = 2 ]
	kill_active
	held_anew 3
}

@test "... without a standby, and under a shim that has adopted" {
	httpd --port tcp:8080
	eventually 'is_held "tcp:[::]:8080"'
	kill_keeper
	kill_active
	held_anew 2
	kill_shim
	hart adopt "$ID"
	kill_keeper
	eventually 'hart journal "$ID" | grep -c "keeper of the ports has ended" | grep -qx 2'
	kill_active
	eventually get
	held_anew 4
}

@test "... together with its shim: adopt brings a new one, and a standby that is built anew" {
	httpd --port tcp:8080 --standby self
	eventually is_warm
	eventually 'is_held "tcp:[::]:8080"'
	kill_shim
	kill_keeper
	hart adopt "$ID"
	[ "$(keepers)" = 1 ]
	kill_active
	eventually get
	eventually is_held_on 8080
}

@test "how many clients waited and moved on" {
	bundle "$(shell 'while ! test -e /tmp/go; do sleep 0.05; done; exec busybox httpd -f -p 8080 -h /tmp')"
	echo hello >"$BUNDLE/rootfs/tmp/index.html"
	touch "$BUNDLE/rootfs/tmp/go"
	run_it --port tcp:8080
	eventually 'is_held "tcp:[::]:8080"'
	[ "$(port 'tcp:[::]:8080' moved)" = 0 ]
	rm "$BUNDLE/rootfs/tmp/go"
	kill_active
	eventually '[ "$(of .generation)" = 2 ]'
	get &
	eventually '[ "$(port "tcp:[::]:8080" queued)" = 1 ]'
	touch "$BUNDLE/rootfs/tmp/go"
	wait $!
	[ "$(port 'tcp:[::]:8080' moved)" = 1 ]
	hart metrics | grep -q '^hart_service_port_moved_total{.*} 1'
}
