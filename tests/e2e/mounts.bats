#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Mounts: every option of config.md, what the mounted thing then does.
load lib

# mount DESTINATION TYPE SOURCE OPTION...: a filter that appends a mount.
mount_filter() {
	local destination=$1 type=$2 source=$3

	shift 3
	jq -rn --arg d "$destination" --arg t "$type" --arg s "$source" '".mounts += [\({destination: $d,
		type: $t, source: $s, options: $ARGS.positional} | tojson)]"' --args -- "$@"
}

bind() {
	local destination=$1 source=$2

	shift 2
	mount_filter "$destination" bind "$source" "$@"
}

tmpfs() {
	local destination=$1

	shift
	mount_filter "$destination" tmpfs tmpfs "$@"
}

# A folder with a file and a tmpfs mounted below it.
tree() {
	mkdir -p tree/sub
	echo top >tree/file
	mount -t tmpfs tmpfs tree/sub
	echo below >tree/sub/file
}

test_teardown() {
	mountpoint -q "$BATS_TEST_TMPDIR/tree/sub" && umount -l "$BATS_TEST_TMPDIR/tree/sub"
	:
}

@test "the default mounts are there, with their options" {
	report
	check_mount /proc '.type == "proc"'
	check_mount /dev '.type == "tmpfs"' 'has_option("nosuid")' '.super | test("size=65536k")'
	check_mount /dev/pts '.type == "devpts"' 'has_option("noexec")' '.super | test("gid=5")'
	check_mount /dev/shm '.type == "tmpfs"' 'has_option("nodev")'
	check_mount /dev/mqueue '.type == "mqueue"'
	check_mount /sys '.type == "sysfs"' 'has_option("ro")'
	check_mount / 'has_option("ro")'
}

@test "none of the host's mounts is seen" {
	report
	check '[.mounts[].point | select(startswith("/run") or startswith("/work"))] == []'
	check '[.mounts[] | select(.point == "/")] | length == 1'
}

@test "bind takes one mount, rbind the tree" {
	tree
	[ "$(output "$(bind /data "$PWD/tree" bind)" "$(shell 'cat /data/file; ls /data/sub')")" = top ]
	[ "$(output "$(bind /data "$PWD/tree" rbind)" "$(shell 'cat /data/sub/file')")" = below ]
}

@test "bind mounts of files" {
	echo content >afile
	[ "$(output "$(bind /etc/passwd "$PWD/afile" bind)" "$(shell 'cat /etc/passwd')")" = content ]
	[ "$(output "$(bind /new/deep/file "$PWD/afile" bind)" '.root.readonly = false' \
		"$(shell 'cat /new/deep/file')")" = content ]
}

@test "a relative source is below the bundle" {
	bundle "$(bind /data data bind)" "$(shell 'cat /data/file')"
	mkdir "$BUNDLE/data"
	echo relative >"$BUNDLE/data/file"
	[ "$(run_bundle && cat out)" = relative ]
}

@test "a bind mount without type none but with the option bind" {
	mkdir d
	[ "$(output "$(mount_filter /data none "$PWD/d" bind)" \
		'.process.args = ["/bin/test", "-d", "/data"]')" = '' ]
}

@test "flags of bind mounts are set" {
	mkdir d
	report "$(bind /data "$PWD/d" bind ro nosuid nodev noexec noatime nodiratime)"
	check_mount /data 'has_option("ro")' 'has_option("nosuid")' 'has_option("nodev")' \
		'has_option("noexec")' 'has_option("noatime")'
	report "$(bind /data "$PWD/d" bind strictatime nosymfollow)"
	check_mount /data 'has_option("relatime") | not' 'has_option("nosymfollow")'
	report "$(bind /data "$PWD/d" bind rw)"
	check_mount /data 'has_option("rw")'
}

@test "a later option wins" {
	mkdir d
	report "$(bind /data "$PWD/d" bind ro rw nosuid suid noexec exec)"
	check_mount /data 'has_option("rw")' 'has_option("nosuid") | not' 'has_option("noexec") | not'
}

@test "clearing options keep what the source's mount forces otherwise" {
	mkdir -p tree/sub
	mount -t tmpfs -o nosuid,nodev,noexec tmpfs tree/sub
	report "$(bind /data "$PWD/tree/sub" bind ro)"
	check_mount /data 'has_option("ro")' 'has_option("nosuid")' 'has_option("noexec")'
}

