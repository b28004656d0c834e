#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A container that joins the PID namespace of another one: who may trace there finds nothing of the host in it while it
# is made, whoever makes it (CVE-2016-9962 and its kin).
load lib
load service

traced() {
	echo '.process.capabilities |= map_values(. + ["CAP_SYS_PTRACE"])'
}

# peeks [FILTER...]: a container looks for a way to a file of the host in each process of its PID namespace.
peeks() {
	MARK=$PWD/host-secret
	export MARK
	touch "$MARK"
	BUNDLE=$PWD/peeker bundle "$(args /probe peek "$MARK")" "$(traced)" "$@"
	hart create --bundle "$PWD/peeker" peeker </dev/null >seen 2>peeker.err
	hart start peeker
	eventually grep -q watching seen
}
with_peeker() { namespace pid "/proc/$(hart state peeker | jq .pid)/ns/pid"; }
peeker_ends() {
	hart kill peeker TERM
	until_status peeker stopped
	hart delete peeker
	sort seen | uniq -c | sort -rn | head
}
found_nothing() {
	peeker_ends
	[ "$(cat seen)" = $'watching\ndone' ]
}
found_the_host() {
	peeker_ends
	grep -q '^host' seen
}

runs() { hart run --bundle "$BUNDLE" "$ID" </dev/null >/dev/null; }
creates() {
	hart create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null
	hart start "$ID"
	until_status "$ID" stopped
	hart delete "$ID"
}
times() { # COUNT COMMAND...
	local i

	for ((i = 0; i < $1; i++)); do
		"${@:2}" || return 1
	done
}

@test "nothing of the host is found in a container that joins the PID namespace" {
	peeks
	bundle "$(args /bin/true)" "$(with_peeker)"
	times 30 runs
	times 30 creates
	found_nothing
}

@test "... without the defence it is" {
	peeks
	bundle "$(args /bin/true)" "$(with_peeker)"
	times 60 weakly late runs
	found_the_host
}

# With a user namespace of its own, which does not own that PID namespace.
mapped() {
	bundle "$(args /bin/true)" "$(with_peeker)" "$(new_namespace user)" \
		'.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}]' \
		'.mounts |= map(select(.type != "proc")) | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
}

@test "nor in one with a user namespace of its own" {
	peeks
	mapped
	times 40 runs
	found_nothing
}

@test "... without the defence it is in that, too" {
	peeks
	mapped
	times 60 weakly late runs
	found_the_host
}

# Its createContainer hooks have the host's root. Their working directory is the container's: there they write.
hooked() {
	mapped
	mkdir -m 777 "$BUNDLE/rootfs/seen"
	config '.hooks.createContainer = [{path: "/bin/sh", args: ["sh", "-c",
		"{ id -u; readlink /proc/self/ns/user /proc/self/ns/mnt; } >seen/hook; sleep 0.02"]}]'
}

@test "nor by its createContainer hooks, which are in its other namespaces" {
	peeks
	hooked
	times 20 runs
	create "$ID"
	[ "$(cat "$BUNDLE/rootfs/seen/hook")" = 0$'\n'"$(readlink "/proc/$(init_pid)/ns/user" "/proc/$(init_pid)/ns/mnt")" ]
	hart delete --force "$ID"
	found_nothing
}

@test "... without the defence it is by them" {
	peeks
	hooked
	times 10 weakly hooks runs
	found_the_host
}

@test "such a hook that fails is said, and the container is not made" {
	peeks
	mapped
	config '.hooks.createContainer = [{path: "/bin/sh", args: ["sh", "-c", "echo why >&2; exit 3"]}]'
	refuses 'createContainer hook 0: /bin/sh: exit status 3 .output: why.' hart create --bundle "$BUNDLE" "$ID"
	peeker_ends
}

# A service in the peeker's PID namespace: primary and standby are built there, over and over.
served_and_failing() {
	run_service --standby self --max-failures 1000 --backoff 1ms:1ms --probe exec:/bin/true --probe-interval 20ms "$@"
	eventually is_warm
	for _ in {1..15}; do
		kill_active
		eventually is_warm
	done
	hart delete --force "$ID"
}

