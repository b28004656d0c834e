#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The host fails a service: no room and no right to write, no descriptors, a member that stands still when it is to
# be killed. What is promised (the next one serves) holds all the same.
load lib
load service

# small NAME: a file system of 64 KiB at $PWD/NAME.
small() {
	mkdir "$1"
	mount -t tmpfs -o size=64k small "$PWD/$1"
}

fill() {
	cat /dev/zero >"$1/filler" 2>/dev/null || true
}

clear_away() {
	hart delete --force "$ID"
	umount -l "$PWD/$1"
}

takes_over() { # GENERATION
	eventually is_warm
	kill_active
	eventually "[ \"\$(ask_of generation)\" = $1 ]"
}

@test "a full disk: journal and log lose records and say how many, the service loses nothing" {
	bundle '.process.args = ["/bin/sh", "-c", "i=0; while [ $i -lt 3000 ]; do echo a line of many; i=$((i+1)); done; exec /web"]'
	small disk
	run_service --standby self --max-failures 50 --journal "$PWD/disk/journal" --log-file "$PWD/disk/log"
	fill disk
	for generation in {2..12}; do takes_over "$generation"; done
	[ "$(of .journalLost)" -gt 0 ]
	[ "$(of .logLost)" -gt 0 ]
	rm disk/filler
	: >disk/log
	lost=$(of .journalLost)
	takes_over 13
	[ "$(of .journalLost)" = "$lost" ]
	[ "$(jq -R 'fromjson? | .generation' disk/journal | tail -n 1)" = 13 ]
	[ "$(jq -R 'fromjson? // "torn"' disk/journal | grep -c torn)" -le 1 ]
	clear_away disk
}

@test "messages that nobody reads hold no takeover up" {
	bundle "$(web)"
	mkfifo messages
	exec 7<>messages
	dd if=/dev/zero of=messages oflag=nonblock bs=4096 count=4096 2>/dev/null || true
	hart run --standby self --listen "unix:$PWD/sock" --bundle "$BUNDLE" "$ID" </dev/null >out 2>&7 7>&- &
	eventually is_warm
	kill_active
	eventually served_by standby-1
	hart kill "$ID" TERM
	wait $! || :
	exec 7<&-
}

@test "a journal that cannot be written from the beginning is an error that names it" {
	small disk
	mount -o remount,ro "$PWD/disk"
	bundle "$(web)"
	refuses 'disk/journal.*Read-only' hart run -d --standby self --journal "$PWD/disk/journal" --bundle "$BUNDLE" "$ID"
	[ ! -e "$STATE/$ID" ]
	umount "$PWD/disk"
}

@test "no descriptors left: the warm standby serves, others come back when there are some again" {
	serve --standby self --max-failures 50 --backoff 100ms:200ms
	eventually is_warm
	shim=$(shim_pid)
	n=$(find "/proc/$shim/fd" -mindepth 1 | wc -l)
	prlimit --pid "$shim" --nofile="$((n - 6)):"
	kill_active
	eventually served_by standby-1
	sleep 0.5
	served_by standby-1
	prlimit --pid "$shim" --nofile=1024:
	eventually is_warm
	takes_over 3
	[ "$(find "/proc/$shim/fd" -mindepth 1 | wc -l)" -le "$((n + 1))" ]
}

@test "a frozen member is fenced: it does not heed the stop signal, and is killed before the next one runs" {
	serve --standby self --stop-timeout 200ms
	eventually is_warm
	echo 1 >"/sys/fs/cgroup$(jq -r .cgroup "$STATE/$ID/state.json")/primary/cgroup.freeze"
	hart failover "$ID" </dev/null >out 2>err
	served_by standby-1
	[ "$(application_pids | wc -l)" = 1 ]
}

@test "the control socket: garbage, too much, silence, many; it answers the next one" {
	local i
	serve --standby self
	[ "$(stat -c %a "$STATE/$ID/control")" = 600 ]
	python3 - "$STATE/$ID/control" <<-'PY'
		import socket, sys
		def connect():
		    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		    s.settimeout(5)
		    s.connect(sys.argv[1])
		    return s
		for frame in (b"", b"{", b"\xff" * 1000, b"[]", b'{"command":"fly"}', b'{"command":7}', b"{" * 60000,
		              b'{"command":"failover","to":"' + b"x" * 60000 + b'"}', b'{"command":"upgrade"}'):
		    s = connect()
		    s.send(frame)
		    try:
		        answer = s.recv(65536)
		    except ConnectionResetError:
		        answer = b""
		    assert not answer or b"error" in answer, (frame[:40], answer)
		silent = []
		for i in range(40):
		    try:
		        silent.append(connect())
		    except OSError:
		        break
	PY
	served_by primary
	service_is active
}

@test "the control socket is for its owner and root alone" {
	serve --standby self
	chmod 755 "$STATE" "$STATE/$ID"
	chmod 666 "$STATE/$ID/control"
	python3 - "$STATE/$ID/control" <<-'PY'
		import os, socket, sys
		os.setgid(65534)
		os.setuid(65534)
		s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		s.settimeout(5)
		try:
		    s.connect(sys.argv[1])
		    s.send(b'{"command":"stop"}')
		    answer = s.recv(65536)
		except (ConnectionResetError, PermissionError, BrokenPipeError):
		    answer = b""
		assert not answer or b"error" in answer, answer
	PY
	service_is active
	chmod 700 "$STATE/$ID"
}
