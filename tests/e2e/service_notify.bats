#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# sd_notify(3) and sd_listen_fds(3) with the clients that there are: libsystemd, systemd-notify, a server that
# takes its sockets; the fd store; and messages of those who have nothing to say.
load lib
load service

more_setup() {
	local lib

	[ -x "$SERVICE_BIN/notifier" ] || return 0
	cp "$SERVICE_BIN/notifier" "$TEMPLATE/"
	command -v systemd-notify >/dev/null && cp "$(command -v systemd-notify)" "$TEMPLATE/bin/"
	for lib in $(ldd "$TEMPLATE"/notifier "$TEMPLATE"/bin/systemd-notify 2>/dev/null |
		grep -oE '/[^ :]+\.so[^ :]*' | sort -u); do
		mkdir -p "$TEMPLATE${lib%/*}"
		cp -L "$lib" "$TEMPLATE$lib"
	done
}


# notifier WORD...: a service of libsystemd's, with its output in the log.
notifier() {
	[ -x "$TEMPLATE/notifier" ] || skip "no libsystemd"
	bundle "$(args /notifier "$@")"
}

logged() {
	hart logs "$ID" | grep -q -- "$1"
}

# Whoever is active, there is a warm standby.
settled() {
	eventually is_warm
}

@test "READY=1 and STATUS= of libsystemd" {
	notifier sleep=300 ready=working hang
	run_service --ready notify --standby self
	[ "$(member primary status)" = working ]
	[ "$(journal '([.[] | select(.to == "active")][0].ns - .[0].ns) > 250000000')" = true ]
}

@test "WATCHDOG=1 of libsystemd, which learns the interval; the last one is the beginning of the end" {
	notifier ready=x watchdog=10 hang
	run_service --ready notify --watchdog 200ms --standby self
	sleep 0.6
	[ "$(of .generation)" = 1 ]
	eventually "[ \"\$(of .active)\" = standby-1 ]"
	logged 'primary 1 watchdog 200000'
	[ "$(journal '[.[] | select(.to == "fencing")][0].cause')" = watchdog ]
}

@test "one that is ready at once and never says WATCHDOG=1 is caught" {
	notifier first ready=x hang then ready=y watchdog=1000 hang
	run_service --ready notify --watchdog 500ms --standby self
	eventually "[ \"\$(of .active)\" = standby-1 ]"
	[ "$(of '.takeovers[0].cause')" = watchdog ]
}

@test "WATCHDOG=trigger fails over at once" {
	notifier ready=x first sleep=300 raw=WATCHDOG=trigger then hang
	run_service --ready notify --watchdog 60s --standby self
	eventually "[ \"\$(of .active)\" = standby-1 ]"
	[ "$(journal '[.[] | select(.to == "fencing")][0].cause')" = watchdog ]
}

@test "WATCHDOG=trigger in an overlapping switch is the failure of who says it" {
	notifier first ready=x wait=/trigger raw=WATCHDOG=trigger hang then wait=/ready ready=y hang
	run_service --ready notify --standby self
	eventually is_warm
	hart failover --overlap "$ID" >failover.out 2>&1 &
	eventually '[ "$(of .generation)" = 2 ]'
	touch "$BUNDLE/rootfs/trigger"
	eventually '[ "$(journal ".[-1].cause")" = watchdog ]'
	touch "$BUNDLE/rootfs/ready"
	eventually "[ \"\$(of .active)\" = standby-1 ]"
	[ "$(of .generation)" = 2 ]
	[ "$(journal '[.[] | select(.to == "fencing")] | length')" = 0 ]
}

@test "WATCHDOG_USEC of one that is to end is not that of its successor" {
	notifier first ready=x wait=/now raw=WATCHDOG_USEC=0 hang then ready=y hang
	run_service --ready notify --watchdog 3s --standby self
	eventually is_warm
	hart failover --overlap "$ID"
	touch "$BUNDLE/rootfs/now"
	eventually "[ \"\$(of '.takeovers[-1].cause')\" = watchdog ]"
}

@test "EXTEND_TIMEOUT_USEC gives a slow start its time" {
	notifier extend=3000000 sleep=800 ready=late hang
	run_service --ready notify --ready-timeout 400ms
	[ "$(of .generation)" = 1 ]
	[ "$(member primary status)" = late ]
}

@test "the fd store: parked descriptors come back to the next member, with their names" {
	notifier list first store=a:alpha store=b:beta store=c:gamma remove=b barrier=5000 ready=x then ready=x hang
	run_service --ready notify --standby self
	settled
	kill_active
	eventually logged "standby-1 2 fd c gamma"
	logged 'primary 1 fds 1'
	logged 'standby-1 2 fds 3'
	logged 'standby-1 2 fd unix socket'
	logged 'standby-1 2 fd a alpha'
	! logged beta
}

@test "the fd store: what hangs up is taken out, but with FDPOLL=0" {
	notifier list first pipe=gone pipe=kept:0 store=a:alpha barrier=5000 ready=x then ready=x hang
	run_service --ready notify --standby self
	settled
	eventually '[ "$(of .sockets)" = 3 ]'
	kill_active
	eventually logged 'standby-1 2 fds 3'
	logged 'standby-1 2 fd kept'
	! logged gone
}

@test "the fd store is bounded" {
	notifier first flood=100 barrier=5000 then ready=x list hang
	run_service --ready notify --standby self --fdstore-max 10
	settled
	[ "$(find "/proc/$(shim_pid)/fd" -type l -printf '%l\n' | grep -c memfd)" = 10 ]
	kill_active
	eventually logged 'standby-1 2 fds 11'
	[ "$(of .sockets)" = 11 ]
}

