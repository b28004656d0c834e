#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Configurations and commands that runc and crun take and that are found in the wild.
load lib

@test "configs as they are found in the wild run" {
	bundle "$(args /bin/true)" 'del(.ociVersion)'
	run_bundle
	[ ! -s err ]
	bundle "$(args /bin/true)" '.process.ioPriority = {class: "IOPRIO_CLASS_BE"}'
	run_bundle
	bundle "$(args /bin/true)" '.linux.intelRdt = {}'
	run_bundle
	bundle "$(args /bin/true)" \
		'.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: [], action: "SCMP_ACT_ERRNO"}]}'
	run_bundle
	bundle "$(args /bin/ls /dev/mine)" '.linux.devices = [{path: "/dev/mine/", type: "c", major: 1, minor: 3}]'
	run_bundle
	[ "$(cat out)" = /dev/mine ]
}

@test "the page size of hugepageLimits is taken in any case" {
	bundle "$(args /bin/true)" '.linux.resources.hugepageLimits = [{pageSize: "2mB", limit: 0}]'
	if has_controller hugetlb; then
		run_bundle
	else
		refuses 'hugetlb' hart run --bundle "$BUNDLE" "$ID"
	fi
}

@test "a masked path that is listed twice is covered once" {
	report '.linux.maskedPaths = ["/proc/keys", "/proc/keys", "/proc/scsi", "/proc/scsi"]'
	check '[.mounts[] | select(.point == "/proc/keys")] | length == 1'
}

@test "ambient capabilities that cannot be are a warning" {
	bundle "$(args /bin/true)" '.process.capabilities.ambient = ["CAP_SYS_ADMIN"]'
	run_bundle
	grep -q 'warning.*ambient' err
}

@test "list makes no state root" {
	[ "$("$HART" --root "$PWD/none" list -q 3>&-)" = '' ]
	[ "$("$HART" --root "$PWD/none" list -f json 3>&-)" = '[]' ]
	[ ! -e none ]
}

@test "delete of a created container works, and warns" {
	bundle "$(args /probe sleep)"
	create "$ID"
	hart delete "$ID" 2>err
	grep -q 'warning.*never started' err
	refuses 'does not exist' hart state "$ID"
}

@test "a created container can be asked to end" {
	local signal

	for signal in TERM INT HUP QUIT; do
		bundle "$(args /probe sleep)"
		create "$ID"
		hart kill "$ID" "$signal"
		until_status "$ID" stopped
		hart delete "$ID"
	done
	# Once it is started, signals are the program's.
	bundle "$(shell 'trap "echo got it; exit 3" TERM; echo ready; while :; do sleep 0.1; done')"
	create "$ID"
	hart start "$ID"
	eventually grep -q ready out
	hart kill "$ID" TERM
	until_status "$ID" stopped
	grep -q 'got it' out
	hart delete "$ID"
}

@test "kill KILL ends what is left in the host's PID namespace when init has gone" {
	bundle "$(namespace pid -)" "$(shell 'sleep 77 & exit 0')"
	create "$ID"
	local folder
	folder=$(cgroup_of)
	hart start "$ID"
	until_status "$ID" stopped
	[ -n "$(cat "$folder/cgroup.procs")" ]
	hart kill "$ID" KILL
	eventually [ -z "\$(cat $folder/cgroup.procs)" ]
	refuses 'not running' hart kill "$ID" KILL
	hart delete "$ID"
}

@test "a terminal that is read by a pipe leaves newlines as they are" {
	bundle '.process.terminal = true' "$(shell 'echo one; echo two')"
	hart run --bundle "$BUNDLE" "$ID" </dev/null | cat >out
	[ "$(od -An -c out | tr -d ' ')" = 'one\ntwo\n' ]
	bundle "$(args /probe sleep)"
	create "$ID"
	hart start "$ID"
	hart exec --tty "$ID" /bin/echo three </dev/null | cat >out
	[ "$(od -An -c out | tr -d ' ')" = 'three\n' ]
}

@test "a device that the host does not have is left out of a user namespace, with a warning" {
	bundle "$(new_namespace user)" '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings' "$(args /bin/ls /dev/nosuch /dev/null)" \
		'.linux.devices = [{path: "/dev/nosuch", type: "c", major: 250, minor: 77}]'
	rm -rf "$BUNDLE/rootfs"
	cp -a "$TEMPLATE" "$BUNDLE/rootfs"
	chown -R 100000:100000 "$BUNDLE/rootfs"
	chmod 755 "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR"
	exits 1 run_bundle
	[ "$(cat out)" = /dev/null ]
	grep -q 'warning.*/dev/nosuch.*left out' err
	# Where it can be made, it is.
	bundle "$(args /bin/ls /dev/nosuch)" '.linux.devices = [{path: "/dev/nosuch", type: "c", major: 250, minor: 77}]'
	run_bundle
}
