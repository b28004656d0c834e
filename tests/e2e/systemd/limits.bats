#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The systemd cgroup driver: limits, as properties of the unit and in the files. Needs the controllers: run on
# tests/hosts/systemdhost in User Mode Linux.
load ../lib
load lib

setup_needs() {
	local c

	for c in cpu io memory pids; do
		has_controller "$c" || skip "no $c controller"
	done
}

# file NAME: of the container's cgroup.
file() {
	cat "$(cgroup_of)/$1"
}

LIMITS='.linux.resources = {memory: {limit: 67108864, reservation: 33554432, swap: 67108864}, pids: {limit: 55},
	cpu: {shares: 1024, quota: 12345, period: 50000}, unified: {"memory.high": "50331648"}}'

@test "limits are the unit's properties, and exactly in the files" {
	setup_needs
	up "$(in_unit)" "$LIMITS"
	has_property MemoryMax 67108864
	has_property MemoryLow 33554432
	has_property MemoryHigh 50331648
	has_property TasksMax 55
	has_property CPUWeight 100
	has_property CPUQuotaPerSecUSec 250ms
	has_property CPUQuotaPeriodUSec 50ms
	[ "$(file memory.max)" = 67108864 ]
	[ "$(file memory.high)" = 50331648 ]
	[ "$(file pids.max)" = 55 ]
	[ "$(file cpu.max)" = "12345 50000" ]
	systemctl daemon-reload
	[ "$(file memory.max)" = 67108864 ]
	[ "$(file pids.max)" = 55 ]
	# Which systemd writes itself, in whole per cent of a CPU.
	[ "$(file cpu.max)" = "12500 50000" ] || [ "$(file cpu.max)" = "12345 50000" ]
	has_property MemoryMax 67108864
}

@test "update changes both, and what it does not name stays" {
	setup_needs
	up "$(in_unit)" "$LIMITS"
	plain_hart update --pids-limit 77 --memory 100M --memory-swap 100M --cpu-quota 20000 "$ID"
	has_property TasksMax 77
	has_property MemoryMax 104857600
	has_property MemoryLow 33554432
	has_property CPUQuotaPerSecUSec 400ms
	[ "$(file pids.max)" = 77 ]
	[ "$(file memory.max)" = 104857600 ]
	[ "$(file memory.high)" = 50331648 ]
	[ "$(file cpu.max)" = "20000 50000" ]
	systemctl daemon-reload
	[ "$(file pids.max)" = 77 ]
	[ "$(file memory.max)" = 104857600 ]
	plain_hart update --pids-limit -1 "$ID"
	has_property TasksMax infinity
	[ "$(file pids.max)" = max ]
}

@test "an update that a file refuses is taken back in the unit as well" {
	setup_needs
	up "$(in_unit)" "$LIMITS"
	echo '{"pids":{"limit":99},"unified":{"cpu.max":"5 5"}}' >wrong.json
	refuses 'cpu.max' plain_hart update --resources wrong.json "$ID"
	has_property TasksMax 55
	[ "$(file pids.max)" = 55 ]
}

@test "limits hold" {
	setup_needs
	bundle "$(in_unit)" '.linux.resources = {pids: {limit: 3}}' "$(shell 'sleep 5 & sleep 5 & sleep 5 & sleep 5 & wait')"
	run_bundle || true
	grep -qi "can't fork" err
}

@test "a service's limits are its unit's, whoever is active" {
	setup_needs
	bundle "$(in_unit)" "$LIMITS" "$(args /probe sleep)"
	hart run -d --standby self --bundle "$BUNDLE" "$ID" </dev/null >out 2>err
	has_property MemoryMax 67108864
	[ "$(cat "/sys/fs/cgroup/system.slice/$(unit_of)/memory.max")" = 67108864 ]
	[ "$(cat "/sys/fs/cgroup/system.slice/$(unit_of)/primary/memory.max")" = max ]
	plain_hart update --memory 100M --memory-swap 100M "$ID"
	has_property MemoryMax 104857600
}