@test "a read-only bind refuses writes, the source stays writable" {
	mkdir d
	[ "$(output "$(bind /data "$PWD/d" bind ro)" "$(args /probe try-open /data/new create)")" = EROFS ]
	touch d/outside
	[ "$(output "$(bind /data "$PWD/d" bind)" "$(args /probe try-open /data/new create)")" = 0 ]
	[ -e d/new ]
}

@test "recursive read-only reaches the mounts below, plain ro does not" {
	tree
	[ "$(output "$(bind /data "$PWD/tree" rbind ro)" \
		"$(args /probe try-open /data/sub/new create)")" = 0 ]
	rm tree/sub/new
	[ "$(output "$(bind /data "$PWD/tree" rbind rro)" \
		"$(args /probe try-open /data/sub/new create)")" = EROFS ]
	report "$(bind /data "$PWD/tree" rbind rro rnosuid rnodev rnoexec rnoatime)"
	check_mount /data/sub 'has_option("ro")' 'has_option("nosuid")' 'has_option("nodev")' \
		'has_option("noexec")' 'has_option("noatime")'
}

@test "tmpfs with size, mode and owner" {
	[ "$(output "$(tmpfs /data size=64k mode=1750 uid=5 gid=6)" \
		"$(shell 'stat -c %a:%u:%g /data; df -k /data | tail -n 1')" \
		'.process.args[2] |= sub("; df.*"; "")')" = 1750:5:6 ]
	report "$(tmpfs /data size=64k nosuid)"
	check_mount /data '.type == "tmpfs"' '.super | test("size=64k")' 'has_option("nosuid")'
}

@test "a tmpfs without mode has its folder's, and one that brings the folder is open to all" {
	local filter

	filter=$(shell 'stat -c %a /made/tmp /made /data')
	bundle "$(tmpfs /made/tmp)" "$(tmpfs /data size=64k)" "$filter"
	mkdir -p "$BUNDLE/rootfs/data"
	chmod 711 "$BUNDLE/rootfs/data"
	for _ in 1 2; do # also in a root that the first start has changed
		run_bundle
		[ "$(<out)" = $'1777\n755\n711' ]
		[ -z "$(find "$BUNDLE/rootfs" -type d -perm -o+w)" ]
	done
	[ "$(output "$(tmpfs /made2 mode=700)" "$(shell 'stat -c %a /made2')")" = 700 ]
}

@test "a read-only tmpfs" {
	[ "$(output "$(tmpfs /data ro)" "$(args /probe try-open /data/new create)")" = EROFS ]
}

@test "tmpcopyup fills the tmpfs with what was there" {
	[ "$(output "$(tmpfs /etc tmpcopyup)" "$(shell 'cat /etc/group; echo more >/etc/new; ls /etc')")" = \
		$'root:x:0:\ngroup\nnew\npasswd' ]
	[ ! -e "$BUNDLE/rootfs/etc/new" ]
}

@test "propagation options" {
	mkdir d
	report "$(bind /data "$PWD/d" bind private)"
	check_mount /data '.propagation == []'
	report "$(bind /data "$PWD/d" bind shared)"
	check_mount /data '.propagation[0] | startswith("shared:")'
	report "$(bind /data "$PWD/d" bind unbindable)"
	check_mount /data '.propagation == ["unbindable"]'
}

@test "slave mounts see the host's later mounts, private ones do not" {
	mkdir -p tree/sub
	mount -t tmpfs tmpfs tree/sub
	mount --make-shared tree/sub
	mkdir tree/sub/point
	for mode in rslave:1 rprivate:0; do
		up "$(bind /data "$PWD/tree/sub" rbind "${mode%:*}")"
		mount -t tmpfs tmpfs tree/sub/point
		[ "$(hart exec "$ID" /bin/grep -c ' /data/point ' /proc/self/mountinfo </dev/null)" = "${mode#*:}" ]
		umount tree/sub/point
		hart delete --force "$ID"
	done
}

@test "mounts are made in the config's order, one in another" {
	mkdir d
	echo deep >d/file
	[ "$(output "$(tmpfs /data)" "$(bind /data/inner/d "$PWD/d" bind)" \
		"$(shell 'cat /data/inner/d/file')")" = deep ]
}

