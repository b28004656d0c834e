#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What is open when names of the image are looked up, and what others of the container may see of a process
# that is not yet theirs (CVE-2024-21626 and its kin): nothing that leads out.
load lib
load service

# A program of the host: it says ESCAPED and leaves /escaped.
host_program() {
	cp "$(dirname "$PROBE")/outside" host-program
}

# out_through FD: the path by which descriptor FD, a folder, a file or a mount of the host, leads there.
out_through() {
	echo "/proc/self/fd/$1/../../../../../../../../../../../../../..$PWD/host-program"
}

# The image: for each FD a program that is a link, a script, an executable whose interpreter leads out.
EXITS="link script elf"
FDS="3 4 5 6 7 8 9 10 11 12 13 14 15 16 63"

make_exits() {
	local fd

	for fd in $FDS; do
		ln -s "$(out_through $fd)" "$BUNDLE/rootfs/bin/link$fd"
		echo "#!$(out_through $fd)" >"$BUNDLE/rootfs/bin/script$fd"
		"$PROBE" make-elf "$BUNDLE/rootfs/bin/elf$fd" "$(out_through $fd)"
	done
	chmod 755 "$BUNDLE"/rootfs/bin/script*
}

# tries COMMAND...: runs the command with NAME set to each program in turn; tries.out has those that led out.
tries() {
	local exit fd

	for exit in $EXITS; do
		for fd in $FDS; do
			NAME=/bin/$exit$fd "$@" </dev/null 2>>tries.err | sed "s,^,$exit $fd: ,"
		done
	done >tries.out || true
	cat tries.out
}

leads_out_by() {
	local exit

	for exit in "$@"; do
		grep -q "$exit.*ESCAPED" tries.out
	done
}

as_entry_point() {
	config "$(args "$NAME")"
	hart run --bundle "$BUNDLE" "$ID"
}

by_exec() {
	hart exec "$ID" "$NAME"
}

@test "the entry point does not lead through a descriptor of hart's" {
	host_program
	bundle
	make_exits
	tries as_entry_point
	[ ! -s tries.out ]
	tries weakly cloexec as_entry_point
	leads_out_by link script elf
}

@test "nor does the program of exec" {
	host_program
	up
	make_exits
	tries by_exec
	[ ! -s tries.out ]
	tries weakly cloexec by_exec
	# No link: it is followed outside of the PID namespace first, where there is no /proc/self.
	leads_out_by script elf
}

@test "nor the working directory" {
	local fd
	bundle
	for fd in $FDS; do
		config ".process.cwd = \"/proc/self/fd/$fd\""
		refuses 'working directory' hart run --bundle "$BUNDLE" "$ID"
	done
}

as_hook() {
	config "$(args /bin/true)" ".hooks.startContainer = [{path: \"$NAME\"}]"
	rm -f "$BUNDLE/rootfs/escaped"
	hart run --bundle "$BUNDLE" "$ID" || true
	[ ! -e "$BUNDLE/rootfs/escaped" ] || echo ESCAPED
}

@test "nor a startContainer hook's program" {
	host_program
	bundle '.root.readonly = false'
	make_exits
	tries as_hook
	[ ! -s tries.out ]
	tries weakly cloexec as_hook
	leads_out_by link script elf
}

# held_by PID: what it has open besides 0, 1 and 2 that is no socket.
held_by() {
	find "/proc/$1/fd" -type l ! -name '[012]' -printf '%l\n' | grep -v '^socket:' || true
}

@test "at its gate a container holds nothing but sockets" {
	bundle "$(args /probe sleep)" '.process.terminal = false'
	create "$ID"
	[ -z "$(held_by "$(init_pid)")" ]
	hart delete --force "$ID"
	weakly cloexec create "$ID"
	[ -n "$(held_by "$(init_pid)")" ]
}

@test "nor does a warm standby" {
	local pid
	serve --standby self
	eventually is_warm
	pid=$(of '.members[] | select(.state == "warm") | .pid')
	[ -z "$(held_by "$pid")" ]
}

# promoted_through FD: whether a standby's program that leads out is run when it takes over. While the
# standby waits it is an ordinary one: who shares the rootfs with it may change that.
promoted_through() {
	standby other "$(args /bin/app)" '.root.readonly = false'
	ln -s /bin/true other/rootfs/bin/app
	serve --standby "$PWD/other" --max-failures 1
	eventually is_warm
	ln -sf "$(out_through $1)" other/rootfs/bin/app
	kill_active
	eventually service_is exhausted
	hart delete --force "$ID"
	[ -e other/rootfs/escaped ]
}

@test "a promoted standby's program does not lead out" {
	local fd escaped
	host_program
	for fd in 8 3 9 4 5 6 7; do
		[ -n "$escaped" ] || ! weakly cloexec promoted_through $fd || escaped=$fd
	done
	[ -n "$escaped" ]
	for fd in 3 "$escaped"; do
		! promoted_through $fd
	done
}

# probed_through FD: the same of a service's probe, whose program the running member may change.
probed_through() {
	run_service --probe "exec:/bin/elf$1" --probe-interval 50ms
	sleep 0.3
	hart delete --force "$ID"
	rm "$BUNDLE/rootfs/escaped" 2>/dev/null
}

@test "nor does the program of a probe" {
	local fd escaped
	host_program
	bundle "$(web)" '.root.readonly = false'
	make_exits
	for fd in 3 4 5 6 7 8 9; do
		! probed_through $fd
		[ -n "$escaped" ] || ! weakly cloexec probed_through $fd || escaped=$fd
	done
	[ -n "$escaped" ]
}
# traced: a filter that lets root in there look at every process.
traced() {
	echo '.process.capabilities |= map_values(. + ["CAP_SYS_PTRACE"])'
}

@test "a container that may trace sees nothing of the host in what exec starts" {
	bundle "$(args /probe watch)" "$(traced)"
	create "$ID"
	hart start "$ID"
	eventually grep -q watching out
	for _ in {1..60}; do
		hart exec "$ID" /bin/true </dev/null
	done
	hart kill "$ID" TERM
	until_status "$ID" stopped
	[ "$(cat out)" = $'watching\ndone' ]
}

@test "... without the defence it sees what is to be closed by execve" {
	bundle "$(args /probe watch)" "$(traced)"
	create "$ID"
	hart start "$ID"
	eventually grep -q watching out
	for _ in {1..60}; do
		weakly cloexec hart exec "$ID" /bin/true </dev/null
	done
	hart kill "$ID" TERM
	until_status "$ID" stopped
	grep -q '^fd ' out
}

@test "nobody in a container reads the environment of who called hart" {
	bundle "$(args /probe sleep)"
	SECRET=of-the-engine create "$ID"
	! tr '\0' '\n' <"/proc/$(init_pid)/environ" | grep of-the-engine
}

# What a process that content may see says about who called hart: no folder of the host.
says_nothing_of_the_host() {
	! tr '\0' '\n' <"/proc/$1/cmdline" | grep -e "$BUNDLE" -e "$STATE"
}

@test "nobody in a container reads hart's command line" {
	bundle "$(args /probe sleep)"
	create "$ID"
	says_nothing_of_the_host "$(init_pid)"
	hart start "$ID"
	hart delete --force "$ID"
	serve --standby "$BUNDLE"
	eventually is_warm
	says_nothing_of_the_host "$(of '.members[] | select(.state == "warm") | .pid')"
	# The shim is no process of the container's.
	! says_nothing_of_the_host "$(shim_pid)"
}