@test "nor in members, standbys and probes of a service that joins it" {
	peeks
	bundle "$(args /probe sleep)" "$(with_peeker)"
	served_and_failing
	found_nothing
}

@test "... without the defence it is in those, too" {
	peeks
	bundle "$(args /probe sleep)" "$(with_peeker)"
	weakly late served_and_failing
	found_the_host
}

ANNOTATED='.annotations["org.hart.standby"] = "self" | .annotations["org.hart.max-failures"] = "1000" | .annotations["org.hart.backoff"] = "1ms:1ms"'

# As an engine makes it: with a stand-in.
engine_makes() {
	hart create --bundle "$BUNDLE" --pid-file pid "$ID" </dev/null >/dev/null
	hart start "$ID"
	eventually is_warm
	kill_active
	eventually is_warm
	hart kill "$ID" TERM
	until_status "$ID" stopped
	hart delete "$ID"
}

@test "nor in a stand-in and its members" {
	peeks
	bundle "$(args /probe sleep)" "$(with_peeker)" "$ANNOTATED"
	times 10 engine_makes
	found_nothing
}

@test "... without the defence it is in the stand-in" {
	peeks
	bundle "$(args /probe sleep)" "$(with_peeker)" "$ANNOTATED"
	times 5 weakly late engine_makes
	found_the_host
}

engines_service() {
	bundle "$(args /probe sleep)" "$ANNOTATED"
	hart create --bundle "$BUNDLE" --pid-file pid "$ID" </dev/null >/dev/null
	hart start "$ID"
	eventually is_warm
}
in_service() { namespace pid "/proc/$(cat pid)/ns/pid"; }

# An engine's service, whose PID namespace the peeker joins while members are built over and over.
joined_service() {
	engines_service
	weakly tracer peeks "$(in_service)" "$@"
	for _ in {1..15}; do
		kill_active
		eventually is_warm
	done
	hart kill "$ID" TERM
	until_status "$ID" stopped
	until_status peeker stopped # it was in that namespace
	hart delete "$ID"
	hart delete peeker
	sort seen | uniq -c | sort -rn | head
}

@test "nor in members that are built in the PID namespace of their service, which it has joined" {
	joined_service
	[ "$(cat seen)" = watching ]
}

@test "... without the defence it is in those" {
	weakly late joined_service
	grep -q '^host' seen
}

@test "who may trace does not get into the PID namespace of a service, whoever's process leads there, nor by exec" {
	engines_service
	BUNDLE=$PWD/in bundle "$(args /probe sleep)" "$(in_service)"
	create in --bundle "$PWD/in"
	hart start in
	BUNDLE=$PWD/tracer bundle "$(args /bin/true)" "$(in_service)" '.process.capabilities.bounding += ["CAP_SYS_PTRACE"]'
	refuses 'CAP_SYS_PTRACE in the PID namespace of a service' hart create --bundle "$PWD/tracer" tracer
	BUNDLE=$PWD/tracer config "$(namespace pid "/proc/$(hart state in | jq .pid)/ns/pid")" "$(traced)"
	refuses 'CAP_SYS_PTRACE in the PID namespace of a service' hart run --bundle "$PWD/tracer" tracer
	refuses 'CAP_SYS_PTRACE in the PID namespace of a service' hart exec --cap CAP_SYS_PTRACE in /bin/true
	hart exec in /bin/true
	hart exec --cap CAP_SYS_PTRACE "$ID" /bin/true
	hart delete --force in
	BUNDLE=$PWD/tracer config "$(namespace pid -)" "$(new_namespace pid)"
	hart run --bundle "$PWD/tracer" tracer
}

# What it would do there: with CAP_SYS_ADMIN of the host it gets whatever it wants of that.
@test "... without the defence it stops a member that has CAP_SYS_ADMIN" {
	engines_service
	weakly tracer peeks "$(args /probe trace)" "$(in_service)"
	for _ in {1..300}; do
		kill_active
		eventually is_warm
		! grep '^CAP_SYS_ADMIN' seen || break
	done
	grep -q '^CAP_SYS_ADMIN' seen
	hart delete --force peeker
}

