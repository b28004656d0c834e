#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# hart top: once, and on a terminal.
load lib
load service

@test "top prints all containers and services once where there is no terminal" {
	up
	ID=web serve --standby self
	ID=web eventually is_warm
	hart top >all
	[ "$(wc -l <all)" = 3 ]
	grep -qE "^$ID +running +- +- +- +- " all
	grep -qE '^web +active +primary +[0-9]+s +0 +- +(-|[0-9]+(\.[0-9])?[KM]) +[0-9]+ last: ' all
	kill -KILL "$(ID=web shim_pid)"
	ID=web eventually 'hart top | grep -q "its shim has died"'
	refuses 'between 100ms and 1h' hart top --interval 1ms
}

@test "on a terminal it goes on, shows CPU time, ends by q and leaves the terminal as it was" {
	ID=web serve --standby self
	ID=web eventually is_warm
	python3 - "$HART" "$STATE" >shown 2>&1 <<-'EOF'
		import os, pty, select, sys, termios, time
		pid, fd = pty.fork()
		if pid == 0:
		    os.execv(sys.argv[1], ["hart", "--root", sys.argv[2], "top", "--interval", "100ms"])
		before = termios.tcgetattr(fd)
		seen, frames, end = b"", 0, time.time() + 30
		while time.time() < end and seen.count(b"q ends") < 4:
		    if select.select([fd], [], [], 1)[0]:
		        seen += os.read(fd, 65536)
		os.write(fd, b"q")
		while True:
		    try:
		        data = os.read(fd, 65536)
		    except OSError:
		        break
		    if not data:
		        break
		    seen += data
		_, status = os.waitpid(pid, 0)
		sys.stdout.write(seen.decode())
		sys.exit(0 if status == 0 and seen.count(b"q ends") >= 4 else 1)
	EOF
	grep -qE 'web +active +primary +[0-9]+s +0 +[0-9]+\.[0-9] ' shown
	grep -q '1 containers and services, 0 of them not well' shown
}
