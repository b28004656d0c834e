#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a standby can be, what is wrong with it, what members share and what they do not, hooks.
load lib
load service

# environment NAME: of the active member's process.
environment() {
	tr '\0' '\n' <"/proc/$(active_pid)/environ" | sed -n "s/^$1=//p"
}

# namespaces_of PID: a line each.
namespaces_of() {
	local pid=$1 type

	for type in net ipc uts mnt pid cgroup; do
		echo "$type $(readlink "/proc/$pid/ns/$type")"
	done
}

# Takes over and says which namespaces are the same: "net ipc uts".
kept_namespaces() {
	eventually is_warm
	namespaces_of "$(active_pid)" >ns.before
	kill_active
	eventually "[ \"\$(of .active)\" = standby-1 ]"
	namespaces_of "$(active_pid)" >ns.after
	comm -12 <(sort ns.before) <(sort ns.after) | cut -d' ' -f1 | tr '\n' ' '
}

@test "standby self: the same rootfs, and what one wrote is there for the next" {
	serve --standby self
	eventually is_warm
	echo left >"$BUNDLE/rootfs/written"
	kill_active
	eventually served_by standby-1
	[ "$(cat "/proc/$(active_pid)/root/written")" = left ]
}

# The first process that the shim makes then undoes who failed.
@test "who takes over has the processors for a moment before the rest is tidied up" {
	local shim active killed

	command -v strace >/dev/null || skip "no strace"
	serve --standby self
	eventually is_warm
	shim=$(shim_pid) active=$(active_pid)
	strace -qq -ttt -p "$shim" -e trace=process -e signal=none -o trace 3>&- 4>&- >strace.out 2>&1 &
	eventually "grep -q '^TracerPid:.[1-9]' /proc/$shim/status"
	killed=$(date +%s.%N)
	kill -KILL "$active"
	eventually "grep -qE 'clone|fork' trace"
	awk -v killed="$killed" '/clone|fork/ { took = $1 - killed; exit } END { exit !(took >= 0.04) }' trace
	eventually is_warm
}

@test "a standby with a config.json of its own" {
	standby other '.process.env += ["WHO=other"]' '.process.cwd = "/tmp"'
	serve --standby "$PWD/other" -- '.process.env += ["WHO=first"]'
	[ "$(environment WHO)" = first ]
	eventually is_warm
	kill_active
	eventually served_by standby-1
	[ "$(environment WHO)" = other ]
	[ "$(readlink "/proc/$(active_pid)/cwd")" = /tmp ]
}

@test "a standby that is a merge patch over the primary's config" {
	patch other '{"process": {"args": ["/web", "-d", "1"], "env": ["WHO=patched"], "rlimits": null}}'
	serve --standby "$PWD/other" -- '.process.env += ["WHO=first"]'
	eventually is_warm
	kill_active
	eventually served_by standby-1
	[ "$(environment WHO)" = patched ]
	tr '\0' ' ' <"/proc/$(active_pid)/cmdline" | grep -q 'web -d 1'
}

@test "a standby that is only a rootfs: the primary's config with it" {
	mkdir other
	cp -al "$TEMPLATE" other/rootfs
	echo other >other/rootfs/name
	serve --standby "$PWD/other" -- '.process.env += ["WHO=first"]'
	eventually is_warm
	kill_active
	eventually served_by standby-1
	[ "$(environment WHO)" = first ]
	[ "$(cat "/proc/$(active_pid)/root/name")" = other ]
}

@test "a patch with a rootfs of its own uses both" {
	patch other '{"hostname": null, "process": {"env": ["WHO=patched"]}}'
	cp -al "$TEMPLATE" other/rootfs
	echo other >other/rootfs/name
	serve --standby "$PWD/other"
	eventually is_warm
	kill_active
	eventually served_by standby-1
	[ "$(environment WHO)" = patched ]
	[ "$(cat "/proc/$(active_pid)/root/name")" = other ]
}

# degraded_with WHY: the service serves, without a standby, and says why.
degraded_with() {
	eventually service_is degraded
	served_by primary
	# First it was killed; that it cannot be built anew comes after that.
	eventually "of '.members[] | select(.name == \"standby-1\") | .why' | grep -qE '$1'"
}

