#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Many callers at once (security.md 12).
load lib

@test "64 creates of one ID at once: one wins, the others say that it exists" {
	local i won
	bundle "$(args /probe sleep)"
	for i in {1..64}; do
		(
			if hart create --bundle "$BUNDLE" same </dev/null >"out.$i" 2>"err.$i"; then
				echo "$i" >>winners
			fi
		) &
	done
	wait
	[ "$(wc -l <winners)" = 1 ]
	[ "$(grep -lE 'exist' err.* | wc -l)" = 63 ]
	[ "$(status_of same)" = created ]
	hart delete --force same
}

@test "creates of different IDs in one cgroup at once: it is one's, the others are refused" {
	local i round
	bundle "$(args /probe sleep)" ".linux.cgroupsPath = \"/shared-$ID\""
	for round in {1..5}; do
		rm -f winners
		for i in {1..16}; do
			(
				if hart create --bundle "$BUNDLE" "one-$i" </dev/null >"out.$i" 2>"err.$i"; then
					echo "$i" >>winners
				fi
			) &
		done
		wait
		[ "$(wc -l <winners)" = 1 ]
		[ "$(wc -l <"/sys/fs/cgroup/shared-$ID/cgroup.procs")" = 1 ]
		[ "$(grep -lE 'is not empty|is being created in cgroup' err.* | wc -l)" = 15 ]
		hart delete --force "one-$(cat winners)"
	done
	# Who made it and lost it to another one leaves it.
	rmdir "/sys/fs/cgroup/shared-$ID" 2>/dev/null || true
}

@test "creates and deletes of one ID at once leave nothing" {
	local i
	bundle "$(args /probe sleep)"
	for i in {1..24}; do
		hart create --bundle "$BUNDLE" same </dev/null >/dev/null 2>&1 &
		hart delete --force same >/dev/null 2>&1 &
	done
	wait
	hart delete --force same
	same_host
}

@test "40 containers live at once, each with its own state" {
	local i
	bundle "$(args /probe sleep)"
	for i in {1..40}; do
		(hart create --bundle "$BUNDLE" "c$i" </dev/null >/dev/null 2>&1 && hart start "c$i") &
	done
	wait
	[ "$(hart list -f json | jq '[.[] | select(.status == "running")] | length')" = 40 ]
	for i in {1..40}; do
		hart delete --force "c$i" &
	done
	wait
	[ -z "$(hart list -q)" ]
}

@test "kill, state, ps and list while a container is deleted fail cleanly or work" {
	local i
	for i in {1..15}; do
		up
		for _ in 1 2 3; do
			hart state "$ID" >/dev/null 2>>errors &
			hart list >/dev/null 2>>errors &
			hart ps "$ID" >/dev/null 2>>errors &
			hart kill "$ID" 9 >/dev/null 2>>errors &
		done
		hart delete --force "$ID"
		wait
	done
	touch errors
	! grep -vE 'does not exist|not running|no such process|stopped|open cgroup .*No such file' errors
}

@test "two starts at once: one wins" {
	local i
	for i in {1..10}; do
		bundle "$(args /probe sleep)"
		create "$ID"
		rm -f winners
		for _ in 1 2 3 4; do
			(hart start "$ID" 2>/dev/null && echo won >>winners) &
		done
		wait
		[ "$(wc -l <winners)" = 1 ]
		hart delete --force "$ID"
	done
}

@test "a recycled PID is not taken for the container's" {
	up
	hart kill "$ID" KILL
	until_status "$ID" stopped
	# A state that names a living process: the start time does not fit.
	sleep 60 3>&- &
	local victim=$!
	jq ".pid = $victim" "$STATE/$ID/state.json" >new.json
	cat new.json >"$STATE/$ID/state.json"
	[ "$(status_of)" = stopped ]
	! hart kill "$ID" KILL 2>/dev/null
	kill -0 $victim
	hart delete --force "$ID"
	kill -0 $victim
	kill $victim
}

@test "a state.json that somebody damaged: delete --force still removes the container" {
	bundle "$(args /probe sleep)"
	create "$ID"
	local pid
	pid=$(init_pid)
	echo '{"rubbish' >"$STATE/$ID/state.json"
	hart delete --force "$ID"
	[ ! -e "$STATE/$ID" ]
	! kill -0 "$pid" 2>/dev/null
	same_host
}

@test "init at its gate does not hold the state folder, on which the lock is" {
	bundle "$(args /probe sleep)"
	create "$ID"
	[ -n "$(find "/proc/$(init_pid)/fd" -mindepth 1 -lname '*')" ]
	[ -z "$(find "/proc/$(init_pid)/fd" -mindepth 1 -lname "$STATE/$ID")" ]
}
