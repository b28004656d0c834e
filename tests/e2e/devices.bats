#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Devices: the default ones, linux.devices, what the cgroup's device rules let through.
load lib

# Without the mounts at /dev and below it.
NO_DEV='del(.mounts[] | select(.destination | startswith("/dev")))'
MAPPED='.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
	| .linux.gidMappings = [{containerID: 0, hostID: 200000, size: 65536}]'

test_teardown() {
	umount "$BUNDLE/rootfs/dev" "$BUNDLE/rootfs" 2>/dev/null
	true
}

check_defaults() {
	local row

	for row in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
		IFS=: read -r name major minor <<<"$row"
		check ".devices[\"/dev/$name\"] | .type == \"c\" and .major == $major and
			.minor == $minor and .mode == \"0666\""
	done
}

@test "the default devices and links are there" {
	report
	check_defaults
	check '.devices["/dev/null"] | .uid == 0 and .gid == 0' '.devices["/dev/ptmx"].type == "l"' '.devices["/dev/ptmx"].target | test("pts/ptmx")' \
		'.devices["/dev/fd"].target == "/proc/self/fd"' \
		'.devices["/dev/stdin"].target == "/proc/self/fd/0"' \
		'.devices["/dev/stdout"].target == "/proc/self/fd/1"' \
		'.devices["/dev/stderr"].target == "/proc/self/fd/2"'
}

@test "no other device of the host is there" {
	report
	check '[.devices | to_entries[] | select(.value.type == "c" or .value.type == "b") | .key] -
		["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty",
		"/dev/console"] == []'
}

@test "without a mount at /dev the default devices are made in the image" {
	report "$NO_DEV"
	check_defaults
	check '.devices["/dev/ptmx"].target == "pts/ptmx"' '.devices["/dev/stdin"].type == "l"'
	# They are there already; the root is read-only.
	run_bundle
	rm -r "$BUNDLE/rootfs/dev"
	run_bundle
	cp out report.json
	check_defaults
}

@test "without a mount at /dev the default devices replace what a user namespace has left" {
	bundle "$NO_DEV"
	rm -rf "$BUNDLE/rootfs"
	cp -a "$TEMPLATE" "$BUNDLE/rootfs"
	chown -R 100000:200000 "$BUNDLE/rootfs"
	chmod 755 "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR"
	cp "$BUNDLE/config.json" "$BUNDLE/as-root.json"
	config "$(new_namespace user)" "$MAPPED"
	run_bundle
	cp out report.json
	check_defaults
	[ -f "$BUNDLE/rootfs/dev/null" ] && [ ! -s "$BUNDLE/rootfs/dev/null" ]
	mv "$BUNDLE/as-root.json" "$BUNDLE/config.json"
	run_bundle
	cp out report.json
	check_defaults
}

@test "without a mount at /dev what the image has there is left" {
	bundle "$NO_DEV"
	mknod "$BUNDLE/rootfs/dev/ptmx" c 5 2
	ln -s /etc/passwd "$BUNDLE/rootfs/dev/zero"
	run_bundle
	cp out report.json
	check '.devices["/dev/ptmx"].type == "c"' '.devices["/dev/null"].minor == 3'
	grep -q root "$TEMPLATE/etc/passwd"
	[ -L "$BUNDLE/rootfs/dev/zero" ]
}

@test "devices are not made in another file system below the image" {
	bundle "$NO_DEV"
	mount -t tmpfs tmpfs "$BUNDLE/rootfs/dev"
	run_bundle
	[ -z "$(ls -A "$BUNDLE/rootfs/dev")" ]
	umount "$BUNDLE/rootfs/dev"
	# Where a link leads is no better.
	rmdir "$BUNDLE/rootfs/dev"
	ln -s /data "$BUNDLE/rootfs/dev"
	mkdir data
	config ".mounts += [{destination: \"/data\", source: \"$PWD/data\", options: [\"bind\"]}]"
	run_bundle
	[ -z "$(ls -A data)" ]
}

@test "a read-only image gets no devices: without /dev it runs, with an empty one it is refused" {
	bundle "$NO_DEV"
	rmdir "$BUNDLE/rootfs/dev"
	mount --bind "$BUNDLE/rootfs" "$BUNDLE/rootfs"
	mount -o remount,bind,ro "$BUNDLE/rootfs"
	run_bundle
	cp out report.json
	check '.devices["/dev/null"] == null'
	mount -o remount,bind,rw "$BUNDLE/rootfs"
	mkdir "$BUNDLE/rootfs/dev"
	mount -o remount,bind,ro "$BUNDLE/rootfs"
	refuses '/dev/null: Read-only file system' hart run --bundle "$BUNDLE" "$ID"
}

