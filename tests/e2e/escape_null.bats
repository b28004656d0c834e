#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Inodes of the host that content gets to use: nothing of them can be changed.
load lib
load service

# In a folder of devices of this test's own, so that a defence that is off harms nobody: bats runs the rest of the
# test again in a mount namespace with a /dev like the host's.
setup_dev() {
	mkdir own-dev
	mount -t tmpfs -o mode=755 tmpfs own-dev
	mknod -m 666 own-dev/null c 1 3
	mount --bind own-dev/null /dev/null
}

test_teardown() {
	! mountpoint -q /dev/null || umount /dev/null
	! mountpoint -q "$BATS_TEST_TMPDIR/own-dev" || umount "$BATS_TEST_TMPDIR/own-dev"
}

# The host's device is as it was.
is_untouched() {
	[ "$(stat -c %a:%u:%g own-dev/null)" = 666:0:0 ] || {
		stat own-dev/null
		chmod 666 own-dev/null
		return 1
	}
}

run_change() {
	bundle "$(args /probe change /proc/keys /proc/meminfo 0)" '.linux.maskedPaths = ["/proc/keys", "/proc/meminfo"]' "$@"
	run_bundle
}

@test "masks and stdin are no inodes that the container could change" {
	setup_dev
	run_change
	[ "$(cat out)" = $'/proc/keys EROFS\n/proc/meminfo EROFS\n0 EROFS' ]
	is_untouched
	weakly null run_change
	grep -q '^0 0' out
	! is_untouched
}

@test "no more without masks" {
	setup_dev
	run_change '.linux.maskedPaths = []'
	grep -q '0 EROFS' out
	is_untouched
}

@test "where the cgroup's device rules forbid even that, nothing to read is still given" {
	bundle "$(shell cat)" '.linux.resources.devices = [{allow: false, access: "rwm"},
		{allow: false, type: "c", major: 1, minor: 3, access: "rwm"}]'
	run_bundle
	hart run -d --bundle "$BUNDLE" "$ID" </dev/null >out 2>err
	hart delete --force "$ID"
	config "$(args /probe sleep)"
	hart run -d --bundle "$BUNDLE" "$ID" </dev/null >out 2>err
	hart exec "$ID" /bin/true </dev/null
}

@test "a detached container's stdin, and that of exec" {
	setup_dev
	bundle "$(args /probe sleep)"
	hart run -d --bundle "$BUNDLE" "$ID" </dev/null >out 2>err
	[ "$(hart exec "$ID" /probe change 0 </dev/null)" = '0 EROFS' ]
	is_untouched
	weakly null hart exec "$ID" /probe change 0 </dev/null
	! is_untouched
}

@test "stdin and output to nowhere stay of use" {
	setup_dev
	bundle "$(shell 'cat && echo to nowhere && touch /dev/null')"
	hart run --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>err
	[ ! -s err ]
}

# Its stdin is what the shim has opened.
changes_stdin() {
	bundle "$(shell '/probe change 0 >>/changed; exec /web')" '.root.readonly = false'
	run_service --standby self
	eventually is_warm
	kill_active
	eventually served_by standby-1
	hart delete --force "$ID"
}

@test "a member and a promoted standby" {
	setup_dev
	changes_stdin
	[ "$(cat "$BUNDLE/rootfs/changed")" = $'0 EROFS\n0 EROFS' ]
	is_untouched
	weakly null changes_stdin
	! is_untouched
}

@test "devices of a user namespace are the host's, but read-only" {
	setup_dev
	bundle "$(args /probe change /dev/null)" "$(new_namespace user)" \
		'.linux.uidMappings = [{containerID: 0, hostID: 0, size: 65536}]' \
		'.linux.gidMappings = [{containerID: 0, hostID: 0, size: 65536}]'
	run_bundle
	[ "$(cat out)" = '/dev/null EROFS' ]
	is_untouched
}
