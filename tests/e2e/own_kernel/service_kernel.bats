#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Services where the tests have the kernel to themselves (User Mode Linux): its clock is set, and a file system is
# frozen so that a member cannot die.
load ../lib
load ../service

# jump SECONDS: the wall clock, and nothing else.
jump() {
	date -s "@$(($(date +%s) + $1))" >/dev/null
}

year=31536000

# as_before GENERATION: nothing has failed, clients are served.
as_before() {
	load_on -c 2 -d 1 >load.json
	[ "$(jq .refused load.json)" = 0 ]
	[ "$(ask_of generation)" = "$1" ]
	service_is active
}

@test "the wall clock jumps forth and back: no failure is seen, a real one is taken over, and adopt works" {
	serve --standby self --standby self --probe exec:/bin/true --probe-interval 50ms --probe-retries 2 \
		--backoff 10ms:20ms --window 60s --max-failures 3 --log-size 4k
	eventually is_warm
	jump $year
	as_before 1
	kill_active
	eventually '[ "$(ask_of generation)" = 2 ]'
	eventually '[ "$(of "[.members[] | select(.state == \"warm\")] | length")" = 2 ]'
	jump $((-10 * year))
	as_before 2
	kill_active
	eventually '[ "$(ask_of generation)" = 3 ]'
	kill_shim
	jump $((3 * year))
	hart adopt "$ID" </dev/null >out 2>err
	as_before 3
	[ "$(status_of)" = running ]
	[ "$(hart list -q)" = "$ID" ]
	hart logs "$ID" >/dev/null
	[ "$(journal '[.[].ns] | . == sort')" = true ]
	[ "$(journal '[.[].generation] | . == sort')" = true ]
	# Two failures in a window of 60 s, by a clock of its own: the budget of three is not spent.
	kill_active
	eventually '[ "$(ask_of generation)" = 4 ]'
}

@test "a backoff is as long as it is, whatever the wall clock says" {
	serve --standby self --backoff 1h:1h
	eventually is_warm
	kill_active
	eventually served_by standby-1
	kill_active
	eventually is_waiting
	jump $year
	load_on -c 1 -d 1 >load.json
	is_waiting
	# An hour, less at most a fifth, by which services that failed together are spread, and what the test took.
	[ "$(of '.waiting.ms > 2700000')" = true ]
}

# freezable: $PWD/disk is a file system of its own that can be frozen.
freezable() {
	[ -b /dev/ubda ] || skip "no block device of its own"
	mkfs.ext4 -q -F /dev/ubda
	mkdir disk
	mount /dev/ubda disk
}

thaw() {
	! mountpoint -q disk || fsfreeze -u disk 2>/dev/null || true
}

test_teardown() {
	thaw
	hart delete --force "$ID" >/dev/null 2>&1 || true
	umount disk 2>/dev/null || true
}

# stuck [FLAG...]: the primary has a process that waits in the kernel for the disk, which no signal ends.
stuck() {
	serve --standby self --stop-timeout 100ms --fence-timeout 100ms "$@" -- \
		".mounts += [{destination: \"/disk\", type: \"bind\", source: \"$PWD/disk\", options: [\"rbind\", \"rw\"]}]"
	eventually is_warm
	fsfreeze -f disk
	hart exec -d "$ID" /bin/sh -c 'echo >/disk/file' </dev/null >/dev/null 2>&1
	eventually 'grep -l "^State:.D" $(application_pids sh | sed "s|.*|/proc/&/status|")'
}

@test "a member that cannot die: fencing, loudly, and nobody is promoted until it is gone" {
	freezable
	stuck
	(hart failover "$ID" </dev/null >failover.out 2>&1 && touch switched) 3>&- &
	eventually service_is fencing
	eventually '[ "$(journal "[.[] | select(.cause == \"fence-timeout\")] | length")" -ge 3 ]'
	service_is fencing
	[ "$(of .generation)" = 1 ]
	[ "$(member standby-1 state)" = warm ]
	[ -z "$(application_pids web)" ]
	fsfreeze -u disk
	eventually served_by standby-1
	[ "$(ask_of generation)" = 2 ]
	wait
	[ -e switched ]
}

@test "a member that cannot die: stop and delete say so and end; when it is gone delete removes all" {
	freezable
	stuck
	refuses 'in time|still|not empty|busy|processes' timeout 60 "$HART" --root "$STATE" delete --force "$ID"
	fsfreeze -u disk
	eventually 'hart delete --force "$ID"'
	[ ! -e "$STATE/$ID" ]
}
