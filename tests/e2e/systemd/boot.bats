#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# hart@.service: systemd starts a service, and starts hart again when it was killed.
load ../lib
load ../service
load lib

NAME=boot

file_setup() {
	cp "${SERVICE_BIN:=$(dirname "$PROBE")/../../service}/web" "$TEMPLATE/"
	export SERVICE_BIN
}

# The unit as it is installed, but for its paths and what a boot would need besides.
start_unit() {
	sed -e "s,ExecStart=[^ ]*/hart ,ExecStart=$HART --root $STATE ," -e "s,/var/lib/hart/%i,$BUNDLE," \
		-e "s,/etc/hart/%i.env,$PWD/env," -e '/^\[Unit\]/a DefaultDependencies=no' \
		"$(dirname "$HART")/../../contrib/hart@.service" >/run/systemd/system/hart@.service
	echo "HART_FLAGS=$*" >env
	systemctl daemon-reload
	ID=$NAME
	systemctl start "hart@$NAME" || { systemctl status "hart@$NAME" 2>&1 | tail -20; journalctl -b --no-pager 2>&1 | grep -iE "hart|boot" | tail -20; systemctl list-units --all --no-pager | grep hart; return 1; }
}

test_teardown() {
	systemctl stop "hart@$NAME" system-hart.slice || true
	systemctl reset-failed "hart@$NAME" 2>/dev/null || true
}

unit_property() {
	systemctl show -P "$1" "hart@$NAME"
}

@test "start returns when the service is active; status says who serves; the main process is the shim" {
	bundle "$(web)"
	start_unit --standby self --listen "unix:$PWD/sock"
	[ "$(unit_property ActiveState)" = active ]
	[ "$(unit_property MainPID)" = "$(shim_pid)" ]
	served_by primary
	eventually is_warm
	kill_active
	eventually 'unit_property StatusText | grep -q "active standby-1, generation 2"'
	[ "$(unit_property MainPID)" = "$(shim_pid)" ]
	systemctl stop "hart@$NAME"
	[ "$(unit_property ActiveState)" = inactive ]
	[ "$(unit_property Result)" = success ]
}

@test "kill -9 of the shim: the service serves on and is adopted, over and over" {
	local pid i shim

	bundle "$(web)"
	start_unit --standby self --listen "unix:$PWD/sock"
	eventually is_warm
	pid=$(active_pid)
	for i in 1 2 3; do
		shim=$(shim_pid)
		kill -KILL "$shim"
		eventually '[ "$(unit_property ActiveState)" = active ] && [ "$(unit_property MainPID)" != '"$shim"' ]'
		eventually '[ "$(shim_pid)" = "$(unit_property MainPID)" ]'
		[ "$(active_pid)" = "$pid" ]
		served_by primary
	done
	kill_active
	eventually 'served_by standby-1'
}

@test "a shim that hangs is found by the watchdog, and its service adopted" {
	local shim

	bundle "$(web)"
	start_unit --standby self --listen "unix:$PWD/sock"
	systemctl stop "hart@$NAME"
	sed -i 's/^WatchdogSec=.*/WatchdogSec=500ms\nWatchdogSignal=SIGKILL/' /run/systemd/system/hart@.service
	systemctl daemon-reload
	systemctl start "hart@$NAME" || { systemctl status "hart@$NAME" 2>&1 | tail -20; journalctl -b --no-pager 2>&1 | grep -iE "hart|boot" | tail -20; systemctl list-units --all --no-pager | grep hart; return 1; }
	shim=$(shim_pid)
	sleep 1
	[ "$(shim_pid)" = "$shim" ]
	kill -STOP "$shim"
	eventually '[ "$(unit_property MainPID)" != '"$shim"' ] && [ "$(unit_property ActiveState)" = active ]'
	served_by primary
}

@test "a service that cannot start is a failed start" {
	bundle "$(args /none)"
	! start_unit --standby self || false
	[ "$(unit_property ActiveState)" != active ]
}
