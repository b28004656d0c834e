#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Hot and frozen standbys where there is a memory controller.
load ../lib
load ../service
load ../ports

test_teardown() {
	exec 9<&-
	if mountpoint -q disk; then
		umount disk
	fi
	[ "$(keepers)" = 0 ]
}

is_hot() {
	service_is active && [ "$(of '[.members[] | select(.state == "hot")] | length')" -ge 1 ]
}

@test "hot: the active one is killed for lack of memory, and nobody is refused" {
	bundle "$(shell 'busybox httpd -p 8080 -h /tmp; trap "x=x; while :; do x=\$x\$x; done" USR1; while :; do sleep 0.1; done')" \
		'.linux.resources.memory.limit = 67108864'
	echo hello >"$BUNDLE/rootfs/tmp/index.html"
	run_it --port tcp:8080 --standby self --standby-mode hot --oom member --stop-timeout 200ms
	eventually is_hot
	load_port 4 &
	local load=$!
	sleep 0.5
	hart kill "$ID" USR1
	eventually '[ "$(of .active)" = standby-1 ] && service_is active'
	wait $load
	jq -e '.ok > 10 and .refused == 0 and .timeouts == 0' load.json || { cat load.json; false; }
	[ "$(of .takeovers[0].cause)" = oom ]
}

# A file on a disk, in nobody's cache, which the standby alone reads before it listens: its pages are charged to it.
reader() { # FLAG...
	mkdir -p disk
	mountpoint -q disk || { mkfs.ext4 -q -F /dev/ubda && mount /dev/ubda disk && head -c 6291456 /dev/zero >disk/big; }
	bundle "$(shell '[ $HART_ROLE = active ] || cat /disk/big >/dev/null; exec busybox httpd -f -p 8080 -h /tmp')" \
		'.mounts += [{destination: "/disk", type: "bind", source: "'"$PWD/disk"'", options: ["bind", "ro"]}]'
	sync
	echo 3 >/proc/sys/vm/drop_caches
	run_it --port tcp:8080 --standby self --standby-mode frozen --stop-timeout 200ms "$@"
	eventually is_hot
	standby=/sys/fs/cgroup$(jq -r .cgroup "$STATE/$ID/state.json")/standby-1
	eventually 'grep -q "frozen 1" "$standby/cgroup.events"'
}

@test "frozen, --reclaim: what the standby had read is given back" {
	local standby

	reader
	[ "$(cat "$standby/memory.current")" -gt 6000000 ]
	hart delete --force "$ID"
	reader --reclaim yes
	eventually '[ "$(cat "$standby/memory.current")" -lt 3000000 ]'
	kill_active
	eventually '[ "$(of .active)" = standby-1 ] && service_is active'
	echo hello >"$BUNDLE/rootfs/tmp/index.html"
	eventually get
	hart delete --force "$ID"
}
