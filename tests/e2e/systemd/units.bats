#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The systemd cgroup driver: a container as a scope. Run on tests/hosts/systemdhost.
load ../lib
load lib

@test "a container is a scope that is delegated, and nothing is left of it" {
	up "$(in_unit)"
	has_property ActiveState active
	has_property Slice system.slice
	has_property Delegate yes
	has_property ControlGroup "/system.slice/$(unit_of)"
	has_property Description "container test-$ID of hart"
	[ "$(cgroup_of)" = "/sys/fs/cgroup/system.slice/$(unit_of)" ]
	# Its own process alone: who systemd began with is gone.
	[ "$(cat "$(cgroup_of)/cgroup.procs")" = "$(init_pid)" ]
	hart kill "$ID" KILL
	until_status "$ID" stopped
	hart delete "$ID"
	unit_is_gone
	[ ! -e "/sys/fs/cgroup/system.slice/$(unit_of)" ]
}

@test "run, with its exit status, leaves no unit" {
	bundle "$(in_unit)" "$(shell 'grep 0:: /proc/self/cgroup; exit 7')" '.linux.namespaces |= map(select(.type != "cgroup"))'
	exits 7 hart run --bundle "$BUNDLE" "$ID" </dev/null >out
	grep -qx "0::/system.slice/$(unit_of)" out
	unit_is_gone
}

@test "the cgroup namespace's root is the scope" {
	[ "$(output "$(in_unit)" "$(new_namespace cgroup)" "$(shell 'grep 0:: /proc/self/cgroup')")" = "0::/" ]
}

@test "with namespaces that are joined, and with users of its own" {
	local pid

	up "$(in_unit)"
	pid=$(init_pid)
	cp "$BUNDLE/config.json" first.json
	for change in '.linux.namespaces |= map(if .type == "network" or .type == "pid" then .path = "/proc/\($pid)/ns/\(.type | if . == "network" then "net" else . end)" else . end)' \
		'.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}] | .linux.gidMappings = .linux.uidMappings'; do
		cp first.json "$BUNDLE/config.json"
		config '.linux.cgroupsPath = "system.slice:test:other"' "${change//\$pid/$pid}" "$(new_namespace cgroup)" \
			"$(shell 'grep 0:: /proc/self/cgroup')"
		hart run --bundle "$BUNDLE" "other-$ID" </dev/null >out
		grep -qx '0::/' out
		unit_is_gone test-other.scope
	done
}

@test "with users of its own, in a PID namespace that these do not own" {
	local pid

	up "$(in_unit)"
	pid=$(init_pid)
	config '.linux.cgroupsPath = "system.slice:test:other"' "$(namespace pid "/proc/$pid/ns/pid")" "$(new_namespace user)" \
		"$(new_namespace cgroup)" '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}]
		| .linux.gidMappings = .linux.uidMappings | .mounts |= map(select(.type != "proc"))
		| .linux.maskedPaths = [] | .linux.readonlyPaths = []' "$(args /probe sleep)"
	hart run -d --bundle "$BUNDLE" "other-$ID" </dev/null
	[ "$(cgroup_of "other-$ID")" = "/sys/fs/cgroup/system.slice/test-other.scope" ]
	[ "$(readlink "/proc/$(init_pid "other-$ID")/ns/pid")" = "$(readlink "/proc/$pid/ns/pid")" ]
	hart delete --force "other-$ID"
	unit_is_gone test-other.scope
}

@test "without a path it is the scope hart-ID in system.slice" {
	up 'del(.linux.cgroupsPath)'
	has_property ActiveState active "hart-$ID.scope"
	has_property Slice system.slice "hart-$ID.scope"
	hart delete --force "$ID"
	unit_is_gone "hart-$ID.scope"
}

@test "slices in slices" {
	up '.linux.cgroupsPath = "test-a-b.slice:p:n"'
	[ "$(cgroup_of)" = /sys/fs/cgroup/test.slice/test-a.slice/test-a-b.slice/p-n.scope ]
	hart delete --force "$ID"
	systemctl stop test.slice
}

@test "a form that it has no unit for is refused before anything is made" {
	bundle '.linux.cgroupsPath = "/a/path"'
	refuses 'slice:prefix:name' hart create --bundle "$BUNDLE" "$ID"
	config '.linux.cgroupsPath = "nothing:p:n"'
	refuses 'not the name of a slice' hart create --bundle "$BUNDLE" "$ID"
	config '.linux.cgroupsPath = "system.slice:p:n.slice"'
	refuses 'in a scope' hart create --bundle "$BUNDLE" "$ID"
	[ -z "$(hart list -q)" ]
}

@test "a path that is a unit is one without the flag" {
	bundle "$(in_unit)" "$(args /probe sleep)"
	plain_hart run -d --bundle "$BUNDLE" "$ID" </dev/null >out 2>err
	has_property ActiveState active
	plain_hart delete --force "$ID"
	unit_is_gone
}

@test "what comes later knows the driver without the flag" {
	up "$(in_unit)"
	plain_hart exec "$ID" /bin/true
	plain_hart pause "$ID"
	[ "$(cat "$(cgroup_of)/cgroup.freeze")" = 1 ]
	[ "$(status_of)" = paused ]
	plain_hart resume "$ID"
	plain_hart update --resources - "$ID" <<<'{"devices":[{"allow":false,"access":"rwm"},{"allow":true,"type":"c","major":10,"minor":229,"access":"rw"}]}'
	plain_hart delete --force "$ID"
	unit_is_gone
}

@test "exec is in the unit" {
	up "$(in_unit)" '.linux.namespaces |= map(select(.type != "cgroup"))'
	[ "$(hart exec "$ID" /bin/sh -c 'grep 0:: /proc/self/cgroup')" = "0::/system.slice/$(unit_of)" ]
}

