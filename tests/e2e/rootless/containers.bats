#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Containers of an ordinary user, and of one who is root in a user namespace of the user's (unshare -Ur).
load ../lib
load lib

@test "the state is kept below XDG_RUNTIME_DIR" {
	user_bundle "$(args /probe sleep)"
	create "$ID"
	[ -f "$BATS_TEST_TMPDIR/run/hart/$ID/state.json" ]
	hart start "$ID"
	exec_report
	check '.uid.real == 0'
	[ "$(hart list -q)" = "$ID" ]
	hart delete --force "$ID"
}

@test "without XDG_RUNTIME_DIR it is said what is needed" {
	user_bundle
	refuses 'XDG_RUNTIME_DIR.*--root.*/run/hart: Permission denied' as_user env -u XDG_RUNTIME_DIR \
		"$USER_HART" run --bundle "$BUNDLE" "$ID"
}

@test "root of a user namespace: the default config, and the state below XDG_RUNTIME_DIR" {
	inside_bundle
	inside "$USER_HART" run --bundle "$BUNDLE" "$ID" </dev/null >report.json
	check '.uid.real == 0' '.pid == 1'
	check_mount /dev/pts '.type == "devpts"'
	[ -d "$BATS_TEST_TMPDIR/run/hart" ]
}

@test "root of a user namespace: a /run that is its own is used" {
	inside_bundle
	inside sh -c 'mount -t tmpfs tmpfs /run && "$@" && test -d /run/hart' sh "$USER_HART" run --bundle "$BUNDLE" "$ID" \
		</dev/null >report.json
	[ ! -e "$BATS_TEST_TMPDIR/run/hart" ]
}

@test "root of a user namespace: create, exec, kill, delete" {
	inside_bundle "$(args /probe sleep)"
	inside sh -ec 'hart=$1 id=$2
		$hart create --bundle "$3" $id >out 2>err
		$hart start $id
		$hart exec $id /probe report >report.json
		$hart delete --force $id' sh "$USER_HART" "$ID" "$BUNDLE" </dev/null
	check '.uid.real == 0'
}

@test "root of a user namespace that shares the host's mounts: the null device as standard input" {
	user_bundle "$(new_namespace mount)"
	config '.linux.uidMappings[0].hostID = 0 | .linux.gidMappings[0].hostID = 0'
	as_user unshare --user --map-root-user "$USER_HART" run --bundle "$BUNDLE" "$ID" </dev/null >report.json
	check '.uid.real == 0'
}

@test "a cgroup that is not the user's: it is named, and what can be done" {
	user_bundle '.linux.cgroupsPath = "/elsewhere"'
	refuses 'cgroup /elsewhere .*systemd-run --user --scope.*make cgroup /elsewhere: Permission denied' \
		hart run --bundle "$BUNDLE" "$ID"
	config '.linux.cgroupsPath = "/user/box"'
	OUTSIDE=1 refuses 'cgroup /user/box .*systemd-run --user --scope.*move process .*: Permission denied' \
		hart run --bundle "$BUNDLE" "$ID"
	hart run --bundle "$BUNDLE" "$ID" </dev/null >report.json
	check '.uid.real == 0'
}

@test "without a cgroup that it may make, and without limits, a container has none" {
	user_bundle
	OUTSIDE=1 hart run --bundle "$BUNDLE" "$ID" </dev/null >report.json
	check '.uid.real == 0'
}

# What deletes, makes anew and writes, and says what it sees.
CHANGE='echo new >/new && cat /new && rm -r /var && mkdir /var && ls /var | wc -l && mount | grep " on / " | cut -d" " -f5'

@test "--overlay: in the user namespace of the container" {
	user_bundle "$(shell "echo x >/dev/null; $CHANGE")" '.root.readonly = false'
	touch "$BUNDLE/rootfs/var/old"
	mkdir upper
	chown $USER_ID upper
	[ "$(hart run --overlay tmpfs --bundle "$BUNDLE" "$ID" </dev/null | tr '\n' ' ')" = 'new 0 overlay ' ]
	[ "$(hart run --overlay "$PWD/upper" --bundle "$BUNDLE" "$ID" </dev/null | tr '\n' ' ')" = 'new 0 overlay ' ]
	[ -f "$BUNDLE/rootfs/var/old" ]
	[ ! -e "$BUNDLE/rootfs/new" ]
	[ -z "$(ls upper)" ]
}

@test "--overlay: root of a user namespace" {
	inside_bundle "$(shell "$CHANGE")" '.root.readonly = false'
	touch "$BUNDLE/rootfs/var/old"
	mkdir upper
	chown $USER_ID upper
	[ "$(inside "$USER_HART" run --overlay tmpfs --bundle "$BUNDLE" "$ID" </dev/null | tr '\n' ' ')" = 'new 0 overlay ' ]
	[ "$(inside "$USER_HART" run --overlay "$PWD/upper" --bundle "$BUNDLE" "$ID" </dev/null | tr '\n' ' ')" = 'new 0 overlay ' ]
	[ -z "$(ls upper)" ]
}

# Flags of the host's mounts are locked in a user namespace.
@test "rw of a source that the host has read-only: it stays so, and a warning says it" {
	inside_bundle ".mounts += [{destination: \"/locked\", type: \"bind\", source: \"$PWD/locked\",
		options: [\"rbind\", \"rw\", \"exec\"]}]"
	mkdir locked
	mount -t tmpfs -o ro,nosuid,noexec tmpfs locked
	inside "$USER_HART" run --bundle "$BUNDLE" "$ID" </dev/null >report.json 2>err
	umount locked
	check_mount /locked 'has_option("ro")' 'has_option("noexec")'
	grep -q 'level=warning.*mount at /locked: stays ro, as the host has it' err
	grep -q 'stays noexec' err
}

@test "the same of a user without a namespace, whose container has one" {
	user_bundle ".mounts += [{destination: \"/locked\", type: \"bind\", source: \"$PWD/locked\",
		options: [\"rbind\", \"rw\"]}]"
	mkdir locked
	mount -t tmpfs -o ro tmpfs locked
	hart run --bundle "$BUNDLE" "$ID" </dev/null >report.json 2>err
	umount locked
	check_mount /locked 'has_option("ro")'
	grep -q 'stays ro' err
}
