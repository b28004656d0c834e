#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
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
	[ "$(of '[.members[] | select(.pid)] | length')" = 1 ]
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

@test "while nobody serves: both have failed and wait; adopt does not" {
	serve --standby self --backoff 60s:60s --max-failures 9
	eventually is_warm
	kill_active
	eventually served_by standby-1
	kill_active
	eventually is_waiting
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
	hart upgrade --no-wait "$ID" --bundle "$PWD/new"
	eventually served_by upgrade-1
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
	[ "$(member primary pid)" = null ]
}

# --- within a switch ------------------------------------------------------------------------------

# overlapping: the new one runs and is not ready yet, when the shim dies.
overlapping() {
	patch slow '{"process": {"args": ["/web", "-d", "60000"]}}'
	serve --ready notify --standby "$PWD/slow" --stop-timeout 500ms --window 60s
	eventually is_warm
	remember
	(hart failover --overlap "$ID" </dev/null >out 2>err) &
	eventually '[ "$(application_pids | wc -l)" = 2 ]'
	kill_shim
	wait
}

@test "overlapping, the new one is not ready: the old one serves on, the new one ends" {
	overlapping
	adopt
	served_by primary
	eventually same_members
	served_by primary
	eventually is_warm
}

@test "overlapping, the new one has failed while there was no shim: the old one serves on" {
	overlapping
	application_pids | grep -vxF "$before" | xargs kill -KILL
	adopt
	same_members
	served_by primary
	eventually is_warm
	[ "$(of .failures)" = 0 ]
}

@test "overlapping, the old one still has to end: it is given its time, the new one serves" {
	standby new
	bundle '.process.args = ["/bin/sh", "-c", "trap \"sleep 1; echo drained; exit 0\" TERM; while :; do sleep 0.1; done"]'
	run_service --standby "$PWD/new" --stop-timeout 10s
	eventually is_warm
	hart failover --overlap "$ID"
	served_by standby-1
	kill_shim
	adopt
	served_by standby-1
	eventually "grep -q drained $STATE/$ID/log"
	eventually is_warm
	[ "$(ask_of generation)" = 2 ]
}

# leaving [SECONDS]: the one that serves ends well, when it is asked to, and the shim dies meanwhile.
leaving() {
	bundle '.process.args = ["/bin/sh", "-c", "trap \"sleep '"$1"'; exit 0\" TERM; while :; do sleep 0.1; done"]'
	patch next '{"process": {"args": ["/web"]}}'
	run_service --standby "$PWD/next" --stop-timeout 20s --max-failures 0
	eventually is_warm
	pid=$(active_pid)
	(hart failover "$ID" </dev/null >out 2>err) &
	eventually service_is fencing
	kill_shim
	wait
}

@test "asked to make room, it ends well while there is no shim: the next one serves, that is not the end" {
	leaving 0.3
	eventually "! [ -d /proc/$pid ] || grep -q '^State:.Z' /proc/$pid/status"
	adopt
	served_by standby-1
	[ "$(ask_of generation)" = 2 ]
}

@test "asked to make room, it ends well before the eyes of the next shim: the next one serves" {
	leaving 2
	adopt
	eventually served_by standby-1
	[ "$(ask_of generation)" = 2 ]
}

# --- at the end and at the beginning --------------------------------------------------------------

@test "asked to stop, ended while there was no shim: nobody else begins" {
	bundle '.process.args = ["/bin/sh", "-c", "trap \"sleep 1; exit 0\" TERM; echo begins; while :; do sleep 0.1; done"]'
	run_service --standby self
	eventually is_warm
	pid=$(active_pid)
	hart kill "$ID" TERM
	eventually service_is stopping
	kill_shim
	eventually "! [ -d /proc/$pid ] || grep -q '^State:.Z' /proc/$pid/status"
	adopt || true
	until_status "$ID" stopped
	[ "$(generation_written)" = 1 ]
	[ "$(grep -c begins "$STATE/$ID/log")" = 1 ]
}

@test "killed when all had ended and only the socket was to be taken away: it stays ended" {
	serve --standby self
	eventually is_warm
	dies_at unlink,unlinkat
	hart kill "$ID" TERM
	is_dead
	[ "$(jq -r .to "$STATE/$ID/journal" | tail -n 1)" = stopped ]
	adopt
	until_status "$ID" stopped
	[ "$(generation_written)" = 1 ]
	[ "$(jq -r .to "$STATE/$ID/journal" | tail -n 1)" = stopped ]
	[ ! -e sock ]
}

