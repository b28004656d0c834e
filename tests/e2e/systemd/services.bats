#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The systemd cgroup driver: a service as a scope, in which its members come and go.
load ../lib
load ../service
load lib

@test "a service's unit holds the cgroups of its members; a takeover stays in it" {
	serve --standby self -- "$(in_unit)"
	eventually is_warm
	has_property ActiveState active
	has_property ControlGroup "/system.slice/$(unit_of)"
	[ "$(cgroup_of)" = "/sys/fs/cgroup/system.slice/$(unit_of)/primary" ]
	[ -d "/sys/fs/cgroup/system.slice/$(unit_of)/standby-1" ]
	kill_active
	eventually served_by standby-1
	eventually is_warm
	[ "$(cgroup_of)" = "/sys/fs/cgroup/system.slice/$(unit_of)/standby-1" ]
	has_property ActiveState active
	plain_hart delete --force "$ID"
	unit_is_gone
	[ ! -e "/sys/fs/cgroup/system.slice/$(unit_of)" ]
}

@test "the unit stays while no member runs" {
	local invocation

	bundle "$(in_unit)" "$(args /bin/false)"
	hart run -d --restarts 100 --backoff 200ms:200ms --bundle "$BUNDLE" "$ID" </dev/null >out 2>err || true
	invocation=$(property InvocationID)
	[ -n "$invocation" ]
	eventually '[ "$(of .generation)" -ge 4 ]'
	has_property InvocationID "$invocation"
	hart delete --force "$ID"
	unit_is_gone
}

@test "daemon-reload and daemon-reexec between two takeovers" {
	serve --standby self -- "$(in_unit)"
	eventually is_warm
	systemctl daemon-reload
	kill_active
	eventually served_by standby-1
	eventually is_warm
	systemctl daemon-reexec
	kill_active
	eventually served_by primary
	has_property ActiveState active
}

@test "the unit outlives the shim, and is the adopted service's" {
	serve --standby self -- "$(in_unit)"
	eventually is_warm
	kill_shim
	has_property ActiveState active
	plain_hart adopt "$ID"
	eventually is_warm
	kill_active
	eventually served_by standby-1
	plain_hart delete --force "$ID"
	unit_is_gone
}

@test "a service that ends by itself leaves no unit" {
	bundle "$(in_unit)" "$(args /bin/true)"
	in_foreground --standby self
	unit_is_gone
}

@test "freeze, update, exec, upgrade" {
	serve --standby self -- "$(in_unit)"
	eventually is_warm
	plain_hart pause "$ID"
	[ "$(status_of)" = paused ]
	plain_hart resume "$ID"
	plain_hart exec "$ID" /bin/true
	plain_hart failover "$ID"
	eventually served_by standby-1
	has_property DevicePolicy auto
	hart delete --force "$ID"
	unit_is_gone
}

@test "create and start as engines do" {
	bundle "$(in_unit)" "$(web)" '.annotations = {"org.hart.standby": "self"}'
	create "$ID"
	has_property ActiveState active
	plain_hart start "$ID"
	eventually is_warm
	kill_active
	eventually '[ "$(of .active)" = standby-1 ]' && eventually is_warm
	plain_hart delete --force "$ID"
	unit_is_gone
}

@test "systemctl stop ends the service, a standby too, and nothing is built anew" {
	serve --standby self -- "$(in_unit)"
	eventually is_warm
	timeout 20 systemctl stop "$(unit_of)"
	eventually '[ "$(status_of)" = stopped ]'
	[ ! -e "/sys/fs/cgroup/system.slice/$(unit_of)" ]
	plain_hart delete "$ID"
	unit_is_gone
}

@test "a unit of somebody else's is refused, and left alone" {
	systemd-run --quiet --scope --unit "test-$ID" --description "somebody's" sleep 100 >run.out 2>&1 3>&- &
	eventually has_property ActiveState active
	bundle "$(in_unit)" "$(web)"
	refuses 'there already' hart run -d --standby self --bundle "$BUNDLE" "$ID"
	has_property Description "somebody's"
	[ ! -e "$STATE/$ID" ]
	systemctl stop "$(unit_of)"
	wait
}