# As crun and Debian 12's runc leave it: one of systemd's beside it would cost more than all the rest of a start.
@test "devices: hart's filter decides, also after systemd has set up the unit anew" {
	up "$(in_unit)" '.linux.resources.devices = [{allow: false, access: "rwm"}, {allow: true, type: "c", major: 10, minor: 229, access: "rw"}]' \
		'.linux.devices += [{path: "/dev/fuse", type: "c", major: 10, minor: 229}, {path: "/dev/loops", type: "c", major: 10, minor: 237}]'
	has_property DevicePolicy auto
	for how in true "systemctl daemon-reload" "systemctl set-property --runtime $(unit_of) TasksMax=100" \
		"systemctl daemon-reexec"; do
		$how
		eventually has_property ActiveState active
		hart exec "$ID" /bin/sh -c 'true <>/dev/fuse'
		exits 1 hart exec "$ID" /bin/sh -c 'true <>/dev/loops' 2>refused
		grep -q 'Operation not permitted' refused
	done
}

@test "it survives daemon-reload and daemon-reexec" {
	up "$(in_unit)"
	systemctl daemon-reload
	has_property ActiveState active
	systemctl daemon-reexec
	eventually has_property ActiveState active
	[ "$(status_of)" = running ]
	hart exec "$ID" /bin/sh -c 'echo x >/dev/null'
	hart delete --force "$ID"
	unit_is_gone
}

@test "systemctl stop ends it" {
	up "$(in_unit)"
	systemctl stop "$(unit_of)"
	until_status "$ID" stopped
	hart delete "$ID"
	unit_is_gone
}

@test "delete of what has ended spares what has its unit by now" {
	bundle "$(in_unit)" "$(args /bin/true)"
	hart run --keep --bundle "$BUNDLE" old </dev/null
	unit_is_gone
	up "$(in_unit)"
	hart delete old
	[ "$(status_of)" = running ]
}

@test "a unit that was left over, failed, is cleared away" {
	bundle "$(in_unit)" "$(args /probe sleep)"
	systemd-run --quiet --scope --unit "test-$ID" --property CollectMode=inactive --property RuntimeMaxSec=100ms \
		sleep 10 >run.out 2>&1 || true
	eventually has_property ActiveState failed
	create "$ID"
	has_property ActiveState active
	has_property Description "container test-$ID of hart"
}

@test "a unit of somebody else's is refused, and left alone" {
	bundle "$(in_unit)"
	systemd-run --quiet --scope --unit "test-$ID" --description "somebody's" sleep 100 >run.out 2>&1 3>&- &
	eventually has_property ActiveState active
	refuses 'there already' hart create --bundle "$BUNDLE" "$ID"
	[ -z "$(hart list -q)" ]
	has_property ActiveState active
	has_property Description "somebody's"
	systemctl stop "$(unit_of)"
	wait
}

@test "a failed create leaves no unit" {
	bundle "$(in_unit)" "$(args /does/not/exist)"
	refuses '/does/not/exist' hart run --bundle "$BUNDLE" "$ID"
	unit_is_gone
	config '.hooks.createRuntime = [{path: "/bin/false"}]' "$(args /probe sleep)"
	refuses 'createRuntime' hart create --bundle "$BUNDLE" "$ID"
	unit_is_gone
}

# The intent is in the state before systemd is asked.
@test "create that was killed while systemd worked is deleted by its unit's name" {
	local delay

	bundle "$(in_unit)"
	for delay in 0.002 0.005 0.01 0.02; do
		timeout -s KILL "$delay" "$HART" --root "$STATE" --systemd-cgroup create --bundle "$BUNDLE" "$ID" </dev/null >out 2>err || true
		plain_hart delete --force "$ID" 2>err || grep -q 'does not exist' err
		eventually unit_is_gone
	done
}

@test "many at once, and the same ID again and again" {
	local i

	bundle "$(args /bin/true)" 'del(.linux.cgroupsPath)'
	for i in {1..8}; do
		(for _ in 1 2 3; do hart run --bundle "$BUNDLE" "many-$i" </dev/null || exit 1; done) &
	done
	for i in {1..8}; do wait -n; done
	eventually '[ -z "$(systemctl list-units --all --no-legend "hart-many-*")" ]'
}

@test "over the bus, where systemd's own socket is not there" {
	bundle "$(in_unit)" "$(args /probe sleep)"
	unshare -m --propagation private sh -c 'mount --bind /dev/null /run/systemd/private && exec "$@"' sh \
		"$HART" --root "$STATE" --systemd-cgroup run -d --bundle "$BUNDLE" "$ID" </dev/null >out 2>err 3>&-
	has_property ActiveState active
	unshare -m --propagation private sh -c 'mount --bind /dev/null /run/systemd/private && exec "$@"' sh \
		"$HART" --root "$STATE" delete --force "$ID" 3>&-
	unit_is_gone
}

@test "features say so" {
	hart features | jq -e '.linux.cgroup.systemd and .linux.cgroup.systemdUser'
}

@test "delete and create at once, again and again: the name is free" {
	bundle "$(in_unit)" "$(args /probe sleep)"
	for i in 1 2 3 4 5; do
		create "$ID"
		hart start "$ID"
		hart delete --force "$ID"
	done
	create "$ID"
	has_property ActiveState active
	hart delete --force "$ID"
	unit_is_gone
}

@test "another's unit of that name is not taken for one that is deleted" {
	systemd-run --quiet --scope --unit "test-$ID" sleep 100 &
	eventually has_property ActiveState active
	bundle "$(in_unit)" "$(args /probe sleep)"
	refuses 'it is there already, and active' hart create --bundle "$BUNDLE" "$ID"
	systemctl stop "test-$ID.scope"
	wait
}