@test "a mount over a mount hides it" {
	[ "$(output "$(tmpfs /data mode=700)" "$(tmpfs /data mode=711)" \
		"$(shell 'stat -c %a /data')")" = 711 ]
}

@test "the destination's symlinks are followed inside the root only" {
	bundle "$(tmpfs /link/data size=64k)"
	mkdir "$BUNDLE/rootfs/real"
	ln -s ../../../../../../../../real "$BUNDLE/rootfs/link"
	run_bundle
	cp out report.json
	check_mount /real/data '.type == "tmpfs"'
}

@test "destinations and sources that cannot be mounted are refused" {
	bundle "$(bind /data /no/such/source bind)"
	refuses '/no/such/source' hart run --bundle "$BUNDLE" "$ID"
	bundle "$(mount_filter /data nosuchfs none)"
	refuses 'nosuchfs|No such device|no such device' hart run --bundle "$BUNDLE" "$ID"
	bundle "$(tmpfs /data size=rubbish)"
	refuses '/data|size' hart run --bundle "$BUNDLE" "$ID"
	bundle "$(mount_filter '' tmpfs tmpfs)"
	refuses 'destination|mount' hart run --bundle "$BUNDLE" "$ID"
}

@test "a cgroup mount shows the container's own cgroup" {
	[ "$(output "$(mount_filter /sys/fs/cgroup cgroup cgroup ro nosuid noexec nodev)" \
		"$(shell 'cat /sys/fs/cgroup/cgroup.procs')")" != '' ]
	report "$(mount_filter /sys/fs/cgroup cgroup cgroup ro nosuid noexec nodev)"
	check_mount /sys/fs/cgroup '.type == "cgroup2"' 'has_option("ro")' '.root == "/"'
}

@test "without a cgroup namespace a read-only cgroup mount has the paths of /proc/self/cgroup" {
	up "$(mount_filter /sys/fs/cgroup cgroup cgroup ro)" "$(namespace cgroup -)"
	[ "$(hart exec "$ID" /bin/sh -c 'while read -r line; do
			case $line in 0::*) own=${line#0::} ;; esac
		done </proc/self/cgroup; /bin/cat "/sys/fs/cgroup$own/cgroup.procs" | wc -l' </dev/null)" -ge 1 ]
	exec_report
	check_mount /sys/fs/cgroup 'has_option("ro")'
}

@test "without a cgroup namespace a writable cgroup mount shows no other cgroup" {
	up "$(mount_filter /sys/fs/cgroup cgroup cgroup)" "$(namespace cgroup -)"
	[ "$(hart exec "$ID" /bin/sh -c '/bin/cat /sys/fs/cgroup/cgroup.procs | wc -l' </dev/null)" -ge 1 ]
	exec_report
	check_mount /sys/fs/cgroup '.root | length > 1'
}

@test "idmapped bind mounts show files with shifted owners" {
	mkdir idmapped
	mount -t tmpfs tmpfs idmapped 2>/dev/null && umount idmapped
	mkdir src
	touch src/file
	chown 1000:1000 src/file
	bundle "$(bind /data "$PWD/src" bind)" "$(shell 'stat -c %u:%g /data/file')" \
		'.mounts[-1] += {uidMappings: [{containerID: 1000, hostID: 5000, size: 1}],
		gidMappings: [{containerID: 1000, hostID: 6000, size: 1}]}'
	if ! run_bundle; then
		grep -Eq '[Ii]nvalid argument|[Ii]dmap|not supported' err
		skip "the file system does not support idmapped mounts"
	fi
	[ "$(cat out)" = 5000:6000 ]
}

@test "/proc and /sys are refused as targets of other file systems' binds" {
	mkdir d
	for target in /proc /proc/self; do
		bundle "$(bind $target "$PWD/d" bind)"
		refuses '/proc' hart run --bundle "$BUNDLE" "$ID"
	done
}

@test "a hundred mounts" {
	mkdir d
	report '.mounts += [range(100) | {destination: "/m/\(.)", type: "tmpfs", source: "tmpfs",
		options: ["size=4k"]}]'
	check '[.mounts[] | select(.point | startswith("/m/"))] | length == 100'
}