@test "a budget that was spent stays spent" {
	bundle "$(web -x 3)"
	(strace -qq -P "$PWD/sock" -e trace=unlink,unlinkat -e inject=unlink,unlinkat:signal=SIGKILL:when=1 \
		"$HART" --root "$STATE" run --keep --listen "unix:$PWD/sock" --standby self --max-failures 2 --bundle "$BUNDLE" "$ID" \
		</dev/null >out 2>err 3>&- 4>&-) || true
	[ "$(jq -r .to "$STATE/$ID/journal" | tail -n 1)" = exhausted ]
	last=$(generation_written)
	exits 1 hart adopt --foreground "$ID" </dev/null
	[ "$(generation_written)" = "$last" ]
	[ "$(jq -r .to "$STATE/$ID/journal" | tail -n 1)" = exhausted ]
}

@test "killed before the first one was let go: it begins, and nothing has failed" {
	bundle "$(web)"
	strace -qq -e trace=sendmsg -e inject=sendmsg:signal=SIGKILL:when=1 "$HART" --root "$STATE" run \
		--listen "unix:$PWD/sock" --standby self --max-failures 0 --bundle "$BUNDLE" "$ID" \
		</dev/null >out 2>err 3>&- 4>&- || true
	[ "$(generation_written)" = 1 ]
	adopt
	served_by primary
	[ "$(ask_of generation)" = 2 ]
	eventually is_warm
}

@test "an adopt that fails takes nothing away: the next one works" {
	serve --standby self
	eventually is_warm
	remember
	kill_shim
	mv "$STATE/$ID/service.json" kept
	echo '{"flags": [], "members": []}' >"$STATE/$ID/service.json"
	refuses 'service.json' hart adopt "$ID"
	mv kept "$STATE/$ID/service.json"
	(ulimit -n 12; refuses 'Too many open files|EMFILE|descriptor' hart adopt --foreground "$ID")
	same_members
	served_by primary
	adopt
	same_members
	eventually is_warm
	kill_active
	eventually served_by standby-1
}

# --- upgrades -------------------------------------------------------------------------------------

@test "within an upgrade whose new one does not serve yet: it is given up, the next one works" {
	serve --standby self --window 60s
	eventually is_warm
	remember
	standby new
	dies_at sendmsg
	hart upgrade "$ID" --bundle "$PWD/new" </dev/null >out 2>err || true
	is_dead
	served_by primary
	adopt
	same_members
	eventually '[ "$(member upgrade-1 state)" = gone ]'
	hart upgrade --no-wait "$ID" --bundle "$PWD/new"
	eventually served_by upgrade-2
	[ "$(of '.members[] | select(.name == "upgrade-2") | .name')" = upgrade-2 ]
	kill_active
	eventually served_by primary
	eventually is_warm
	[ "$(application_pids | wc -l)" = 1 ]
}

@test "a member that nobody has written down is undone" {
	serve --standby self
	eventually is_warm
	remember
	standby new
	dies_at rename,renameat,renameat2
	hart upgrade "$ID" --bundle "$PWD/new" </dev/null >out 2>err || true
	is_dead
	[ "$(jq '.members | length' "$STATE/$ID/service.json")" = 2 ]
	adopt
	same_members
	eventually is_warm
	[ ! -e "$STATE/$ID/members/upgrade-1" ]
	hart upgrade --no-wait "$ID" --bundle "$PWD/new"
	eventually is_warm
	[ "$(of '[.members[] | select(.pid)] | length')" = "$(find "$STATE/$ID/members" -mindepth 1 -maxdepth 1 -type d | wc -l)" ]
}

# --- namespaces -----------------------------------------------------------------------------------

@test "namespaces that are made anew get their hooks anew; those that are there do not" {
	mkdir hooks
	printf '#!/bin/sh\necho %s >>%s/hooks/ran\n' network "$PWD" >hooks/network
	printf '#!/bin/sh\necho %s >>%s/hooks/ran\n' poststart "$PWD" >hooks/poststart
	chmod +x hooks/*
	serve --standby self --backoff 60s:60s --max-failures 9 -- \
		".hooks = {createRuntime: [{path: \"$PWD/hooks/network\"}], poststart: [{path: \"$PWD/hooks/poststart\"}]}"
	eventually is_warm
	kill_shim
	adopt
	kill_active
	eventually served_by standby-1
	[ "$(cat hooks/ran)" = $'network\npoststart' ]
	# When the first one was started is known after adopt as well: both have to wait.
	kill_active
	eventually is_waiting
	# The standbys at their gates hold the namespaces.
	members=$(of '.members[].pid')
	kill_shim
	for pid in $members; do
		kill -KILL "$pid"
		eventually "! [ -d /proc/$pid ] || grep -q '^State:.Z' /proc/$pid/status"
	done
	adopt
	serves_beyond 2
	[ "$(cat hooks/ran)" = $'network\npoststart\nnetwork' ]
}
