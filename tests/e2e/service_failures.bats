#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What counts as a failure, and what is done about it: every cause of hart-failover(7), budget, backoff, fence.
load lib
load service

# took_over CAUSE: the standby serves, the journal says why.
took_over() {
	eventually "[ \"\$(of .active)\" = standby-1 ] && service_is active"
	[ "$(journal '[.[] | select(.to == "fencing")][-1].cause')" = "$1" ]
}

@test "kill -9 of the primary: the standby serves, then a new primary stands by" {
	serve --standby self
	eventually is_warm
	kill_active
	took_over signal
	[ "$(ask_of generation)" = 2 ]
	eventually is_warm
	[ "$(member primary state)" = warm ]
}

@test "a crash and an exit code that is no success are failures" {
	serve --standby self
	eventually is_warm
	ask /crash || true
	took_over signal
	[ "$(journal '[.[] | select(.to == "fencing")][-1].status')" = 132 ]
	eventually is_warm
	ask '/exit?9' || true
	eventually served_by primary
	[ "$(journal '[.[] | select(.to == "fencing")][-1].status')" = 9 ]
}

@test "SIGSTOP: the watchdog catches it" {
	serve --standby self --watchdog 300ms
	eventually is_warm
	sleep 1
	served_by primary
	kill_active STOP
	took_over watchdog
}

@test "a member that stops to feed the watchdog" {
	serve --standby self --watchdog 300ms
	eventually is_warm
	ask /stop-watchdog
	took_over watchdog
}

# caught_by PROBE FILTER...: all is well for a while; after SIGSTOP the probe finds it.
caught_by() {
	serve --standby self --probe "$1" --probe-interval 50ms --probe-timeout 1s --probe-retries 2 -- "${@:2}"
	eventually is_warm
	sleep 0.5
	[ "$(of .generation)" = 1 ]
	kill_active STOP
	took_over probe
}

@test "SIGSTOP: an http probe catches it" {
	serve --listen tcp:127.0.0.1:8080 --standby self --probe http://127.0.0.1:8080/ \
		--probe-interval 50ms --probe-timeout 1s --probe-retries 2
	eventually is_warm
	sleep 0.5
	served_by primary
	kill_active STOP
	took_over probe
}

@test "an http probe takes an answer of 503 for a failure" {
	serve --listen tcp:127.0.0.1:8080 --standby self --probe http://127.0.0.1:8080/health \
		--probe-interval 50ms --probe-timeout 1s --probe-retries 2
	eventually is_warm
	ask /sick || true
	took_over probe
	[ "$(journal '[.[] | select(.cause == "probe")][0].text | test("503")')" = true ]
}

@test "SIGSTOP: a tcp probe cannot catch what a shared socket hides, but a closed port it does" {
	bundle "$(shell '/web -l tcp:127.0.0.1:8081 & exec /web')"
	run_service --standby self --probe tcp::8081 --probe-interval 50ms --probe-timeout 1s --probe-retries 2
	eventually is_warm
	sleep 0.5
	served_by primary
	kill -KILL "$(application_pids | grep -v "^$(active_pid)$")"
	took_over probe
}

@test "SIGSTOP: a unix probe in the member's own root catches it when nobody listens any more" {
	bundle "$(shell '/web -l unix:/run/own & exec /web')" \
		'.mounts += [{destination: "/run", type: "tmpfs", source: "tmpfs"}]'
	run_service --standby self --probe unix:/run/own --probe-interval 50ms --probe-timeout 1s --probe-retries 2
	eventually is_warm
	sleep 0.5
	served_by primary
	kill -KILL "$(application_pids | grep -v "^$(active_pid)$")"
	took_over probe
}

@test "SIGSTOP: an exec probe catches it" {
	caught_by 'exec:/ask -t 50 unix:/run/own' '.process.args = ["/bin/sh", "-c",
		"unset LISTEN_PID LISTEN_FDS; exec /web -l unix:/run/own"]' \
		'.mounts += [{destination: "/run", type: "tmpfs", source: "tmpfs"}]'
}

@test "an exec probe that hangs is killed at its timeout and counts as failed" {
	serve --standby self --probe 'exec:/bin/sh -c "test ! -e /tmp/hang || sleep 60"' \
		--probe-interval 50ms --probe-timeout 1s --probe-retries 2 \
		-- '.mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs"}]'
	eventually is_warm
	hart exec "$ID" /bin/touch /tmp/hang
	took_over probe
	! pgrep -fx "sleep 60"
}

@test "not ready in time: the next one is tried" {
	patch slow '{"process": {"args": ["/web", "-n"]}}'
	serve --ready notify --ready-timeout 400ms --standby "$PWD/slow" --standby self
	served_by primary
	eventually "[ \"\$(of '[.members[] | select(.state == \"warm\")] | length')\" = 2 ]"
	kill_active
	eventually served_by standby-2
	[ "$(journal '[.[] | select(.cause == "ready-timeout")] | length > 0')" = true ]
}

@test "the first member is not ready in time, its standby is: run -d waits for that" {
	patch good '{"process": {"args": ["/web"]}}'
	serve --ready notify --ready-timeout 300ms --standby "$PWD/good" -- "$(web -n)"
	served_by standby-1
	[ "$(ask_of generation)" = 2 ]
}

@test "ready is when READY=1 has come, not before" {
	serve --ready notify --standby self -- "$(web -d 500)"
	[ "$(journal '([.[] | select(.to == "active")][0].ns - .[0].ns) > 450000000')" = true ]
}

