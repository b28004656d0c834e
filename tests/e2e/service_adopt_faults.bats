#!/usr/bin/env bats
# The shim is killed at the worst moments: within a promotion, with no member there, within an upgrade. Then `hart
# adopt`: nobody who serves dies, none runs twice, no generation repeats.
load lib
load service

adopt() {
	hart adopt "$ID" </dev/null >adopt.out 2>adopt.err || {
		cat adopt.err
		return 1
	}
}

remember() {
	before=$(application_pids | sort)
	[ -n "$before" ]
}

same_members() {
	[ "$(application_pids | sort)" = "$before" ]
}

# dies_at SYSCALL [N]: the shim gets SIGKILL at its next (Nth) call of it.
dies_at() {
	shim=$(shim_pid)
	strace -qq -p "$shim" -e "trace=$1" -e "inject=$1:signal=SIGKILL:when=${2:-1}" 3>&- 4>&- >strace.out 2>&1 &
	eventually "! [ -d /proc/$shim ] || grep -Eq '^(TracerPid:.[1-9]|State:.Z)' /proc/$shim/status"
}

is_dead() {
	eventually "! [ -d /proc/$shim ] || grep -q '^State:.Z' /proc/$shim/status"
}

generation_written() {
	cut -d' ' -f1 "$STATE/$ID/generation" | sed 's/^0*//'
}

# The next one to serve has a number of its own.
serves_beyond() { # GENERATION
	eventually '[ "$(ask_of generation)" -gt '"$1"' ]'
	[ "$(application_pids | wc -l)" = 1 ]
}

@test "after the generation is written, before the message: another number for who serves next" {
	serve --standby self
	eventually is_warm
	pid=$(active_pid)
	dies_at sendmsg
	kill -KILL "$pid"
	is_dead
	[ "$(generation_written)" = 2 ]
	[ -z "$(application_pids)" ]
	adopt
	serves_beyond 2
}

@test "the same in cold mode: who waits at its gate is not forgotten" {
	serve --standby self --standby-mode cold
	eventually service_is active
	pid=$(active_pid)
	dies_at sendmsg
	kill -KILL "$pid"
	is_dead
	adopt
	serves_beyond 2
	eventually service_is active
	[ "$(of '[.members[] | select(.pid != 0)] | length')" = 1 ]
	[ "$(find "$STATE/$ID/members" -mindepth 1 -maxdepth 1 -type d | wc -l)" = 1 ]
}

@test "the same within an overlapping switch: the old one serves on" {
	serve --standby self
	eventually is_warm
	remember
	dies_at sendmsg
	hart failover --overlap "$ID" </dev/null >out 2>err || true
	is_dead
	[ "$(generation_written)" = 2 ]
	served_by primary
	adopt
	same_members
	served_by primary
	eventually is_warm
	hart failover "$ID"
	eventually served_by standby-1
	[ "$(ask_of generation)" = 3 ]
}

@test "while nobody is there: both have failed and wait" {
	serve --standby self --backoff 1500ms:1500ms --max-failures 9
	eventually is_warm
	kill_active
	eventually served_by standby-1
	kill_active
	eventually '[ "$(of "[.members[] | select(.pid != 0)] | length")" = 0 ]'
	kill_shim
	[ -z "$(application_pids)" ]
	adopt
	serves_beyond 2
	eventually is_warm
	kill_active
	serves_beyond 3
}

@test "within an upgrade that has not proved stable: it is still taken back" {
	serve --standby self --window 60s
	eventually is_warm
	standby new
	hart upgrade "$ID" --bundle "$PWD/new"
	served_by upgrade-1
	kill_shim
	adopt
	served_by upgrade-1
	kill_active
	eventually served_by primary
	eventually '[ "$(member upgrade-1 state)" = gone ]'
}

@test "after an upgrade that has: who was replaced does not come back" {
	serve --standby self --window 300ms
	eventually is_warm
	standby new
	hart upgrade "$ID" --bundle "$PWD/new"
	eventually '[ "$(member primary state)" = gone ]'
	kill_shim
	adopt
	served_by upgrade-1
	[ "$(member primary state)" = gone ]
	eventually is_warm
	[ "$(member primary pid)" = 0 ]
}

@test "killed at any call of a takeover: what serves afterwards has a number of its own" {
	local n last=0
	for n in 1 3 5 7 9 11 13 15 17 19 21 23 25 27 29 31 33 35; do
		ID=$ID-$n
		serve --standby self
		eventually is_warm
		pid=$(active_pid)
		dies_at all "$n"
		kill -KILL "$pid"
		is_dead || break
		last=$(generation_written)
		adopt
		eventually '[ "$(ask_of generation)" -ge 2 ]'
		[ "$(application_pids | wc -l)" = 1 ]
		[ "$(ask_of generation)" -ge "$last" ]
		hart delete --force "$ID"
		ID=${ID%-"$n"}
	done
}
