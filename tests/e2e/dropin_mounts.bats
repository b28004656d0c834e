#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Mounts as Podman and crun's users write them, and as runc takes them.
load lib

bind() { # DESTINATION SOURCE OPTIONS…
	printf '.mounts += [{destination: "%s", type: "bind", source: "%s", options: %s}]' "$1" "$2" \
		"$(jq -cn '$ARGS.positional' --args -- bind "${@:3}")"
}

# A folder whose file system can be idmapped, with files of users 0, 5 and 1000.
idmap_source() {
	mkdir source
	mount -t tmpfs tmpfs source
	touch source/root source/five source/user
	chown 5:5 source/five
	chown 1000:1000 source/user
}

test_teardown() {
	if mountpoint -q source; then
		umount source
	fi
}

owners() {
	shell 'stat -c %u:%g /data/root /data/five /data/user'
}

# Runs the bundle; skips where the kernel's tmpfs cannot be idmapped (before 6.3).
run_idmapped() {
	run_bundle && return
	grep -q 'the file system does not support it' err || return 1
	skip 'the file system cannot be idmapped'
}

@test "idmap= maps the IDs that it lists" {
	idmap_source
	bundle "$(bind /data "$PWD/source" 'idmap=uids=0-7000-3#5-8005-1#1000-9000-10;gids=0-6000-2000')" \
		"$(owners)"
	run_idmapped
	[ "$(cat out)" = $'7000:6000\n8005:6005\n9000:7000' ]
}

@test "idmap= of a container with a user namespace is of the host's IDs, with @ of the container's" {
	idmap_source
	bundle "$(new_namespace user)" '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1},
		{containerID: 1, hostID: 300001, size: 5000}] | .linux.gidMappings =
		[{containerID: 0, hostID: 200000, size: 65536}]' \
		"$(bind /data "$PWD/source" 'idmap=uids=0-300007-1#5-100000-1#1000-300050-1;gids=@0-40-2000')" \
		"$(owners)"
	rm -rf "$BUNDLE/rootfs"
	cp -a "$TEMPLATE" "$BUNDLE/rootfs"
	chown -R 100000:200000 "$BUNDLE/rootfs"
	chmod 755 "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR"
	run_idmapped
	[ "$(cat out)" = $'7:40\n0:45\n50:1040' ]
	# The container's own mapping, when none is named.
	jq '.mounts[-1].options = ["bind", "idmap"]' "$BUNDLE/config.json" >config.new
	cp config.new "$BUNDLE/config.json"
	run_idmapped
	[ "$(cat out)" = $'0:0\n5:5\n1000:1000' ]
	jq '.mounts[-1].options = ["bind", "idmap=uids=@0-0-1#1-4990-20;gids=@0-0-1"]' "$BUNDLE/config.json" \
		>config.new
	cp config.new "$BUNDLE/config.json"
	refuses '/mounts/.*@1-4990-20 reaches beyond' hart run --bundle "$BUNDLE" "$ID"
}

@test "idmap= with mistakes is refused" {
	local value

	mkdir source
	for value in '' uids=0-1-2 'gids=0-1-2' 'uids=0-1;gids=0-0-1' 'uids=0-0-0;gids=0-0-1' \
		'uids=0-0-1;gids=0-0-1;' 'uids=0-0-1#;gids=0-0-1' 'uids=0-0-1;uids=0-0-1' \
		'uids=0-0-99999999999;gids=0-0-1' 'uids=-1-0-1;gids=0-0-1' 'user=0-0-1;gids=0-0-1' \
		'uids=@5-0-1;gids=@0-0-1'; do
		bundle "$(bind /data "$PWD/source" "idmap=$value")"
		refuses '/mounts/.*idmap' hart run --bundle "$BUNDLE" "$ID"
	done
	bundle "$(bind /data "$PWD/source" 'idmap=uids=0-0-1;gids=0-0-1')" \
		'.mounts[-1] += {uidMappings: [{containerID: 0, hostID: 0, size: 1}],
			gidMappings: [{containerID: 0, hostID: 0, size: 1}]}'
	refuses 'idmap= and by uidMappings' hart run --bundle "$BUNDLE" "$ID"
	bundle '.mounts += [{destination: "/data", type: "tmpfs", source: "tmpfs",
		options: ["idmap=uids=0-0-1;gids=0-0-1"]}]'
	refuses 'only bind mounts can be idmapped' hart run --bundle "$BUNDLE" "$ID"
}

@test "an unknown option of a cgroup mount is refused by name" {
	local type

	for type in cgroup cgroup2; do
		bundle '.mounts |= map(select(.type != "cgroup"))' '.mounts += [{destination: "/sys/fs/cgroup",
			type: "'$type'", source: "cgroup", options: ["ro", "nosuch"]}]'
		refuses '/sys/fs/cgroup.*nosuch' hart run --bundle "$BUNDLE" "$ID"
		jq '.linux.namespaces |= map(select(.type != "cgroup"))' "$BUNDLE/config.json" >config.new
		cp config.new "$BUNDLE/config.json"
		refuses '/sys/fs/cgroup.*nosuch' hart run --bundle "$BUNDLE" "$ID"
	done
	bundle '(.mounts[] | select(.type == "cgroup") | .options) += ["nsdelegate"]' "$(args /bin/true)"
	run_bundle
}

@test "a bind source may be what an earlier mount brings below the rootfs" {
	mkdir -p given/deep
	echo here >given/deep/file
	bundle "$(bind /given "$PWD/given")"
	bundle "$(bind /given "$PWD/given")" "$(bind /file "$BUNDLE/rootfs/given/deep/file")" \
		"$(bind /deep "$BUNDLE/rootfs/./given//deep" ro)" \
		"$(shell 'cat /file /deep/file; touch /deep/x')"
	exits 1 run_bundle
	[ "$(cat out)" = $'here\nhere' ]
	grep -q 'Read-only file system' err
	# What the mount covers is not what is bound.
	mkdir -p "$BUNDLE/rootfs/given/deep"
	echo covered >"$BUNDLE/rootfs/given/deep/file"
	exits 1 run_bundle
	[ "$(cat out)" = $'here\nhere' ]
}

@test "a late bind source stays in the root, and one that is not there is named" {
	mkdir given
	ln -s /etc/hostname given/link
	ln -s ../../../../../../../../../etc given/up
	echo inside >"$PWD/inside"
	bundle
	bundle "$(bind /given "$PWD/given")" "$(bind /file "$BUNDLE/rootfs/given/link")" \
		"$(bind /up "$BUNDLE/rootfs/given/up")" "$(shell 'cat /file; ls /up')"
	cp -a "$TEMPLATE/etc" etc
	rm -rf "$BUNDLE/rootfs/etc"
	cp -a etc "$BUNDLE/rootfs/etc"
	echo inside >"$BUNDLE/rootfs/etc/hostname"
	run_bundle
	[ "$(cat out)" = $'inside\ngroup\nhostname\npasswd' ]
	bundle "$(bind /given "$PWD/given")" "$(bind /file "$BUNDLE/rootfs/given/none")"
	refuses 'bind source .*rootfs/given/none.*No such file' hart run --bundle "$BUNDLE" "$ID"
}
