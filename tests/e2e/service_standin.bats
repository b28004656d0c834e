#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The process that an engine holds of a service which it made by `hart create` and `hart start`: the stand-in
# (hart-failover(7), ENGINES). Everything that engines do with that pid, by hand; tests/engines does it with theirs.
load lib
load service

ANNOTATED='.annotations["org.hart.standby"] = "self"'
MAPPED='.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
	| .linux.gidMappings = [{containerID: 0, hostID: 200000, size: 65536}]'

more_setup() {
	ln -s busybox "$TEMPLATE/bin/nc"
}

# held [FILTER...]: a created service that serves on 127.0.0.1:80; `reap` is its engine.
held() {
	bundle "$(web)" "$ANNOTATED"' | .annotations["org.hart.listen"] = "tcp:127.0.0.1:80"' "$@"
	create_held
}

create_held() {
	rm -f pid ended
	timeout -k 5 60 "$SERVICE_BIN/reap" "$PWD/pid" ended "$HART" --root "$STATE" create --bundle "$BUNDLE" --pid-file "$PWD/pid" "$ID" \
		</dev/null >out 2>err 3>&- 4>&- &
	eventually '[ -s pid ]' || { cat err && return 1; }
}

# started [FILTER...]: the same, running.
started() {
	held "$@"
	hart start "$ID"
	eventually is_warm
}