# FILTER: one system call is refused; or else an agent is asked, who is there for as long as the container that looks.
FILTER=
refusing() {
	FILTER='.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["acct"], action: "SCMP_ACT_ERRNO"}]}'
}
asking() {
	rm -f socket
	"$PROBE" notify "$PWD/socket" 95 "$PWD/agent.json" >agent.log 2>&1 3>&- &
	eventually test -S socket
	FILTER='.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: "'$PWD/socket'",
		syscalls: [{names: ["acct"], action: "SCMP_ACT_NOTIFY"}]}'
}

# unfiltered_ones COMMAND...: whether there is ever a process without a filter while the command goes on in the PID
# namespace of a container that looks.
unfiltered_ones() {
	BUNDLE=$PWD/peeker bundle "$(args /probe unfiltered)" "$FILTER"
	hart create --bundle "$PWD/peeker" peeker </dev/null >seen 2>peeker.err
	hart start peeker
	eventually grep -q watching seen
	"$@"
	peeker_ends
	grep -q unfiltered seen
}
joins() {
	bundle "$(args /bin/true)" "$(with_peeker)" "$FILTER"
	times 30 creates
}
execs() { times 60 hart exec peeker /bin/true </dev/null; }

@test "no process without its filter is in the PID namespace: who joins it, what exec starts" {
	refusing
	! unfiltered_ones joins
	! unfiltered_ones execs
	unfiltered_ones weakly early joins
	unfiltered_ones weakly early execs
}

@test "nor without one that has a listener" {
	local attack
	for attack in joins execs; do
		asking
		! unfiltered_ones $attack
		asking
		unfiltered_ones weakly early $attack
	done
	wait
}

PRIVS='.process.noNewPrivileges = false' # a filter takes CAP_SYS_ADMIN then
HOOKED='.hooks.startContainer = [{path: "/bin/true"}]'
joins_hooked() {
	bundle "$(args /bin/true)" "$(with_peeker)" "$FILTER" "$HOOKED" "$PRIVS"
	times 5 creates
}

@test "nor with startContainer hooks, nor one that could put a filter on" {
	refusing
	! unfiltered_ones joins_hooked
	unfiltered_ones weakly early joins_hooked
	peeks "$(args /probe trace)"
	joins_hooked
	found_nothing
	peeks "$(args /probe trace)"
	weakly early joins_hooked
	peeker_ends
	grep -q '^CAP_SYS_ADMIN' seen
}

# Its filter can be put on no sooner than by the program itself, with CAP_SYS_ADMIN.
@test "a profile that forbids to make it outside is refused where somebody could trace it" {
	local words='the profile refuses clone, .*noNewPrivileges'

	FILTER='.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["clone"], action: "SCMP_ACT_ERRNO"}]}'
	BUNDLE=$PWD/peeker bundle "$(args /probe sleep)"
	create peeker --bundle "$PWD/peeker"
	bundle "$(args /bin/true)" "$FILTER" "$PRIVS"
	run_bundle
	config "$(with_peeker)"
	refuses "$words" hart run --bundle "$BUNDLE" "$ID"
	config '.process.noNewPrivileges = true'
	run_bundle
	bundle "$(args /probe sleep)" "$FILTER" "$PRIVS"
	create "$ID"
	hart start "$ID"
	hart exec "$ID" /bin/true
	refuses "$words" hart exec --cap CAP_SYS_PTRACE "$ID" /bin/true
	hart exec --no-new-privs --cap CAP_SYS_PTRACE "$ID" /bin/true
}

# What is in a container with its init before that is started, by exec, or in the PID namespace of a service with standbys.
at_gate() { grep -q $'^Seccomp:\t2' "/proc/$1/status" && ! (($(awk '/^CapPrm/ { print "0x" $2 }' "/proc/$1/status") >> 21 & 1)); }
@test "who waits to be started has its filter, and not what it was put on with" {
	refusing
	bundle "$(args /probe sleep)" "$FILTER" "$PRIVS"
	create "$ID"
	at_gate "$(init_pid)"
	weakly early create weak
	! at_gate "$(hart state weak | jq .pid)"
	hart delete --force weak
	hart start "$ID"
	at_gate "$(init_pid)"
}
