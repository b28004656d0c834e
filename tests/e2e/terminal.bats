#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Terminals: in the foreground, over a console socket, their sizes.
load lib

# on_tty ROWS COLUMNS ARGUMENT...: hart with a terminal; its output in tty.out.
on_tty() {
	local rows=$1 columns=$2

	shift 2
	timeout -k 5 30 "$PROBE" with-tty "$rows" "$columns" "$HART" --root "$STATE" "$@" \
		</dev/null >tty.out 3>&-
}

# recvtty [ROWS COLUMNS]: receives the master at ./socket in the background.
recvtty() {
	timeout -k 5 30 "$PROBE" recvtty "$PWD/socket" "$@" </dev/null >tty.out 2>tty.err 3>&- &
	RECVTTY=$!
	eventually test -S "$PWD/socket"
}

@test "run with a terminal in the foreground" {
	bundle '.process.terminal = true'
	on_tty 33 101 run --bundle "$BUNDLE" "$ID"
	tr -d '\r' <tty.out >report.json
	check '.terminal.stdin' '.terminal.stdout' '.terminal.stderr' '.terminal.rows == 33' \
		'.terminal.columns == 101' '.terminal.foreground == .pgid' \
		'.terminal.name | test("^/dev/(pts/0|console)$")'
	check '[.fds[].fd] == [0, 1, 2]'
}

@test "the exit status comes through the terminal" {
	bundle '.process.terminal = true' "$(args /probe exit 9)"
	exits 9 on_tty 24 80 run --bundle "$BUNDLE" "$ID"
}

@test "the terminal is raw while the container runs" {
	bundle '.process.terminal = true' "$(shell 'read -r line; echo "got $line"')"
	printf 'typed\n' | timeout 30 "$PROBE" with-tty 24 80 "$HART" --root "$STATE" run \
		--bundle "$BUNDLE" "$ID" >tty.out 3>&-
	tr -d '\r' <tty.out | grep -qx 'got typed'
}

@test "/dev/console is the container's terminal" {
	bundle '.process.terminal = true' "$(shell 'echo through >/dev/console; ls -l /dev/console')"
	on_tty 24 80 run --bundle "$BUNDLE" "$ID"
	grep -q through tty.out
	[ "$(grep -c console tty.out)" = 1 ]
}

@test "/dev/tty is the controlling terminal" {
	bundle '.process.terminal = true' "$(shell 'echo through >/dev/tty')"
	on_tty 24 80 run --bundle "$BUNDLE" "$ID"
	grep -q through tty.out
}

@test "the console socket gets the master; create and a detached run need it" {
	bundle '.process.terminal = true' "$(args /probe report)"
	refuses 'console.socket|console-socket' hart run --detach --bundle "$BUNDLE" "$ID"
	refuses 'console.socket|console-socket' hart create --bundle "$BUNDLE" "$ID"
	same_host
	recvtty
	create "$ID" --console-socket "$PWD/socket"
	hart start "$ID"
	wait "$RECVTTY"
	tr -d '\r' <tty.out >report.json
	check '.terminal.stdin and .terminal.stdout and .terminal.stderr' \
		'.terminal.foreground == .pgid' '[.fds[].fd] == [0, 1, 2]'
}

@test "a console socket without terminal is refused" {
	bundle "$(args /probe report)"
	recvtty
	refuses 'terminal|console' hart create --bundle "$BUNDLE" --console-socket "$PWD/socket" "$ID"
	kill "$RECVTTY"
}

@test "a console socket that is none is refused" {
	bundle '.process.terminal = true'
	refuses 'nowhere' hart create --bundle "$BUNDLE" --console-socket "$PWD/nowhere" "$ID"
	touch plain
	refuses 'plain' hart create --bundle "$BUNDLE" --console-socket "$PWD/plain" "$ID"
}

@test "consoleSize sets the terminal's size" {
	bundle '.process.terminal = true' '.process.consoleSize = {height: 12, width: 34}'
	recvtty
	create "$ID" --console-socket "$PWD/socket"
	hart start "$ID"
	wait "$RECVTTY"
	tr -d '\r' <tty.out >report.json
	check '.terminal.rows == 12' '.terminal.columns == 34'
}

@test "a size set by the receiver arrives" {
	bundle '.process.terminal = true'
	recvtty 55 66
	create "$ID" --console-socket "$PWD/socket"
	eventually kill -0 "$RECVTTY"
	sleep 0.2
	hart start "$ID"
	wait "$RECVTTY"
	tr -d '\r' <tty.out >report.json
	check '.terminal.rows == 55' '.terminal.columns == 66'
}

@test "exec with a terminal" {
	up
	on_tty 21 43 exec --tty "$ID" /probe report
	tr -d '\r' <tty.out >report.json
	check '.terminal.stdin and .terminal.stdout' '.terminal.rows == 21' '.terminal.columns == 43' \
		'.terminal.foreground == .pgid'
	exits 4 on_tty 21 43 exec --tty "$ID" /probe exit 4
}

@test "exec with a terminal over a console socket" {
	up
	recvtty
	hart exec --tty --detach --pid-file "$PWD/pid" --console-socket "$PWD/socket" "$ID" \
		/probe report </dev/null
	wait "$RECVTTY"
	tr -d '\r' <tty.out >report.json
	check '.terminal.stdin'
	[ "$(cat pid)" -gt 1 ]
}

@test "run without terminal forwards signals to the program" {
	bundle "$(args /probe signals)"
	timeout 30 "$HART" --root "$STATE" run --bundle "$BUNDLE" "$ID" </dev/null >out 2>err 3>&- &
	local pid=$!
	eventually grep -q ready out
	kill -USR1 "$(pgrep -P $pid || echo $pid)"
	eventually grep -q 10 out
	kill -TERM "$(pgrep -P $pid || echo $pid)"
	wait $pid
}