@test "--fdstore-max 0: nothing is kept" {
	notifier first store=a:alpha barrier=5000 then ready=x list hang
	run_service --ready notify --standby self --fdstore-max 0
	[ "$(of .sockets)" = 1 ]
}

@test "a flood of messages and descriptors starves nobody" {
	notifier first flood=4000 then ready=x hang
	run_service --ready notify --standby self --fdstore-max 4
	[ "$(find "/proc/$(shim_pid)/fd" -type l | wc -l)" -lt 100 ]
	[ "$(of .generation)" = 1 ]
}

@test "nonsense on the socket changes nothing" {
	notifier raw=garbage "raw==" "raw=READY" "raw=$(printf 'X%.0s' {1..5000})=1" \
		"raw=FDNAME=$(printf 'n%.0s' {1..300})" raw=WATCHDOG_USEC=-1 raw=FDSTORE=1 \
		raw=EXTEND_TIMEOUT_USEC=99999999999999999999 store=bad:name:x ready=fine hang
	run_service --ready notify
	[ "$(member primary status)" = fine ]
	[ "$(of .sockets)" -le 2 ]
}

@test "systemd-notify of Debian inside the container" {
	[ -x "$TEMPLATE/bin/systemd-notify" ] || skip "no systemd-notify"
	bundle "$(shell 'systemd-notify --ready --status="by the tool"; exec sleep 1000')"
	run_service --ready notify --standby self
	[ "$(member primary status)" = "by the tool" ]
}

@test "LISTEN_FDNAMES: names, in the order of the flags" {
	notifier list ready=x hang
	hart run -d --ready notify --listen "first=unix:$PWD/a" --listen tcp:127.0.0.1:8090 \
		--listen "third=udp:127.0.0.1:8090" --bundle "$BUNDLE" "$ID" </dev/null >out 2>err
	eventually logged 'fd third'
	[ "$(hart logs "$ID" | grep -o 'fd .* socket' | tr '\n' ' ')" = \
		"fd first socket fd tcp socket fd third socket " ]
}

@test "a Python server that takes LISTEN_FDS keeps its clients through a takeover" {
	command -v python3 >/dev/null || skip "no python3"
	cat >server.py <<-'PY'
		import http.server, os, socket, socketserver
		assert os.environ["LISTEN_PID"] == str(os.getpid())
		class Handler(http.server.BaseHTTPRequestHandler):
		    def do_GET(self):
		        body = ('{"member":"%s","start_ns":1}' % os.environ["HART_MEMBER"]).encode()
		        self.send_response(200)
		        self.send_header("Content-Length", str(len(body)))
		        self.end_headers()
		        self.wfile.write(body)
		    def address_string(self):
		        return "unix"
		class Server(socketserver.UnixStreamServer):
		    def __init__(self):
		        super().__init__("", Handler, bind_and_activate=False)
		        self.socket = socket.socket(fileno=3)
		Server().serve_forever()
	PY
	# The host's own root, read-only: the interpreter needs much of it.
	bundle "$(args /usr/bin/python3 "$PWD/server.py")" '.root.path = "/" | .root.readonly = true' \
		'.process.env += ["PYTHONDONTWRITEBYTECODE=1"]'
	run_service --standby self
	served_by primary
	eventually is_warm
	kill_active
	served_by standby-1
}

# --- those who have nothing to say --------------------------------------------------------------------

# to_notify TEXT: sends it from the host to every notify socket of the service.
to_notify() {
	python3 - "$STATE/$ID" "$1" <<-'PY'
		import array, os, socket, sys
		found = 0
		for path, _, names in os.walk(sys.argv[1]):
		    if "notify" in names:
		        os.chdir(path)
		        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		        fd = os.memfd_create("intruder")
		        s.sendmsg([sys.argv[2].encode()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
		                                            array.array("i", [fd]))], 0, "notify")
		        found += 1
		sys.exit(found == 0)
	PY
}

@test "a process of the host is not listened to, though root may write to the sockets" {
	notifier ready=mine hang
	run_service --ready notify --standby self
	settled
	to_notify $'STATUS=intruder\nFDSTORE=1\nFDNAME=intruder\nWATCHDOG=trigger'
	sleep 0.3
	[ "$(of .generation)" = 1 ]
	[ "$(of .sockets)" = 1 ]
	[ "$(member primary status)" = mine ]
	[ "$(member standby-1 status)" = null ]
}

@test "what a member said right before it died is not its successor's" {
	# READY=1 of generation 1 lies in the queue when it dies; generation 2 never says it.
	notifier first ready=first wait=/go raw=READY=1 exit=1 then hang
	run_service --ready notify --ready-timeout 2s --standby self --max-failures 1
	eventually is_warm
	touch "$BUNDLE/rootfs/go"
	until_status "$ID" stopped
	[ "$(journal '.[-1].to')" = exhausted ]
	[ "$(journal '[.[] | select(.generation == 2 and (.to == "active" or .to == "degraded"))] | length')" = 0 ]
	[ "$(journal '[.[] | select(.cause == "ready-timeout" and .generation == 2)] | length > 0')" = true ]
}

@test "a member cannot see the notify socket of another" {
	serve --standby self
	settled
	[ "$(find "/proc/$(active_pid)/root/dev/.hart" -type s | wc -l)" = 1 ]
	kill_active
	eventually served_by standby-1
	[ "$(find "/proc/$(active_pid)/root/dev/.hart" -type s | wc -l)" = 1 ]
}
