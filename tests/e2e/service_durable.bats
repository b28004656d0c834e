#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A state root on a disk: what promises to survive a power cut is there after one. The disk is a file with ext4 in it;
# a copy of that file, made while all goes on, is what the disk would hold if the power were cut then.
load lib
load service

test_teardown() {
	umount -l "$PWD/disk" "$PWD/after" 2>/dev/null || :
}

# disk: the state root lies on it from now on.
disk() {
	command -v mkfs.ext4 >/dev/null || skip "no mkfs.ext4"
	[ -e /dev/loop-control ] || skip "no loop devices"
	truncate -s 32M image
	mkfs.ext4 -q -O ^metadata_csum image
	mkdir disk after
	mount -o loop,commit=300 image disk
	STATE=$PWD/disk/state
	mkdir "$STATE"
	sync -f disk
}

# power_cut: what is on the disk at this moment is mounted at after/.
power_cut() {
	cp --sparse=always image cut
	mount -o loop cut after
}

adopt() {
	hart adopt "$ID" </dev/null >adopt.out 2>adopt.err || {
		cat adopt.err
		return 1
	}
}

@test "a power cut right after the start: state, members and generation are there" {
	disk
	serve --standby self
	power_cut
	STATE=$PWD/after/state
	jq -e '.id == "'"$ID"'"' "$STATE/$ID/state.json"
	jq -e '.members | length == 2' "$STATE/$ID/service.json"
	jq -e .process "$STATE/$ID/config.json"
	[ "$(cut -d' ' -f1 "$STATE/$ID/generation")" -ge 1 ]
	STATE=$PWD/disk/state
	hart delete --force "$ID"
}

@test "a power cut after takeovers: the next generation is one that nobody had" {
	disk
	serve --standby self
	for i in 2 3 4; do
		eventually is_warm
		hart fail "$ID"
		[ "$(ask_of generation)" = "$i" ]
	done
	power_cut
	hart delete --force "$ID"
	[ "$(sed 's/^0*\([0-9]*\) .*/\1/' "$PWD/after/state/$ID/generation")" = 4 ]
	# As after the reboot: another boot, nobody there, whatever is left of the members' folders.
	STATE=$PWD/after/state
	jq '.bootId = "another"' "$STATE/$ID/state.json" >new
	cp new "$STATE/$ID/state.json"
	: >"$STATE/$ID/members/primary/state.json"
	status_of | grep -qx stopped
	adopt
	[ "$(ask_of generation)" = 5 ]
	eventually is_warm
	hart fail "$ID"
	[ "$(ask_of generation)" = 6 ]
	hart delete --force "$ID"
}

@test "a stop that was asked for outlives a power cut" {
	disk
	serve --standby self
	hart kill "$ID" TERM
	until_status "$ID" stopped
	power_cut
	STATE=$PWD/after/state
	refuses 'has ended' hart adopt "$ID"
	hart status "$ID" | grep -q 'stopped (stop)'
}

@test "in memory nothing is synced" {
	command -v strace >/dev/null || skip "no strace"
	mkdir memory
	mount -t tmpfs none memory
	STATE=$PWD/memory/state
	bundle "$(web -x 3)"
	strace -f -qq -o trace -e trace=fsync,fdatasync,sync,syncfs "$HART" --root "$STATE" run --standby self \
		--max-failures 2 --bundle "$BUNDLE" "$ID" </dev/null >out 2>err 3>&- 4>&- || :
	grep -q exhausted err
	! grep -q sync trace
	STATE=$BATS_TEST_TMPDIR/state
	umount memory
}

# reboot: what a power cut and a boot leave of the services in $STATE: no process, no cgroup, no mount, the files.
reboot() {
	local shim cgroup
	shim=$(shim_pid)
	cgroup=/sys/fs/cgroup$(jq -r .cgroup "$STATE/$ID/state.json")
	kill -KILL "$shim"
	echo 1 >"$cgroup/cgroup.kill"
	eventually "! grep -q 1 '$cgroup/cgroup.events'"
	find "$cgroup" -depth -type d -exec rmdir {} +
	rm -f "$PWD/sock"
	for file in "$STATE/$ID/state.json" "$STATE/$ID"/members/*/state.json; do
		jq '.bootID = "00000000-0000-0000-0000-000000000000"' "$file" >new
		cat new >"$file"
	done
}

@test "after a power cut adopt --all starts what is to run, and not what was stopped" {
	serve --standby self
	eventually is_warm
	hart fail "$ID"
	eventually is_warm
	hart run -d --restarts 3 --bundle "$BUNDLE" other </dev/null >out 2>err
	hart kill other KILL
	until_status other stopped
	reboot
	hart adopt --all </dev/null >adopt.out 2>adopt.err
	eventually 'ask >/dev/null'
	[ "$(ask_of generation)" = 3 ]
	[ "$(status_of other)" = stopped ]
	eventually is_warm
	hart delete other
}

@test "after a power cut run --replace, as init calls it, goes on with the service that was" {
	serve --standby self
	eventually is_warm
	hart fail "$ID"
	eventually is_warm
	reboot
	timeout 60 "$HART" --root "$STATE" run --replace --listen "unix:$PWD/sock" --standby self --bundle "$BUNDLE" "$ID" \
		</dev/null >run.out 2>run.err 3>&- 4>&- &
	eventually '[ "$(ask_of generation)" = 3 ]'
	hart kill "$ID" KILL
	status=0
	wait $! || status=$?
	[ "$status" = 137 ]
}