@test "restarts in place come first when they are asked for" {
	serve --standby self --restarts 2 --backoff 1ms
	eventually is_warm
	for generation in 2 3; do
		kill_active
		eventually "[ \"\$(ask_of generation)\" = $generation ]"
		served_by primary
	done
	kill_active
	eventually served_by standby-1
	[ "$(ask_of generation)" = 4 ]
}

@test "the budget counts restarts and failovers together; past it: exhausted, with the last status" {
	bundle "$(shell 'echo "$HART_GENERATION"; exit $((40 + HART_GENERATION))')"
	exits 44 in_foreground --standby self --restarts 1 --max-failures 3 --window 60s
	[ "$(cat out)" = "$(printf '1\n2\n3\n4')" ]
	grep -q exhausted err
}

@test "both members crash-looping: the end comes within the budget, and every start was counted" {
	bundle "$(args /web -x 5)"
	exits 5 in_foreground --standby self --standby self --max-failures 6
	[ "$(grep -c 'fencing' err)" -ge 6 ]
	grep -q exhausted err
}

@test "restarts in place that would have to wait are left for a standby" {
	serve --standby self --restarts 10 --backoff 1h
	eventually is_warm
	kill_active
	took_over signal
}

@test "max-failures 0: it ends when all have failed" {
	bundle "$(shell 'exit $((5 + HART_GENERATION))')"
	exits 6 in_foreground --restarts 0 --max-failures 0
	exits 7 in_foreground --standby self --max-failures 0
	grep -q exhausted err
}

@test "past the budget who has not failed yet is tried" {
	standby next
	bundle "$(shell 'exit 3')"
	run_service --standby "$PWD/next" --restarts 10 --max-failures 1 --backoff 1ms
	eventually served_by standby-1
	[[ $(of .state) =~ ^(active|degraded)$ ]]
}

@test "without a budget a service never gives up, is not started in a hot loop, and says so" {
	bundle "$(shell 'echo "$HART_GENERATION" >>/starts; exit 3')" '.root.readonly = false'
	run_service --standby self
	eventually '[ "$(of .looping)" = true ]'
	sleep 1
	service_is promoting
	[ "$(of '.waiting.member' | grep -cE '^(primary|standby-1)$')" = 1 ]
	[ "$(of '.waiting.ms')" -gt 0 ]
	hart status "$ID" | grep -q "waits for"
	hart status "$ID" | grep -q 'looping'
	[ "$(journal '[.[] | select(.cause == "loop")] | length')" -ge 1 ]
	[ "$(of .generation)" -le 20 ]
}

@test "a start that is put off comes, though a build fails meanwhile" {
	# The sixth one, after the fifth failure: the next start is due some 3 s later.
	cat >hook <<-EOF
		#!/bin/sh
		echo >>$PWD/builds
		[ "\$(wc -l <$PWD/builds)" != 6 ] || { sleep 0.5; exit 1; }
	EOF
	chmod +x hook
	bundle "$(shell 'exit 3')" ".hooks.createContainer = [{path: \"$PWD/hook\"}]"
	run_service --backoff 200ms:1m
	eventually '[ "$(of .generation)" -ge 5 ]'
	eventually '[ "$(of .generation)" -ge 6 ]'
	[ "$(wc -l <builds)" -ge 7 ]
}

@test "a failed member is built again at once, as a standby" {
	serve --standby self --backoff 1h
	eventually is_warm
	kill_active
	eventually served_by standby-1
	eventually is_warm
	[ "$(member primary state)" = warm ]
}

@test "what is left of a failed member is killed before the next one starts" {
	serve --standby self -- "$(namespace pid -)"
	eventually is_warm
	ask /fork
	[ "$(application_pids web-child | wc -l)" = 1 ]
	kill_active
	eventually served_by standby-1
	[ -z "$(application_pids web-child)" ]
}

@test "a standby that dies while it waits is built again" {
	local pid
	serve --standby self
	eventually is_warm
	pid=$(member standby-1 pid)
	kill -KILL "$pid"
	eventually "[ \"\$(member standby-1 pid)\" -gt 0 ] && [ \"\$(member standby-1 pid)\" != $pid ] && is_warm"
	served_by primary
	[ "$(ask_of generation)" = 1 ]
}

@test "cold standbys are made when they are needed" {
	serve --standby self --standby-mode cold
	served_by primary
	[ "$(member standby-1 pid)" = null ]
	kill_active
	eventually served_by standby-1
}

@test "200 takeovers leave nothing: no descriptor, mount, cgroup, process more than before" {
	local shim fds cgroups mounts i
	cgroups_now() { find /sys/fs/cgroup -type d | wc -l; }
	serve --standby self --standby self --standby self --max-failures 100 --window 20ms
	eventually is_warm
	shim=$(shim_pid)
	settled() { [ "$(of '[.members[] | select(.state == "warm")] | length')" = 3 ]; }
	eventually settled
	fds=$(find "/proc/$shim/fd" -mindepth 1 | wc -l)
	cgroups=$(cgroups_now)
	mounts=$(wc -l </proc/self/mountinfo)
	for ((i = 2; i <= 201; i++)); do
		kill_active
		eventually "[ \"\$(ask_of generation)\" = $i ]"
	done
	eventually settled
	eventually "[ \"\$(find /proc/$shim/fd -mindepth 1 | wc -l)\" = $fds ]"
	[ "$(cgroups_now)" = "$cgroups" ]
	[ "$(wc -l </proc/self/mountinfo)" = "$mounts" ]
	[ "$(application_pids | wc -l)" = 1 ]
}
