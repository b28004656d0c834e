#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# User namespaces: mappings, joined ones, an unprivileged caller.
load lib

MAPPED='.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
	| .linux.gidMappings = [{containerID: 0, hostID: 200000, size: 65536}]'

# A bundle whose rootfs belongs to the mapped root.
mapped_bundle() {
	bundle "$(new_namespace user)" "$MAPPED" "$@"
	# Copies: hard links would change the template's owner.
	rm -rf "$BUNDLE/rootfs"
	cp -a "$TEMPLATE" "$BUNDLE/rootfs"
	chown -R 100000:200000 "$BUNDLE/rootfs"
	chmod 755 "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR"
}

@test "mappings are written and root is root inside" {
	mapped_bundle
	run_bundle
	cp out report.json
	check '.uid.real == 0' '.gid.real == 0' \
		'.uid_map | split(" +"; null) == ["", "0", "100000", "65536"]' \
		'.gid_map | split(" +"; null) == ["", "0", "200000", "65536"]'
	check ".namespaces.user != \"$(readlink /proc/self/ns/user)\""
}

@test "the message queues' folder belongs to the user namespace's root" {
	mapped_bundle "$(shell 'stat -c %u:%g /dev/mqueue')"
	run_bundle
	[ "$(cat out)" = 0:0 ]
}

@test "files made inside belong to the mapped user" {
	mapped_bundle "$(shell 'echo x >/tmp/made')" '.root.readonly = false'
	run_bundle
	[ "$(stat -c %u:%g "$BUNDLE/rootfs/tmp/made")" = 100000:200000 ]
}

@test "several mappings and another user" {
	mapped_bundle '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 10},
		{containerID: 1000, hostID: 300000, size: 5}]' \
		'.process.user = {uid: 1001, gid: 7, additionalGids: [8, 9]}'
	run_bundle
	cp out report.json
	check '.uid.real == 1001' '.gid.real == 7' '.groups == [8, 9]'
}

@test "a user that is not mapped is refused" {
	mapped_bundle '.process.user = {uid: 70000, gid: 0}'
	refuses '70000|[Ii]nvalid argument|mapp' hart run --bundle "$BUNDLE" "$ID"
}

@test "a user namespace without mappings is refused" {
	bundle "$(new_namespace user)"
	refuses 'mapping' hart run --bundle "$BUNDLE" "$ID"
}

@test "mappings without a user namespace are refused" {
	bundle "$MAPPED"
	refuses 'mapping|user' hart run --bundle "$BUNDLE" "$ID"
}

@test "devices in a user namespace work" {
	mapped_bundle "$(shell 'echo x >/dev/null && dd if=/dev/zero bs=1 count=1 2>/dev/null | wc -c')"
	[ "$(run_bundle && cat out)" = 1 ]
}

@test "the root of a user namespace has no power over the host's files" {
	mkdir -m 755 hostdir
	echo secret >hostdir/file
	chmod 600 hostdir/file
	mapped_bundle "$(args /probe try-open /host/file r)" \
		".mounts += [{destination: \"/host\", type: \"bind\", source: \"$PWD/hostdir\",
		options: [\"bind\"]}]"
	[ "$(run_bundle && cat out)" = EACCES ]
}

@test "a joined user namespace" {
	mapped_bundle "$(args /probe sleep)"
	create "$ID"
	hart start "$ID"
	local pid
	pid=$(init_pid)
	config "$(args /probe report)" "$(namespace user "/proc/$pid/ns/user")" \
		'del(.linux.uidMappings, .linux.gidMappings)'
	ID=joiner run_bundle
	cp out report.json
	check ".namespaces.user == \"$(readlink "/proc/$pid/ns/user")\"" '.uid.real == 0'
}

@test "exec enters the user namespace" {
	mapped_bundle "$(args /probe sleep)"
	create "$ID"
	hart start "$ID"
	exec_report
	check ".namespaces.user == \"$(readlink "/proc/$(init_pid)/ns/user")\"" '.uid.real == 0'
	exec_report --user 1000:1000
	check '.uid.real == 1000'
}

@test "exec when the cgroup belongs to the user namespace's root" {
	mapped_bundle "$(args /probe sleep)" '.mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end)'
	create "$ID"
	hart start "$ID"
	exec_report
	check '.uid.real == 0'
	hart exec -d "$ID" /probe sleep
	[ "$(hart ps -f json "$ID" | jq length)" = 2 ]
}

@test "a user without privileges runs the config of spec --rootless" {
	bundle
	chmod -R go+rX "$BATS_RUN_TMPDIR"
	mkdir -m 700 own own/state
	cp -a "$TEMPLATE" own/rootfs
	chown -R 4242:4242 own
	cp "$HART" "$BATS_TEST_TMPDIR/hart"
	chmod 755 "$BATS_TEST_TMPDIR/hart"
	as_user() {
		setpriv --reuid 4242 --regid 4242 --clear-groups --bounding-set -all \
			timeout 30 "$BATS_TEST_TMPDIR/hart" --root "$PWD/own/state" "$@" 3>&-
	}
	(cd own && as_user_dir=$PWD && cd "$as_user_dir" &&
		setpriv --reuid 4242 --regid 4242 --clear-groups "$BATS_TEST_TMPDIR/hart" spec --rootless)
	jq "$BASE_JQ" own/config.json >own/c && mv own/c own/config.json
	as_user run --bundle "$PWD/own" "$ID" </dev/null >report.json
	check '.uid.real == 0' '.uid_map | split(" +"; null) == ["", "0", "4242", "1"]'
}