@test "a standby that goes, is corrupt: the service serves, degraded, and says why" {
	standby gone
	serve --standby "$PWD/gone"
	eventually is_warm
	mv gone away
	kill -KILL "$(member standby-1 pid)"
	degraded_with 'gone'
	hart delete --force "$ID"
	broken corrupt
	serve --standby "$PWD/corrupt"
	degraded_with 'config.json'
	hart delete --force "$ID"
	patch badpatch '["not an object"]'
	serve --standby "$PWD/badpatch"
	degraded_with 'badpatch|patch'
}

@test "a bad standby does not hide a good one" {
	broken nowhere
	serve --standby "$PWD/nowhere" --standby self
	eventually "[ \"\$(member standby-2 state)\" = warm ]"
	kill_active
	eventually served_by standby-2
}

@test "a broken standby that is mended is taken up" {
	standby other
	mv other/config.json kept
	echo '{' >other/config.json
	serve --standby "$PWD/other"
	degraded_with 'config.json'
	mv kept other/config.json
	eventually is_warm
	kill_active
	eventually served_by standby-1
}

@test "a standby whose program is not executable fails when it is promoted: the next one is" {
	standby other "$(args /bad)"
	echo "no program" >other/rootfs/bad
	chmod +x other/rootfs/bad
	serve --standby "$PWD/other" --standby self
	eventually "[ \"\$(of '[.members[] | select(.state == \"warm\")] | length')\" = 2 ]"
	kill_active
	eventually served_by standby-2
	[ "$(journal '[.[] | select(.cause == "exec")] | length > 0')" = true ]
}

@test "a standby with a failing createContainer hook is not built, one with a failing startContainer hook not promoted" {
	standby hooked '.hooks = {createContainer: [{path: "/bin/false"}]}'
	serve --standby "$PWD/hooked"
	degraded_with 'hook'
	hart delete --force "$ID"
	standby hooked2 '.hooks = {startContainer: [{path: "/bin/false"}]}'
	serve --standby "$PWD/hooked2" --standby self
	eventually "[ \"\$(member standby-2 state)\" = warm ]"
	kill_active
	eventually served_by standby-2
}

