#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Descriptors and the working directory: nothing leaks in but what was asked for (security.md 2).
load lib

# leaky ARGUMENT...: hart called with fifty descriptors left open, one of them the host's root.
leaky() {
	"$PROBE" leak 50 timeout 30 "$HART" --root "$STATE" "$@" </dev/null 3>&- 4>&-
}

@test "a leaking caller: inside are 0, 1 and 2 alone" {
	bundle
	leaky run --bundle "$BUNDLE" "$ID" >report.json
	check '[.fds[].fd] == [0, 1, 2]'
	bundle "$(args /probe report)"
	leaky create --bundle "$BUNDLE" "$ID" >report.json
	leaky start "$ID"
	until_status "$ID" stopped
	check '[.fds[].fd] == [0, 1, 2]'
}

@test "a leaking caller of exec" {
	up
	leaky exec "$ID" /probe report >report.json
	check '[.fds[].fd] == [0, 1, 2]'
}

@test "--preserve-fds passes that many from 3 on and nothing else" {
	bundle "$(args /probe report)"
	"$PROBE" leak 9 timeout 30 "$HART" --root "$STATE" run --preserve-fds 2 --bundle "$BUNDLE" "$ID" \
		</dev/null >report.json 3>three 4>four 5>five
	check '[.fds[].fd] == [0, 1, 2, 3, 4]' '.fds[3].target | endswith("three")'
	bundle "$(args /probe fds 3 4)"
	timeout 30 "$HART" --root "$STATE" run --preserve-fds 2 --bundle "$BUNDLE" "$ID" \
		</dev/null 3>three 4>four
	[ "$(cat three four)" = $'from fd 3\nfrom fd 4' ]
}

@test "--preserve-fds of exec" {
	up
	timeout 30 "$HART" --root "$STATE" exec --preserve-fds 1 "$ID" /probe fds 3 \
		</dev/null 3>three 4>four
	[ "$(cat three)" = 'from fd 3' ]
	refuses 'fd|descriptor' hart exec --preserve-fds 40 "$ID" /bin/true
}

@test "a descriptor that the caller has not opened is none to preserve: by that number hart has one of its own" {
	bundle "$(args /bin/true)"
	refuses 'preserve descriptor 3: the caller has not opened it' hart run --preserve-fds 1 --bundle "$BUNDLE" "$ID"
	LISTEN_FDS=1 refuses 'preserve descriptor 3: the caller' hart run --bundle "$BUNDLE" "$ID"
	up
	refuses 'preserve descriptor 3: the caller' hart exec --preserve-fds 1 "$ID" /bin/true
}

@test "LISTEN_FDS passes the sockets and sets LISTEN_PID to the program's own PID" {
	bundle "$(args /probe report)"
	"$PROBE" listen-fds 2 "$HART" --root "$STATE" run --bundle "$BUNDLE" "$ID" \
		</dev/null >report.json 3>three 4>four 5>five
	check '[.fds[].fd] == [0, 1, 2, 3, 4]' '.env | contains(["LISTEN_FDS=2", "LISTEN_PID=1"])'
}

@test "a working directory through a leaked descriptor is refused, whatever its number" {
	local fd
	bundle
	for fd in {3..24}; do
		config ".process.cwd = \"/proc/self/fd/$fd\""
		if leaky run --bundle "$BUNDLE" "$ID" >report.json 2>err; then
			echo "cwd /proc/self/fd/$fd was accepted: $(jq .cwd report.json)"
			return 1
		fi
	done
}

@test "a working directory through a symlink to a descriptor is refused" {
	local fd
	for fd in {3..15}; do
		bundle '.process.cwd = "/link"'
		ln -s "/proc/self/fd/$fd" "$BUNDLE/rootfs/link"
		! leaky run --bundle "$BUNDLE" "$ID" >out 2>err
	done
}

@test "exec refuses such working directories too" {
	local fd
	up
	for fd in {3..24}; do
		! leaky exec --cwd "/proc/self/fd/$fd" "$ID" /probe report >out 2>err
	done
}

@test "the program's path through a leaked descriptor is refused" {
	local fd
	bundle
	for fd in {3..15}; do
		config "$(args "/proc/self/fd/$fd/bin/true")"
		! leaky run --bundle "$BUNDLE" "$ID" >out 2>err
	done
}

@test "closed standard descriptors of the caller harm nothing" {
	bundle "$(args /probe exit 3)"
	exits 3 timeout 30 "$HART" --root "$STATE" run --bundle "$BUNDLE" "$ID" <&- >&- 2>&- 3>&-
}

@test "the caller's working directory may be gone" {
	bundle "$(args /probe print ok)"
	mkdir gone
	cd gone
	rmdir ../gone
	[ "$(hart run --bundle "$BUNDLE" "$ID" </dev/null)" = ok ]
}

# pidfd_receiver: waits in the background for a pidfd at $PWD/socket; says what came in pidfd.out.
pidfd_receiver() {
	rm -f socket
	"$PROBE" recvpidfd "$PWD/socket" >pidfd.out 2>pidfd.err 3>&- &
	receiver=$!
	eventually [ -S socket ]
}

@test "--pidfd-socket gets the pidfd of create's, run's and exec's process" {
	bundle "$(args /probe sleep)"
	pidfd_receiver
	(cd bundle && hart create --pidfd-socket ../socket "$ID" </dev/null >out 2>err)
	wait "$receiver"
	[ "$(cat pidfd.out)" = "standard $(init_pid)" ]
	hart start "$ID"
	pidfd_receiver
	hart exec --detach --pid-file "$PWD/pid" --pidfd-socket socket "$ID" /probe sleep </dev/null >out 2>err
	wait "$receiver"
	[ "$(cat pidfd.out)" = "setns $(cat pid)" ]
	hart delete --force "$ID"
	pidfd_receiver
	hart run --detach --bundle "$BUNDLE" --pidfd-socket socket "$ID" </dev/null >out 2>err
	wait "$receiver"
	[ "$(cat pidfd.out)" = "standard $(init_pid)" ]
}

@test "a --pidfd-socket that nobody listens on is an error, and nothing is left" {
	bundle "$(args /probe sleep)"
	refuses 'pidfd socket .*/nowhere: No such file' \
		hart create --bundle "$BUNDLE" --pidfd-socket nowhere "$ID"
	refuses 'pidfd socket .*/nowhere: No such file' \
		hart run --bundle "$BUNDLE" --pidfd-socket nowhere "$ID"
	refuses 'does not exist' hart state "$ID"
	up
	refuses 'pidfd socket nowhere: No such file' \
		hart exec --pidfd-socket nowhere "$ID" /bin/true
}
