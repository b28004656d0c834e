#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What starts services at boot: run --replace, adopt --all.
load lib
load service

@test "run --replace adopts a service whose shim has died" {
	local pid

	serve --standby self
	pid=$(active_pid)
	refuses 'is running' hart run -d --replace --standby self --bundle "$BUNDLE" "$ID"
	kill_shim
	refuses 'exists' hart run -d --standby self --bundle "$BUNDLE" "$ID"
	run_service --replace --standby self
	[ "$(active_pid)" = "$pid" ]
	served_by primary
}

@test "run --replace deletes what has ended, and makes it anew" {
	bundle "$(args /probe true)"
	serve
	hart kill "$ID" TERM
	until_status "$ID" stopped
	run_service --replace
	served_by primary
	hart delete --force "$ID"
	run_service --replace
	served_by primary
}

@test "run --replace of a plain container: a live one is refused, one that has ended replaced" {
	up
	refuses 'is running' hart run -d --replace --bundle "$BUNDLE" "$ID"
	hart kill "$ID" KILL
	until_status "$ID" stopped
	hart run -d --replace --bundle "$BUNDLE" "$ID"
	[ "$(status_of)" = running ]
}

@test "adopt --all takes up each orphan, and leaves the others alone" {
	local one=$ID

	serve --standby self
	kill_shim
	ID=$one-2
	hart run -d --standby self --bundle "$BUNDLE" "$ID" </dev/null
	local shim
	shim=$(shim_pid)
	hart adopt --all
	[ "$(shim_pid)" = "$shim" ]
	ID=$one
	served_by primary
	[ "$(of .shim.pid)" -gt 0 ]
	refuses 'or --all' hart adopt
	refuses 'or --all' hart adopt --all "$ID"
}

@test "the caller's NOTIFY_SOCKET hears of the start and of a takeover" {
	timeout 20 python3 -c '
import socket,sys
s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM); s.bind("manager"); s.settimeout(15); print("bound",flush=True)
while True: print(s.recv(4096).decode(),flush=True)' >heard 2>&1 3>&- 4>&- &
	local listener=$!
	eventually 'grep -q bound heard'
	NOTIFY_SOCKET=$PWD/manager serve --standby self
	eventually 'grep -qx READY=1 heard'
	grep -qx "MAINPID=$(shim_pid)" heard
	eventually is_warm
	kill_active
	eventually 'grep -q "active standby-1, generation 2" heard'
	[ "$(grep -cx READY=1 heard)" = 1 ]
	hart kill "$ID" TERM
	eventually 'grep -qx STOPPING=1 heard'
	kill "$listener"
}

@test "a manager whose socket is full hears of the start when it reads again" {
	timeout 60 python3 -c '
import os,socket,time
s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM); s.bind("manager"); s.settimeout(50)
c=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM); c.setblocking(False)
try:
    while True: c.sendto(b"other", "manager")
except BlockingIOError: print("full",flush=True)
while not os.path.exists("go"): time.sleep(0.05)
while True: print(s.recv(4096).decode(),flush=True)' >heard 2>&1 3>&- 4>&- &
	local listener=$!
	eventually 'grep -q full heard'
	NOTIFY_SOCKET=$PWD/manager serve
	service_is active
	touch go
	eventually 'grep -qx READY=1 heard'
	grep -qx "MAINPID=$(shim_pid)" heard
	kill "$listener"
}
