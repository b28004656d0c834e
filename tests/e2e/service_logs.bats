#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The log and the journal of a service: whole, harmless to a terminal, and nothing that can make the shim wait.
load lib
load service

# traced ARG...: strace in the background.
traced() {
	command -v strace >/dev/null || skip "no strace"
	ASAN_OPTIONS=detect_leaks=0 timeout -k 5 20 strace -f -qq -o trace "$@" 3>&- 4>&- >strace.out 2>&1 </dev/null &
	tracer=$!
}

end_trace() {
	kill "$tracer"
	wait "$tracer" || true
}

# follow_until N: `hart logs -f` in the background until line N is there; its output in followed.
follow_until() {
	timeout -k 5 "$COMMAND_TIMEOUT_S" "$HART" --root "$STATE" logs -f "$ID" >followed 3>&- 4>&- &
	follower=$!
	eventually "grep -q 'line $1\$' followed"
	kill "$follower"
	wait "$follower" || true
}

@test "control characters in the log do nothing to a terminal, and are as they were in a pipe" {
	bundle "$(shell 'printf "red \033[31m c1 \302\233 bad \377 \303\251\tend\n"; exec sleep 1000')"
	hart run -d --standby self --bundle "$BUNDLE" "$ID" </dev/null
	eventually "hart logs $ID | grep -q end"
	hart logs "$ID" | grep -q $'red \033\\[31m'
	script -qec "$HART --root $STATE logs $ID" /dev/null </dev/null >shown
	grep -qF 'red \x1b[31m c1 \xc2\x9b bad \xff é	end' shown
	! grep -q $'\033' shown
	weakly visible script -qec "\$HART --root $STATE logs $ID" /dev/null </dev/null >shown
	grep -q $'\033' shown
}

@test "logs -f misses no line between what there is and what comes, and none of a rotation" {
	bundle "$(shell 'i=0; while [ $i -lt 20000 ]; do echo "line $i"; i=$((i+1)); done; exec sleep 1000')"
	hart run -d --standby self --log-size 32K --log-keep 100 --bundle "$BUNDLE" "$ID" </dev/null
	follow_until 19999
	[ -e "$STATE/$ID/log.3" ]
	sed 's/.*line //' followed >numbers
	seq 0 19999 | cmp - numbers
}

@test "a fifo, a device or a folder for the log or the journal is refused at once" {
	local kind

	bundle "$(args /bin/sleep 1000)"
	mkfifo fifo
	for kind in fifo /dev/null; do
		refuses 'is not a regular file' hart run -d --standby self --log-file "$kind" --bundle "$BUNDLE" "$ID"
		refuses 'is not a regular file' hart run -d --standby self --journal "$kind" --bundle "$BUNDLE" "$ID"
	done
	refuses 'directory' hart run -d --standby self --log-file "$PWD" --bundle "$BUNDLE" "$ID"
}

@test "a service with a low limit of open files" {
	bundle "$(args /bin/sleep 1000)" '.process.rlimits = []'
	(ulimit -n 64 && run_service --standby self)
	eventually is_warm
	kill_active
	eventually "[ \"\$(of .generation)\" = 2 ]"
}

@test "a shim whose loop fails ends with an error, and says so in the journal" {
	bundle "$(args /bin/sleep 1000)"
	run_service --standby self
	eventually is_warm
	traced -p "$(shim_pid)" -e trace=epoll_wait,epoll_pwait,exit_group \
		-e inject=epoll_wait,epoll_pwait:error=EBADF:when=2
	eventually "[ -s trace ]"
	kill -USR2 "$(active_pid)" || true # its end is an event
	eventually "journal '[.[].text]' | grep -q 'wait for events'"
	wait "$tracer" || true
	grep -q 'exit_group(1)' trace
}

@test "the socket file has its mode, and no symlink in its place gets one" {
	echo secret >victim
	chmod 600 victim
	(
		eventually "[ -S sock ]"
		mv sock elsewhere
		ln -s victim sock
	) 3>&- 4>&- &
	bundle "$(web)"
	umask 077
	traced -e trace=bind,exit_group -e inject=bind:delay_exit=300000 \
		"$HART" --root "$STATE" run -d --listen "unix:$PWD/sock" --bundle "$BUNDLE" "$ID"
	eventually "[ -h sock ]"
	eventually "grep -q exit_group trace" # served or refused, it is past that
	end_trace
	[ "$(stat -c %a victim)" = 600 ]
	[ "$(stat -c %a elsewhere)" = 666 ]
	rm -f sock elsewhere
}
