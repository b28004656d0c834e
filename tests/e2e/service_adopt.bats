#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The shim dies, the members live on; a fresh shim takes over: no member dies, none runs twice, no
# generation repeats.
load lib
load service

# remember, same_members: the very processes of the application.
remember() {
	before=$(application_pids | sort)
	[ -n "$before" ]
}

same_members() {
	[ "$(application_pids | sort)" = "$before" ]
}

adopt() {
	hart adopt "$@" "$ID" </dev/null >adopt.out 2>adopt.err || {
		cat adopt.err
		return 1
	}
}

@test "active: the member lives through both, and a takeover still works" {
	serve --standby self
	eventually is_warm
	remember
	kill_shim
	same_members
	served_by primary
	[ "$(status_of)" = running ]
	refuses 'adopt' hart status "$ID"
	adopt
	same_members
	served_by primary
	[ "$(of .generation)" = 1 ]
	eventually is_warm
	kill_active
	eventually served_by standby-1
	[ "$(ask_of generation)" = 2 ]
	[ "$(journal '[.[] | select(.cause == "adopt")] | length')" = 1 ]
}

@test "with a journal of its own: status without a shim and adopt read that" {
	serve --standby self --journal "$PWD/own"
	eventually is_warm
	kill_active
	eventually served_by standby-1
	remember
	kill_shim
	refuses adopt hart status "$ID"
	grep -q ', generation 2, active standby-1' refuses.out
	adopt
	same_members
	served_by standby-1
	[ "$(jq -s '[.[] | select(.cause == "adopt")] | length' own)" = 1 ]
}

@test "the budget goes on as it was: failures before adopt count" {
	serve --standby self --max-failures 2 --window 10m --backoff 1ms:1ms
	eventually is_warm
	kill_active
	eventually '[ "$(ask_of generation)" = 2 ]'
	eventually is_warm
	# A planned switch is none.
	hart failover "$ID"
	eventually is_warm
	kill_shim
	adopt
	eventually is_warm
	kill_active
	eventually '[ "$(ask_of generation)" = 4 ]'
	eventually is_warm
	kill_active
	eventually service_is exhausted || until_status "$ID" stopped
	[ "$(journal '.[-1].to')" = exhausted ]
}

@test "adopt while the shim lives is refused" {
	serve --standby self
	refuses 'running|alive|busy|in use' hart adopt "$ID"
	served_by primary
}

@test "adopt of a plain container is refused" {
	up
	refuses 'shim|service' hart adopt "$ID"
	[ "$(status_of)" = running ]
}

@test "two adopts at once: one wins" {
	serve --standby self
	remember
	kill_shim
	(hart adopt "$ID" </dev/null >a.out 2>a.err && echo a >>winners) &
	(hart adopt "$ID" </dev/null >b.out 2>b.err && echo b >>winners) &
	wait
	[ "$(wc -l <winners)" = 1 ]
	same_members
	served_by primary
}

@test "degraded: adopted as such" {
	broken nowhere
	serve --standby "$PWD/nowhere"
	eventually service_is degraded
	remember
	kill_shim
	adopt
	same_members
	eventually service_is degraded
	served_by primary
}

@test "the active member died while no shim was there: a failure, the standby serves" {
	local pid
	serve --standby self
	eventually is_warm
	pid=$(active_pid)
	kill_shim
	kill -KILL "$pid"
	[ "$(status_of)" != created ]
	adopt
	eventually "[ \"\$(ask_of generation)\" = 2 ]"
}

@test "it ended well while no shim was there: its exit code tells, where the kernel keeps it" {
	bundle "$(shell 'sleep 1; exit 0')"
	run_service --standby self --max-failures 0
	kill_shim
	sleep 1.2
	adopt || true
	until_status "$ID" stopped
}

@test "clients that come while there is no shim are served, those in a takeover wait for adopt" {
	serve --standby self
	eventually is_warm
	pid=$(active_pid)
	kill_shim
	served_by primary
	kill -KILL "$pid"
	(sleep 0.5; hart adopt "$ID" </dev/null >adopt.out 2>adopt.err) &
	ask / >late || true
	wait
	eventually '[ "$(ask_of generation)" = 2 ]'
}

@test "starting: killed before the first member is ready" {
	bundle "$(web -d 1500)"
	hart run --ready notify --listen "unix:$PWD/sock" --standby self --bundle "$BUNDLE" "$ID" \
		</dev/null >out 2>err &
	eventually '[ -n "$(application_pids)" ]'
	remember
	kill_shim
	wait
	adopt
	eventually service_is active
	[ "$(application_pids | wc -l)" = 1 ]
	[ "$(ask_of generation)" -ge 1 ]
}

@test "promoting: killed while the standby is not ready yet" {
	patch slow '{"process": {"args": ["/web", "-d", "1500"]}}'
	serve --ready notify --standby "$PWD/slow"
	eventually is_warm
	kill_active
	eventually '[ -n "$(application_pids)" ] && service_is promoting'
	kill_shim
	adopt
	eventually served_by standby-1
	[ "$(application_pids | wc -l)" = 1 ]
	[ "$(ask_of generation)" -ge 2 ]
}

@test "stopping: killed while a member does not heed the signal; the next shim ends it" {
	bundle "$(shell 'trap "" TERM; while :; do sleep 0.1; done')"
	run_service --standby self --stop-timeout 3s
	hart kill "$ID" TERM
	eventually service_is stopping
	kill_shim
	adopt || true
	until_status "$ID" stopped
	[ -z "$(application_pids sh)" ]
}

@test "delete --force of a service whose shim is dead leaves nothing" {
	serve --standby self
	eventually is_warm
	kill_shim
	hart delete --force "$ID"
	same_host
	[ ! -e sock ]
}

@test "the sockets and the fd store outlive the shim" {
	serve --standby self
	eventually is_warm
	kill_shim
	adopt
	eventually is_warm
	kill_active
	eventually served_by standby-1
	[ "$(of .sockets)" = 1 ]
}

@test "a torn last line of the journal is no obstacle" {
	serve --standby self
	kill_shim
	printf '{"time":"2026-01-0' >>"$STATE/$ID/journal"
	adopt
	served_by primary
	kill_active
	eventually '[ "$(ask_of generation)" = 2 ]'
}

@test "five shims in a row: generations only rise" {
	local i
	serve --standby self --max-failures 50 --window 50ms
	for i in 2 3 4 5 6; do
		eventually is_warm
		kill_shim
		adopt
		kill_active
		eventually "[ \"\$(ask_of generation)\" = $i ]"
	done
}
