#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# hart metrics: what a monitoring system reads of all services and containers.
load lib
load service

# sample NAME [LABEL=VALUE...]: that sample's value.
sample() {
	/usr/bin/python3 - "$@" <<-'END'
		import sys
		from prometheus_client.openmetrics.parser import text_string_to_metric_families as read
		name, want = sys.argv[1], dict(a.split("=", 1) for a in sys.argv[2:])
		found = [s.value for f in read(open("metrics").read()) for s in f.samples
		         if s.name == name and want.items() <= s.labels.items()]
		assert len(found) == 1, found
		print("%g" % found[0])
	END
}

is() { # VALUE NAME LABEL=VALUE...
	local want=$1 got

	shift
	got=$(sample "$@")
	[ "$got" = "$want" ] || {
		echo "$*: $got, expected $want"
		return 1
	}
}

metrics() {
	hart metrics >metrics
}

@test "an empty root: the format is well-formed" {
	metrics
	[ "$(tail -n 1 metrics)" = '# EOF' ]
	is 1 hart_build_info
	hart metrics --format prometheus | promtool check metrics
	refuses 'neither openmetrics nor prometheus' hart metrics --format xml
}

@test "a service and a container: who serves, and what they use" {
	up
	ID=web serve --standby self --max-failures 7 --window 90s --probe exec:/bin/true --probe-interval 50ms
	ID=web eventually is_warm
	metrics
	is 1 hart_service_up id=web
	is 1 hart_service_shim_up id=web
	is 1 hart_service_state id=web state=active
	is 1 hart_service_member_state id=web member=primary role=active state=running
	is 1 hart_service_member_state id=web member=standby-1 role=standby state=warm
	is 1 hart_service_generation id=web
	is 0 hart_service_degraded id=web
	is 0 hart_service_looping id=web
	is 7 hart_service_failures_max id=web
	is 90 hart_service_window_seconds id=web
	is 0 hart_service_takeover_seconds_count id=web
	is 1 hart_container_status "id=$ID" kind=container status=running
	is 1 hart_container_status id=web kind=service status=running
	[ "$(sample hart_container_cpu_seconds_total id=web)" != 0 ]
	# Where the controller is not on there is no such figure, rather than a wrong one.
	if has_controller pids && [ -e "/sys/fs/cgroup$(jq -r .cgroup "$STATE/web/state.json")/pids.current" ]; then
		[ "$(sample hart_container_processes id=web)" -ge 2 ]
	else
		! grep 'hart_container_processes{id="web"' metrics
	fi
	[ "$(sample hart_service_probes_total id=web result=succeeded)" -ge 1 ]
	is 0 hart_service_probes_total id=web result=failed
	[ "$(sample hart_service_probe_seconds_count id=web)" -ge 1 ]
	[ "$(sample hart_service_probe_seconds_bucket id=web le=+Inf)" -ge 1 ]
	hart metrics --format prometheus | promtool check metrics
}

@test "takeovers are counted by cause, and how long they took" {
	serve --standby self
	eventually is_warm
	hart fail "$ID"
	eventually is_warm
	hart failover "$ID"
	metrics
	is 1 hart_service_failovers_total "id=$ID" cause=signal
	is 1 hart_service_failovers_total "id=$ID" cause=manual
	is 2 hart_service_takeover_seconds_count "id=$ID"
	is 2 hart_service_takeover_seconds_bucket "id=$ID" le=+Inf
	is 3 hart_service_generation "id=$ID"
	is 1 hart_service_failures_in_window "id=$ID"
	hart metrics --format prometheus | promtool check metrics
}

@test "a restart in place is none of a failover" {
	serve --restarts 3
	hart fail "$ID"
	metrics
	is 1 hart_service_restarts_total "id=$ID" cause=signal
	! grep '^hart_service_failovers_total' metrics
}

@test "a shim that stands still or is dead costs the others nothing" {
	local shim
	serve --standby self
	eventually is_warm
	shim=$(shim_pid)
	ID=other run_it_beside
	kill -STOP "$shim"
	metrics
	kill -CONT "$shim"
	is 0 hart_service_shim_up "id=$ID"
	is 1 hart_service_shim_up id=other
	kill_shim
	metrics
	is 0 hart_service_shim_up "id=$ID"
	is 0 hart_service_up "id=$ID"
	is 1 hart_service_up id=other
}

# A second service, with a socket of its own.
run_it_beside() {
	hart run -d --listen "unix:$PWD/other" --bundle "$BUNDLE" "$ID" </dev/null >out 2>err
}