# hooked_until FILE: a standby `slow` whose startContainer hook lasts until FILE is in its rootfs.
hooked_until() {
	standby slow ".hooks = {startContainer: [{path: \"/bin/sh\",
		args: [\"sh\", \"-c\", \"until [ -e /$1 ]; do sleep 0.02; done\"]}]}"
}

@test "while a promoted standby's startContainer hook lasts the failed member is kept; then it is undone and built anew" {
	hooked_until go
	serve --standby "$PWD/slow"
	eventually is_warm
	kill_active
	eventually service_is promoting
	[ -d "$STATE/$ID/members/primary" ]
	touch slow/rootfs/go
	eventually served_by standby-1
	eventually '[ "$(member primary state)" = warm ]'
}

@test "a service is stopped while a promoted standby's startContainer hook lasts" {
	hooked_until never
	serve --standby "$PWD/slow"
	eventually is_warm
	kill_active
	eventually service_is promoting
	hart kill "$ID" KILL
	eventually 'hart state "$ID" | grep -q stopped'
	hart delete "$ID"
}

@test "only broken standbys and a dead primary: back to the primary, within the budget" {
	broken nowhere
	serve --standby "$PWD/nowhere" --max-failures 5
	degraded_with nowhere
	kill_active
	eventually '[ "$(ask_of generation)" = 2 ]'
	served_by primary
}

@test "network, IPC and UTS namespace are the service's; mount, PID and cgroup the member's" {
	serve --standby self -- "$(new_namespace network)" "$(new_namespace ipc)" "$(new_namespace uts)" \
		"$(new_namespace cgroup)"
	[ "$(kept_namespaces)" = "ipc net uts " ]
}

@test "a standby has for itself what org.hart.private of its own config names" {
	standby other "$(new_namespace network)" "$(new_namespace ipc)" "$(new_namespace uts)" '.hostname = "alone"' \
		'.annotations["org.hart.private"] = "network,uts"'
	serve --standby "$PWD/other" \
		-- "$(new_namespace network)" "$(new_namespace ipc)" "$(new_namespace uts)" '.hostname = "shared"'
	[ "$(kept_namespaces)" = "ipc " ]
	# The service's socket is in the service's network, wherever who serves it is.
	[ "$(ask_of hostname)" = alone ]
	eventually '[ "$(member primary state)" = warm ]'
	remember_net=$(readlink "/proc/$(member primary pid)/ns/net")
	kill_shim
	hart adopt "$ID" </dev/null >out 2>err
	kill_active
	eventually served_by primary
	[ "$(readlink "/proc/$(active_pid)/ns/net")" = "$remember_net" ]
	[ "$(ask_of hostname)" = shared ]
}

@test "what org.hart.private cannot name is an error" {
	standby other '.annotations["org.hart.private"] = "network,pid"'
	serve --standby "$PWD/other"
	degraded_with 'org.hart.private.*not a list of network, ipc and uts'
}

@test "a hostname that one member set is there for the next" {
	serve --standby self -- '.hostname = "first"'
	eventually is_warm
	nsenter -t "$(active_pid)" -u hostname second
	kill_active
	eventually served_by standby-1
	[ "$(ask_of hostname)" = second ]
}

@test "a cgroup of its own for each member, below the service's, whose limits hold whoever is active" {
	local service first
	has_controller pids || skip "no controller pids"
	serve --standby self -- '.linux.resources.pids.limit = 50'
	eventually is_warm
	service=/sys/fs/cgroup$(jq -r .cgroup "$STATE/$ID/state.json")
	[ "$(cat "$service/pids.max")" = 50 ]
	[ -z "$(cat "$service/cgroup.procs")" ]
	first=$(sed -n 's/^0:://p' "/proc/$(active_pid)/cgroup")
	kill_active
	eventually served_by standby-1
	[ "$(sed -n 's/^0:://p' "/proc/$(active_pid)/cgroup")" != "$first" ]
	[ "$(cat "$service/pids.max")" = 50 ]
}

@test "mounts: what a member mounts in its own namespace is not there for the next" {
	serve --standby self -- '.mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs"}]'
	eventually is_warm
	echo mine >"/proc/$(active_pid)/root/tmp/mine"
	kill_active
	eventually served_by standby-1
	[ ! -e "/proc/$(active_pid)/root/tmp/mine" ]
}

@test "an overlay: each member has its own upper layer over one image" {
	serve --overlay tmpfs --standby self -- '.root.readonly = false'
	eventually is_warm
	echo mine >"/proc/$(active_pid)/root/mine"
	[ ! -e "$BUNDLE/rootfs/mine" ]
	kill_active
	eventually served_by standby-1
	[ ! -e "/proc/$(active_pid)/root/mine" ]
}

@test "hooks of the service run once, those inside a member in each" {
	local hook='{path: "/bin/sh", args: ["sh", "-c", "echo NAME >>'"$PWD"'/hooks"]}' all name

	all='.hooks = {'
	for name in prestart createRuntime poststart poststop; do
		all+="$name: [${hook/NAME/$name}], "
	done
	all+="createContainer: [${hook/NAME/createContainer}]}"
	serve --standby self -- "$all"
	eventually is_warm
	kill_active
	eventually served_by standby-1
	eventually is_warm
	hart kill "$ID" TERM
	until_status "$ID" stopped
	hart delete "$ID"
	[ "$(sort hooks | uniq -c | awk '{print $2 $1}' | tr '\n' ' ')" = \
		"createContainer3 createRuntime1 poststart1 poststop1 prestart1 " ]
}

@test "no_new_privs, capabilities and seccomp hold for a promoted standby as for a first start" {
	serve --standby self
	eventually is_warm
	grep -E '^(Cap|NoNewPrivs|Seccomp)' "/proc/$(active_pid)/status" >before
	kill_active
	eventually served_by standby-1
	grep -E '^(Cap|NoNewPrivs|Seccomp)' "/proc/$(active_pid)/status" >after
	cmp before after
	grep -q 'NoNewPrivs:.1' after
}

@test "a promoted member has no descriptor that is not its own: stdio, its sockets" {
	serve --standby self
	eventually is_warm
	kill_active
	eventually served_by standby-1
	# web itself has an epoll and a signalfd.
	[ "$(find "/proc/$(active_pid)/fd" -type l ! -name 0 -printf '%l\n' |
		grep -vE '\.std(out|err)$|^(pipe|socket):|eventpoll|signalfd' | wc -l)" = 0 ]
	# The null device, by a mount of hart's own: its path says nothing.
	[ "$(stat -L -c %t:%T "/proc/$(active_pid)/fd/0")" = 1:3 ]
	[ "$(find "/proc/$(active_pid)/fd" -type l | wc -l)" = 6 ]
}