@test "the host's devtmpfs at /dev keeps its ptmx" {
	local before

	before=$(stat -c '%F %t:%T' /dev/ptmx)
	bundle '.mounts |= map(if .destination == "/dev" then
		{destination: "/dev", type: "devtmpfs", source: "dev"} else . end)'
	run_bundle || skip "the kernel mounts no devtmpfs"
	[ "$(stat -c '%F %t:%T' /dev/ptmx)" = "$before" ]
}

@test "linux.devices are made with type, mode and owner" {
	report '.linux.devices = [
		{path: "/dev/mychar", type: "c", major: 1, minor: 3, fileMode: 438, uid: 5, gid: 6},
		{path: "/dev/myblock", type: "b", major: 7, minor: 0, fileMode: 384},
		{path: "/dev/myfifo", type: "p", fileMode: 420}]'
	check '.devices["/dev/mychar"] == {type: "c", target: null, mode: "0666", uid: 5, gid: 6,
		major: 1, minor: 3}' \
		'.devices["/dev/myblock"] | .type == "b" and .mode == "0600" and .major == 7' \
		'.devices["/dev/myfifo"] | .type == "p" and .mode == "0644"'
}

@test "the umask of the caller does not change a device's mode" {
	umask 077
	report '.linux.devices = [{path: "/dev/mychar", type: "c", major: 1, minor: 3, fileMode: 438}]'
	check '.devices["/dev/mychar"].mode == "0666"'
}

@test "a device in a folder that is not there yet" {
	[ "$(output '.linux.devices = [{path: "/dev/net/deep/null", type: "c", major: 1, minor: 3,
		fileMode: 438}]' "$(shell 'echo x >/dev/net/deep/null && echo ok')")" = ok ]
}

@test "/dev/null swallows, /dev/zero gives, /dev/full refuses" {
	[ "$(output "$(shell 'echo x >/dev/null; dd if=/dev/zero bs=4 count=1 2>/dev/null | wc -c
		echo x 2>/dev/null >/dev/full || echo full')")" = $'4\nfull' ]
}

@test "device rules deny what is not allowed" {
	# 1:11 is kmsg (opening it takes CAP_SYSLOG as well); making the node is allowed, opening it is not.
	[ "$(output '.process.capabilities.bounding += ["CAP_MKNOD"]' \
		'.process.capabilities.effective += ["CAP_MKNOD"]' \
		'.process.capabilities.permitted += ["CAP_MKNOD"]' '.root.readonly = false' \
		"$(shell '/probe try-mknod /tmp/kmsg c 1 11; /probe try-open /tmp/kmsg r')")" = $'0\nEPERM' ]
}

@test "device rules allow what they say, access by access" {
	local grant='.process.capabilities |= with_entries(select(.key != "ambient")
		| .value += ["CAP_MKNOD", "CAP_SYSLOG"]) | .root.readonly = false'
	local script='/probe try-mknod /tmp/d c 1 11; /probe try-open /tmp/d r; /probe try-open /tmp/d w'
	[ "$(output "$grant" '.linux.resources.devices = [{allow: false, access: "rwm"},
		{allow: true, type: "c", major: 1, minor: 11, access: "rm"}]' "$(shell "$script")")" = \
		$'0\n0\nEPERM' ]
	# A later rule wins.
	[ "$(output "$grant" '.linux.resources.devices = [{allow: false, access: "rwm"},
		{allow: true, type: "c", major: 1, minor: 11, access: "rwm"},
		{allow: false, type: "c", major: 1, minor: 11, access: "w"}]' "$(shell "$script")")" = \
		$'0\n0\nEPERM' ]
	# A whole major.
	[ "$(output "$grant" '.linux.resources.devices = [{allow: false, access: "rwm"},
		{allow: true, type: "c", major: 1, access: "rwm"}]' "$(shell "$script")")" = $'0\n0\n0' ]
}

@test "the default devices work under rules that deny all" {
	[ "$(output '.linux.resources.devices = [{allow: false, access: "rwm"}]' \
		"$(shell 'echo x >/dev/null && dd if=/dev/urandom bs=3 count=1 2>/dev/null | wc -c')")" = 3 ]
}

@test "the terminal's device is owned by the container" {
	report '.process.terminal = true' 2>/dev/null || true
	bundle '.process.terminal = true' "$(shell 'stat -c %t:%T /dev/console')"
	"$PROBE" with-tty 24 80 "$HART" --root "$STATE" run --bundle "$BUNDLE" "$ID" </dev/null >out 3>&-
	grep -q '^88:' out
}

@test "a device on a path that is taken by something else is refused" {
	bundle '.linux.devices = [{path: "/etc/passwd", type: "c", major: 1, minor: 3}]'
	refuses '/etc/passwd' hart run --bundle "$BUNDLE" "$ID"
	grep -q root "$TEMPLATE/etc/passwd"
}
