#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Memory limits that are too small to start with: every command ends, and says why.
load ../lib

# The program lies on a disk and is in nobody's cache: its pages are charged to the container.
cold_bundle() { # LIMIT_KIB [PROGRAM ARGUMENT...]
	local limit=$1

	shift
	mkdir -p disk
	mountpoint -q disk || { mkfs.ext4 -q -F /dev/ubda && mount /dev/ubda disk; }
	bundle "$(args "${@:-/bin/true}")" ".linux.resources.memory.limit = $((limit * 1024))"
	mkdir -p disk/rootfs/{bin,dev,proc,sys}
	cp "$TEMPLATE/bin/busybox" disk/rootfs/bin/
	ln -sf busybox disk/rootfs/bin/true
	rm -rf "$BUNDLE/rootfs"
	ln -s "$PWD/disk/rootfs" "$BUNDLE/rootfs"
	sync
	echo 3 >/proc/sys/vm/drop_caches
}

test_teardown() {
	if mountpoint -q disk; then
		umount disk
	fi
}

@test "a limit that init does not fit in is named, by run and by create" {
	cold_bundle 64
	refuses 'memory limit of 64 KiB is too small' hart run --bundle "$BUNDLE" "$ID"
	refuses 'does not exist' hart state "$ID"
	refuses 'memory limit of 64 KiB is too small' hart create --bundle "$BUNDLE" "$ID"
	refuses 'does not exist' hart state "$ID"
}

@test "a program that is killed for lack of memory: run says so" {
	cold_bundle 1536 /bin/busybox dd if=/dev/zero of=/dev/null bs=32M count=1
	exits 137 hart run --bundle "$BUNDLE" "$ID" </dev/null 2>err
	grep -q 'for lack of memory (limit: 1536 KiB)' err
}

@test "a program that only reads its own pages is ended, by run and by start" {
	local limit status

	for limit in 128 192 224 256 288; do
		cold_bundle $limit
		status=0
		hart run --bundle "$BUNDLE" "$ID" </dev/null 2>err || status=$?
		[ $status = 0 ] || grep -Eq "memory limit of $limit KiB is too small|lack of memory" err
		echo "$limit: $status" >>ends
	done
	# At least one of them neither ran nor was killed by the kernel.
	limit=$(sed -n 's/: 1$//p' ends | tail -n 1)
	[ -n "$limit" ]
	cold_bundle "$limit"
	create "$ID"
	refuses "memory limit of $limit KiB is too small" hart start "$ID"
	until_status "$ID" stopped
	hart delete "$ID"
}

@test "what is enough is not disturbed" {
	cold_bundle 1536
	exits 0 hart run --bundle "$BUNDLE" "$ID" </dev/null 2>err
	[ ! -s err ]
}