pid() { cat pid; }
ns_of() { readlink "/proc/$1/ns/$2"; } # PID KIND
shares() { [ "$(ns_of "$(pid)" "$1")" = "$(ns_of "$(active_pid)" "$1")" ]; } # KIND
has_ended() { ! [ -d "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status"; } # PID
in_it() { timeout -k 5 20 nsenter -t "$(pid)" "$@" </dev/null; } # NSENTER-OPTION... COMMAND...
# What serves says on the service's address.
served() { in_it -n -m -- /bin/sh -c 'printf "GET / HTTP/1.0\r\n\r\n" | nc 127.0.0.1 80' | tr -d ' \n'; }
has_member() { served | grep -q "\"member\":\"$1\""; }
# Processes in the service's cgroups.
processes() { cat $(find "/sys/fs/cgroup$(jq -r .cgroup "$STATE/$ID/state.json")" -name cgroup.procs) 2>/dev/null; }

@test "the pid is one inside: its namespaces are the service's, its mounts those of who serves" {
	local kind
	held
	[ "$(hart state "$ID" | jq .pid)" = "$(pid)" ]
	[ "$(pid)" != "$(shim_pid)" ]
	for kind in mnt net ipc uts pid cgroup; do
		[ "$(ns_of "$(pid)" $kind)" != "$(ns_of $$ $kind)" ] || { echo "$kind is the host's" && return 1; }
	done
	hart start "$ID"
	eventually is_warm
	for kind in mnt net ipc uts user; do
		shares $kind || { echo "$kind is not the service's" && return 1; }
	done
	[ "$(hart state "$ID" | jq .pid)" = "$(pid)" ]
	[ "$(hart list -f json | jq '.[0].pid')" = "$(pid)" ]
	# Nested: it sees the members by numbers of its own.
	[ "$(awk '/^NSpid/ { print NF - 1 }' "/proc/$(active_pid)/status")" = "$(($(awk '/^NSpid/ { print NF - 1 }' "/proc/$(pid)/status") + 1))" ]
	[ "$(awk '/^NSpid/ { print $NF }' "/proc/$(pid)/status")" = 1 ]
}

@test "it follows who serves" {
	local before
	started '.hostname = "box"'
	has_member primary
	before=$(ns_of "$(pid)" mnt)
	kill_active
	eventually shares mnt
	[ "$(ns_of "$(pid)" mnt)" != "$before" ]
	eventually has_member standby-1
	[ "$(in_it -u -- hostname)" = box ]
	eventually is_warm
	hart failover "$ID"
	eventually has_member primary
	eventually shares mnt
	[ -z "$(journal '.[] | select(.text != null and (.text | test("stand-in"))) | .text')" ]
}

@test "its root is the container's, to read and to write; what is copied arrives" {
	started '.mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs"}]'
	echo host >"$BATS_TEST_TMPDIR/secret"
	[ ! -e "/proc/$(pid)/root$BATS_TEST_TMPDIR" ]
	echo new >"/proc/$(pid)/root/tmp/file"
	[ "$(hart exec "$ID" cat /tmp/file)" = new ]
	in_it -m -- /bin/sh -c 'echo more >>/tmp/file; [ -x /web ]'
	[ "$(hart exec "$ID" cat /tmp/file)" = "$(printf 'new\nmore')" ]
	# What engines list by the mounts' procfs is the container.
	[ "$(in_it -m -- /bin/sh -c 'echo /proc/[0-9]*')" = "$(hart exec "$ID" /bin/sh -c 'for p in /proc/[0-9]*; do [ $p = /proc/$$ ] || echo $p; done' | xargs echo)" ]
}

@test "it holds nothing of the host: three descriptors, two capabilities, a filter; its command says what it is" {
	local p
	MARK=not-for-the-container started
	p=$(pid)
	[ "$(find "/proc/$p/fd" -mindepth 1 -printf '%l\n' | sed 's/:.*//' | sort | uniq -c | xargs)" = "1 anon_inode 2 socket" ]
	[ "$(readlink "/proc/$p/cwd")" = / ]
	[ "$(sed -n 's/^CapPrm:\t//p' "/proc/$p/status")" = 0000000000240000 ]
	[ "$(sed -n 's/^CapInh:\t//p' "/proc/$p/status")" = 0000000000000000 ]
	grep -q '^NoNewPrivs:.1' "/proc/$p/status"
	grep -q '^Seccomp:.2' "/proc/$p/status"
	[ "$(tr '\0' '\n' <"/proc/$p/cmdline" | head -n 1)" = "hart: stand-in" ]
	! grep -aq MARK "/proc/$p/environ"
	! grep -aq "$ID" "/proc/$p/cmdline"
}

@test "its cgroup: the service's while it is created, then one below it" {
	local cgroup
	held
	cgroup=$(jq -r .cgroup "$STATE/$ID/state.json")
	[ "$(sed -n 's/^0:://p' "/proc/$(pid)/cgroup")" = "$cgroup" ]
	hart start "$ID"
	[ "$(sed -n 's/^0:://p' "/proc/$(pid)/cgroup")" = "$cgroup/stand-in" ]
	# The root of its cgroup namespace is the service's.
	[ "$(in_it -C -- sed -n 's/^0:://p' "/proc/$(pid)/cgroup")" = /stand-in ]
}

@test "SIGKILL of the pid: the kernel ends all members, the shim takes the rest away" {
	local p
	started
	kill -KILL "$(pid)"
	eventually '[ "$(cat ended)" = "signal 9" ]'
	[ -z "$(processes)" ]
	[ "$(status_of)" = stopped ]
	refuses 'not running' hart kill "$ID" TERM
	# As an engine, at once and without --force.
	hart delete "$ID"
	[ ! -e "$STATE/$ID" ]
}

@test "... without a shim too" {
	started
	kill_shim
	[ "$(status_of)" = running ]
	kill -KILL "$(pid)"
	eventually '[ "$(cat ended)" = "signal 9" ]'
	[ -z "$(processes)" ]
	[ "$(status_of)" = stopped ]
	refuses 'stand-in.*has ended.*delete' hart adopt "$ID"
	hart delete "$ID"
}

@test "... and while it is created" {
	held
	kill -KILL "$(pid)"
	eventually '[ "$(cat ended)" = "signal 9" ]'
	hart delete "$ID"
}

@test "signals to the pid are the service's: TERM ends it, others reach the program" {
	started '.process.args = ["/bin/sh", "-c", "trap \"echo usr1 $HART_MEMBER\" USR1; trap \"exit 7\" TERM; while :; do sleep 0.1; done"]'
	eventually 'heeds "$(active_pid)" USR1 && heeds "$(active_pid)" TERM'
	kill -USR1 "$(pid)"
	eventually '[ "$(cat out)" = "usr1 primary" ]'
	[ "$(of .generation)" = 1 ]
	kill -TERM "$(pid)"
	eventually '[ "$(cat ended)" = "exit 7" ]'
	[ "$(status_of)" = stopped ]
	hart delete "$ID"
}

@test "its exit status is the service's" {
	held '.process.args = ["/bin/sh", "-c", "exit 3"] | .annotations["org.hart.max-failures"] = "1" | .annotations["org.hart.backoff"] = "10ms:20ms"'
	hart start "$ID" || true
	eventually '[ "$(cat ended)" = "exit 3" ]'
	hart delete "$ID"
	held '.process.args = ["/bin/sh", "-c", "exit 0"]'
	hart start "$ID" || true
	eventually '[ "$(cat ended)" = "exit 0" ]'
	hart delete "$ID"
	started
	hart kill "$ID" KILL
	eventually '[ "$(cat ended)" = "exit 137" ]'
}

@test "the shim dies: the pid stays, signals wait for the next one, who takes it up" {
	started
	kill_shim
	[ -d "/proc/$(pid)" ]
	kill_active_of_state
	hart adopt "$ID" </dev/null
	eventually is_warm
	eventually shares mnt
	[ "$(hart state "$ID" | jq .pid)" = "$(pid)" ]
	kill_active
	eventually is_warm
	eventually shares mnt
	kill_shim
	kill -TERM "$(pid)"
	sleep 0.2
	[ -d "/proc/$(pid)" ]
	hart adopt "$ID" </dev/null || true
	eventually '[ -s ended ]'
	[ "$(status_of)" = stopped ]
}

# The member that serves, of a service without a shim.
kill_active_of_state() {
	kill -KILL "$(jq .pid "$STATE/$ID/state.json")"
}

@test "all members die while there is no shim: the namespaces stay, and adopt serves again in them" {
	local net
	started
	net=$(ns_of "$(pid)" net)
	kill_shim
	for p in $(processes); do
		[ "$p" = "$(pid)" ] || kill -KILL "$p"
	done
	[ "$(status_of)" = running ]
	hart adopt "$ID" </dev/null
	eventually is_warm
	[ "$(ns_of "$(active_pid)" net)" = "$net" ]
	eventually shares mnt
}

@test "the shim dies before start: all ends" {
	held
	kill -KILL "$(jq .supervisorPid "$STATE/$ID/state.json")"
	eventually '[ "$(cat ended)" = "exit 137" ]'
	[ "$(status_of)" = stopped ]
	hart delete "$ID"
}

@test "without a shim hart kill KILL and delete --force end all" {
	started
	kill_shim
	hart kill "$ID" KILL
	eventually '[ "$(cat ended)" = "signal 9" ]'
	hart delete "$ID"
	started
	kill_shim
	refuses 'not stopped' hart delete "$ID"
	hart delete --force "$ID"
	eventually '[ "$(cat ended)" = "signal 9" ]'
}

@test "a paused service can be ended" {
	started
	hart pause "$ID"
	[ "$(status_of)" = paused ]
	hart kill "$ID" KILL
	eventually '[ "$(cat ended)" = "exit 137" ]'
}

@test "another container joins its PID namespace: sees all of it, its orphans are collected" {
	local p
	started
	BUNDLE=$PWD/other bundle "$(shell '(sleep 0.2 &); sleep 1; echo /proc/[0-9]*; grep -l "^State:.Z" /proc/[0-9]*/status; true')" \
		"$(namespace pid "/proc/$(pid)/ns/pid")" "$(namespace ipc "/proc/$(pid)/ns/ipc")" "$(namespace network "/proc/$(pid)/ns/net")"
	hart run --bundle "$PWD/other" other </dev/null >other.out 2>other.err
	# The stand-in, two members, a shell and what the pattern is of.
	[ "$(head -n 1 other.out | wc -w)" -ge 4 ]
	[ "$(wc -l <other.out)" = 1 ]
	[ -d "/proc/$(pid)" ]
}

@test "who may trace it gets no host: the root is the container's, system calls are few" {
	started
	BUNDLE=$PWD/other bundle "$(shell 'ls /proc/1/root/; ls -l /proc/1/fd/')" "$(namespace pid "/proc/$(pid)/ns/pid")" \
		'.process.capabilities = (.process.capabilities | map_values(. + ["CAP_SYS_PTRACE"]))'
	weakly tracer hart run --bundle "$PWD/other" other </dev/null >other.out 2>other.err
	grep -qx web other.out
	[ "$(grep -c -e '-> /' other.out)" = 0 ]
}

@test "with a user namespace" {
	bundle "$(new_namespace user)" "$MAPPED" "$(web)" "$ANNOTATED"' | .annotations["org.hart.listen"] = "tcp:127.0.0.1:80"'
	rm -rf "$BUNDLE/rootfs"
	cp -a "$TEMPLATE" "$BUNDLE/rootfs"
	chown -R 100000:200000 "$BUNDLE/rootfs"
	chmod 755 "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR"
	create_held
	[ "$(ns_of "$(pid)" user)" != "$(ns_of $$ user)" ]
	hart start "$ID"
	eventually is_warm
	shares user
	shares mnt
	[ "$(awk '{ print $2 }' "/proc/$(pid)/uid_map")" = 100000 ]
	[ "$(stat -c %U:%G "/proc/$(pid)/root/web")" = UNKNOWN:UNKNOWN ]
	kill_active
	eventually has_member standby-1
	eventually shares mnt
	kill -KILL "$(pid)"
	eventually '[ "$(cat ended)" = "signal 9" ]'
	hart delete "$ID"
}

@test "the host's PID namespace: it is in that one too, and its end is the service's" {
	started "$(namespace pid -)"
	[ "$(ns_of "$(pid)" pid)" = "$(ns_of $$ pid)" ]
	shares mnt
	shares net
	kill -KILL "$(pid)"
	eventually '[ "$(cat ended)" = "signal 9" ]'
	eventually '[ -z "$(processes)" ]'
	hart delete "$ID"
}

@test "another container's PID namespace" {
	BUNDLE=$PWD/other bundle "$(args /probe sleep)"
	hart create --bundle "$PWD/other" --pid-file other.pid other </dev/null
	hart start other
	started "$(namespace pid "/proc/$(cat other.pid)/ns/pid")"
	[ "$(ns_of "$(pid)" pid)" = "$(ns_of "$(cat other.pid)" pid)" ]
	kill_active
	eventually is_warm
	eventually shares mnt
	hart kill "$ID" TERM
	eventually '[ -s ended ]'
	hart kill other KILL
}

@test "a time namespace" {
	started '.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {boottime: {secs: 86400}}'
	[ "$(ns_of "$(pid)" time)" != "$(ns_of $$ time)" ]
	[ "$(in_it -T -- cut -d. -f1 /proc/uptime)" -gt 86400 ]
}

@test "what it cannot stand for is refused in words, and leaves nothing" {
	bundle "$(web)" "$ANNOTATED" "$(namespace mount -)" '.mounts = [] | .linux.maskedPaths = [] | .linux.readonlyPaths = [] | .root.readonly = false'
	refuses 'mount namespace of its own' hart create --bundle "$BUNDLE" --pid-file pid "$ID"
	[ ! -e pid ] && [ ! -e "$STATE/$ID" ]
	bundle "$(web)" "$ANNOTATED"
	refuses 'no-pivot' hart create --no-pivot --bundle "$BUNDLE" --pid-file pid "$ID"
	[ ! -e pid ] && [ ! -e "$STATE/$ID" ]
}
