#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# hart stop and restart.
load lib
load service

@test "stop: by the stop signal, then by SIGKILL, and waits" {
	up
	hart stop "$ID"
	[ "$(status_of)" = stopped ]
	hart stop "$ID"
	hart delete "$ID"
	ID=deaf bundle "$(shell 'trap "" TERM; /bin/touch /tmp/up; while :; do sleep 1; done')" '.root.readonly = false'
	create deaf
	hart start deaf
	eventually '[ -e "$BUNDLE/rootfs/tmp/up" ]'
	hart stop --timeout 200ms deaf
	[ "$(status_of deaf)" = stopped ]
	refuses 'does not exist' hart stop nobody
}

@test "stop by the image's own signal" {
	bundle "$(shell 'trap "echo usr1; exit 0" USR1; trap "" TERM; /bin/touch /tmp/up; while :; do sleep 0.05; done')" \
		'.annotations["org.opencontainers.image.stopSignal"] = "SIGUSR1"' '.root.readonly = false'
	create "$ID"
	hart start "$ID"
	eventually '[ -e "$BUNDLE/rootfs/tmp/up" ]'
	hart stop "$ID"
	grep -q usr1 out
}

@test "stop of a service: it has ended and cannot be taken over" {
	serve --standby self
	eventually is_warm
	hart stop "$ID"
	[ "$(status_of)" = stopped ]
	service_is stopped
	hart stop "$ID"
}

@test "stop of a service that does not heed it: its own bound, or the one that is given" {
	serve --stop-timeout 60s -- "$(shell '/web & trap "" TERM; while :; do sleep 1; done')"
	eventually service_is active
	hart stop --timeout 200ms "$ID"
	[ "$(status_of)" = stopped ]
}

@test "stop of a service without a shim says what to do" {
	serve
	kill_shim
	refuses "hart adopt $ID" hart stop "$ID"
}

@test "restart: another program serves, and no failure is counted" {
	serve --standby self
	eventually is_warm
	hart restart "$ID"
	served_by standby-1
	[ "$(of .failures)" = 0 ]
	up_alone
	refuses 'not a supervised service' hart restart alone
}

up_alone() {
	ID=alone up
}

@test "restart without a standby says what does it" {
	serve
	refuses 'hart upgrade --stop-first --bundle' hart restart "$ID"
	hart upgrade --stop-first --no-wait --bundle "$BUNDLE" "$ID"
	eventually '[ "$(ask_of generation)" = 2 ]'
}
