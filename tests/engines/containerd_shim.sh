#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Debian's containerd with hart's own shim: containerd-shim-hart-v2 in its PATH. What happens is compared, event by
# event, with io.containerd.runc.v2. TAP; called by run. Needs SHIM, the folder of the shim's binary.
# shellcheck disable=SC2154 # lib.bash sets work, containerd.bash image
set -u
export engine=containerd-shim
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/engines/lib.bash
. "$here/lib.bash"
# shellcheck source=tests/engines/containerd.bash
. "$here/containerd.bash"
: "${SHIM:?the folder of containerd-shim-hart-v2}"
export PATH=$SHIM:$PATH
RT=io.containerd.hart.v2
cd "$work" || exit 1

trap 'containerd_end; cd /; rm -rf "$work"' EXIT

run() { run_by "$RT" "$@"; }

# stops ID: SIGKILL, and wait until containerd knows.
stops() { c tasks kill -s KILL "$1" && eventually is "$1" STOPPED; }
removes() { c tasks rm "$1"; c containers rm "$1"; }
ends() { stops "$1" && { removes "$1" || true; } && ! c tasks ls -q | grep -qx "$1"; }

guardian() { pgrep -o -f "containerd-shim-hart-v2.*$work.* -id $1 "; }
worker() { pgrep -P "$(guardian "$1")" -f containerd-shim-hart-v2; }
new_worker() { local w; w=$(worker "$1") && [ -n "$w" ] && [ "$w" != "$2" ]; } # ID OLD
kill_worker() {
	local old
	old=$(worker "$1") && kill -KILL "$old" && eventually new_worker "$1" "$old"
}
no_shim_left() { ! pgrep -af "containerd-shim-hart-v2.*$work"; }
ended_with() { c tasks rm "$1" 2>&1 | grep -q "non-zero exit code $2"; } # ID STATUS

# What -info prints: a RuntimeInfo, its name and its features.
info_is_whole() {
	containerd-shim-hart-v2 -info </dev/null | PYTHONPATH=$here python3 -c 'import sys; from ttrpc import fields
info = dict(fields(sys.stdin.buffer.read()))
any = dict(fields(info[4]))
assert info[1] == b"io.containerd.hart.v2" and any[1].endswith(b"/opencontainers/runtime-spec/1/features/Features")
sys.stdout.buffer.write(any[2])' >features && diff features <("$HART" features)
}

containerd_begin

# -- one after the other -----------------------------------------------------------------------

check "it tells its features, as hart does" info_is_whole
! ctr plugins --help | grep -q inspect-runtime || # since 2.0
	check "containerd understands them" eval 'c plugins inspect-runtime --runtime $RT | jq -e ".Features.mountOptions | index(\"rro\")"'
check "run" prints hello run --rm $image t0 /bin/echo hello
check "the exit status passes through" exits 7 run --rm $image t0 /bin/sh -c 'exit 7'
check "a command that is not there" eval '! run --rm $image t0 nosuch 2>words && grep -q "executable file not found in" words'
check "standard error is its own stream" prints err eval 'run --rm $image t0 /bin/sh -c "echo out; echo err >&2" 2>&1 >/dev/null'
check "standard input" prints typed eval 'echo typed | timeout 60 ctr -a "$work/sock" run --rm --runtime $RT --cpu-shares 0 --snapshotter native $image t0 cat'
check "much output is whole" eval '[ "$(run --rm $image t0 /bin/sh -c "i=0; while [ \$i -lt 20000 ]; do echo line \$i; i=\$((i+1)); done" | md5sum)" = "$(seq 0 19999 | sed "s/^/line /" | md5sum)" ]'
check "a terminal" eval 'timeout 30 script -qec "ctr -a $work/sock run --rm -t --runtime $RT --cpu-shares 0 --snapshotter native $image t0 tty" /dev/null </dev/null | grep -q /dev/pts'
check "no shim is left" eventually no_shim_left
check "run detached" run -d $image t1 /bin/sleep 1000
check "tasks ls" is t1 RUNNING
check "exec" prints inside ex t1 echo inside
check "exec's exit status" exits 3 ex t1 sh -c 'exit 3'
check "a signal's exit status" exits 143 ex t1 sh -c 'kill -TERM $$; sleep 9'
check "exec of a command that is not there" eval '! ex t1 nosuch 2>words && grep -q "executable file not found in" words'
# ctr drops what it has not copied when the exec ends, with any shim.
check "exec with a terminal" eval 'timeout 30 script -qec "ctr -a $work/sock tasks exec -t --exec-id tty t1 sh -c \"tty; sleep 2\"" /dev/null </dev/null | grep -q /dev/pts'
check "exec as another user, elsewhere" prints "7 /tmp" ex --user 7 --cwd /tmp t1 sh -c 'echo $(id -u) $PWD'
check "ps shows init and the exec" eval 'c tasks exec --exec-id sleeper -d t1 sleep 1000 && c tasks ps t1 | grep -q sleeper && [ "$(c tasks ps t1 | grep -c "[0-9]")" = 2 ]'
check "metrics" eval 'c tasks metrics t1 | grep -q "^pids.current *2"'
check "pause and resume" eval 'c tasks pause t1 && is t1 PAUSED && c tasks resume t1 && prints on ex t1 echo on'
check "checkpoint is refused by name" eval '! c tasks checkpoint t1 2>words && grep -q "does not implement checkpoint" words'
check "kill and delete" ends t1
two_ends_at_once() { # CONTAINER: their pidfds are ready, one before and one after the signal
	local shim one two
	c tasks exec --exec-id one -d "$1" sleep 4001 && c tasks exec --exec-id two -d "$1" sleep 4002 || return 1
	one=$(pgrep -x -f 'sleep 4001') two=$(pgrep -x -f 'sleep 4002') shim=$(worker "$1")
	kill -STOP "$shim" && kill -KILL "$one" "$two" && eventually eval "! pgrep -f 'sleep 400[12]'"
	kill -CONT "$shim"
}
check "two execs end at once, then the container" eval 'run -d $image t1 /bin/sleep 1000 && two_ends_at_once t1 && ends t1'
check "--log-uri file" eval 'run -d --log-uri "file://$work/t1.log" $image t1 /bin/sh -c "echo logged; echo too >&2; sleep 1000" && eventually grep -q too t1.log && grep -q logged t1.log'
check "... and its end" ends t1
printf '#!/bin/sh\necho "$CONTAINER_NAMESPACE/$CONTAINER_ID $*" >%s/logger.out\nexec 5>&-\ncat <&3 >>%s/logger.out\n' "$work" "$work" >logger.sh
chmod +x logger.sh
check "--log-uri binary" eval 'run -d --log-uri "binary://$work/logger.sh?key=val" $image t1 /bin/sh -c "echo to the logger; sleep 1000" && eventually grep -q "to the logger" logger.out && grep -qx "default/t1 key val" logger.out'
check "... and its end" ends t1
check "a logger that is not there" eval '! run -d --log-uri "binary:///nosuch" $image t1 /bin/true 2>words && grep -q nosuch words; c containers rm t1'
check "the host's PID namespace: what is left of the container ends with it" eval 'run -d --with-ns pid:/proc/self/ns/pid $image t1 /bin/sh -c "sleep 4711 & sleep 1000" && eventually pgrep -f "sleep 4711" && ends t1 && ! pgrep -f "sleep 4711"'
check "... and what was executed in it" eval 'run -d --with-ns pid:/proc/self/ns/pid $image t1 /bin/sleep 1000 && c tasks exec -d --exec-id e t1 /bin/sleep 4712 && eventually pgrep -f "sleep 4712" && c tasks kill -s TERM t1 && eventually is t1 STOPPED && ! pgrep -f "sleep 4712" && { removes t1 || true; }'
check "nothing is left" eval 'eventually no_shim_left && [ -z "$(find /run/containerd/hart/default -mindepth 1 -maxdepth 1 -not -name "seccomp~cache")" ] && ! grep -q "$work/state.*rootfs" /proc/self/mounts'

# -- the same as runc's ------------------------------------------------------------------------

# A story for each runtime, told by containerd's events: names and statuses, without times and numbers.
story() { # RUNTIME
	RT=$1
	c events >"events.$1" 2>/dev/null &
	local listener=$!
	eventually grep -q . "/proc/$listener/cmdline"
	sleep 0.5 # ctr says nothing when it has subscribed
	run -d $image s1 /bin/sh -c 'sleep 1000' >/dev/null
	c tasks exec --exec-id one s1 true
	c tasks exec --exec-id two s1 sh -c 'exit 9'
	c tasks pause s1
	c tasks resume s1
	c tasks exec --exec-id three -d s1 sleep 1000
	stops s1
	removes s1 >/dev/null 2>&1
	run --rm $image s2 /bin/sh -c 'exit 5'
	eventually grep -q '/containers/delete.*s2' "events.$1"
	kill $listener
	wait $listener 2>/dev/null
	grep -o '/tasks/.*' "events.$1" | sed -E 's/"pid":[0-9]+,?//g; s/"(exited_at|bundle)":("[^"]*"|\{[^}]*\}),?//g; s/"rootfs":\[.*\],//; s/fifo\/[0-9]*/fifo/g; s/,\}/}/' >"story.$1"
	RT=io.containerd.hart.v2
}
check "a story is told" story io.containerd.hart.v2
check "runc's shim tells it" story io.containerd.runc.v2
# Runc's shim of containerd 2.1 ends before it has told the deletion, two times out of three. Hart's tells all.
deletions() { grep -c /tasks/delete "story.io.containerd.$1.v2"; }
stories_are_the_same() {
	local but=nothing

	[ "$(deletions runc)" = 2 ] || but=/tasks/delete
	grep -q /tasks/exit story.io.containerd.runc.v2 && [ "$(deletions hart)" = 2 ] &&
		diff <(grep -v $but story.io.containerd.runc.v2) <(grep -v $but story.io.containerd.hart.v2)
}
check "they are the same" stories_are_the_same

# -- somebody else at its socket -----------------------------------------------------------------

# Frames that no client sends: too long, cut short, garbage, of every type, on even streams; then it hangs up.
bad_frames() {
	python3 - "$(cat state/io.containerd.runtime.v2.task/default/t1/address)" <<-'PY'
		import random, socket, struct, sys
		random.seed(1)
		path = sys.argv[1].removeprefix("unix://")
		frame = lambda n, stream, kind, data: struct.pack(">IIBB", n, stream, kind, 0) + data
		garbage = [bytes(random.randrange(256) for _ in range(random.randrange(200))) for _ in range(200)]
		streams = [[g for g in garbage], [frame(len(g), i, i % 5, g) for i, g in enumerate(garbage)],
		           [frame(0xffffffff, 1, 1, b"x" * 1000)], [frame(1000, 1, 1, b"short")], [b"\0" * 5],
		           [frame(5 << 20, 1, 1, b"\0" * (5 << 20)), frame(0, 3, 1, b"")]]
		for stream in streams:
		    s = socket.socket(socket.AF_UNIX)
		    s.settimeout(5)
		    s.connect(path)
		    try:
		        for data in stream:
		            s.sendall(data)
		    except (BrokenPipeError, ConnectionResetError, TimeoutError):
		        pass
		    s.close()
		idle = []
		for _ in range(100): # more than it takes
		    s = socket.socket(socket.AF_UNIX)
		    s.settimeout(5)
		    s.connect(path)
		    idle.append(s)
	PY
}
check "a container for bad frames" run -d $image t1 /bin/sleep 1000
check "bad frames, silent and far too many connections" bad_frames
check "nobody has noticed" eval 'is t1 RUNNING && prints on ex t1 echo on && [ "$(pgrep -fc "containerd-shim-hart-v2.*$work")" = 2 ]'
check "the socket is root's alone" eval '[ "$(stat -c %a "$(sed s,unix://,, state/io.containerd.runtime.v2.task/default/t1/address)")" = 600 ]'
check "its end" ends t1

# -- killed ------------------------------------------------------------------------------------

check "a container for the worst" run -d $image t1 /bin/sleep 1000
export pid; pid=$(c tasks ls | awk '$1 == "t1" {print $2}')
c tasks exec --exec-id long t1 sh -c 'sleep 2; echo long; exit 4' >long.out 2>&1 &
long=$!
check "an exec that takes its time" eventually eval 'c tasks ps t1 | grep -q long'
check "the worker is killed, another takes over" kill_worker t1
check "the container still runs, the same process" eval '[ "$(c tasks ls | awk "\$1 == \"t1\" {print \$2}")" = "$pid" ] && is t1 RUNNING'
check "exec works" prints on ex t1 echo on
wait $long
check "the exec of before has its output and its status" eval "[ $? = 4 ] && grep -q long long.out"
kill_often() { for _ in {1..10}; do kill_worker "$1" || return 1; done; }
check "killed ten times" eval 'kill_often t1 && prints still ex t1 echo still'
check "the guardian is killed: the worker goes on" eval 'w=$(worker t1) && kill -KILL "$(guardian t1)" && prints on ex t1 echo on && kill -0 $w'
check "the end is told" ends t1
check "a whole shim is killed: containerd hears of it and cleans up" eval 'run -d $image t1 /bin/sleep 4712 && pkill -STOP -f "containerd-shim-hart-v2.* -id t1 " && pkill -KILL -f "containerd-shim-hart-v2.* -id t1 " && eventually eval "! pgrep -f \"sleep 4712\"" && eventually eval "! is t1 RUNNING"; removes t1 >/dev/null 2>&1; ! c containers ls -q | grep -x t1'

check "containers for a restart of containerd" eval 'run -d $image t1 /bin/sleep 1000 && run -d $image t2 /bin/sh -c "sleep 1; exit 6"'
check "containerd is killed" containerd_stop -KILL
eventually eval '! pgrep -f "sh -c sleep 1; exit 6" >/dev/null'
check "containerd starts again" containerd_start
check "the one still runs and can be used" eval 'is t1 RUNNING && prints back ex t1 echo back'
if containerd --version | grep -q ' 1\.6\.'; then
	check "the end of the other, while nobody listened, is known" eval 'eventually is t2 STOPPED && ended_with t2 6 && c containers rm t2'
else
	check "the other, which has ended, is removed, as containerd does since 1.7" eval 'eventually c containers rm t2'
fi
check "the end of the first" ends t1

# -- with a standby ----------------------------------------------------------------------------

: >sb.events
c events >sb.events 2>/dev/null &
listener=$!
sleep 0.5
check "a task with a standby" run -d --annotation org.hart.standby=self --log-uri "file://$work/sb.log" $image sb /bin/sh -c 'echo generation $HART_GENERATION; sleep 1000'
check "its process is killed: another serves, the task runs on" eval 'kill_active sb && is sb RUNNING'
check "both have written to its output" eventually eval '[ "$(cat sb.log)" = "$(printf "generation 1\ngeneration 2")" ]'
check "exec goes to who serves" prints HART_GENERATION=2 ex sb sh -c 'tr "\0" "\n" </proc/1/environ | grep HART_GENERATION'
check "ps and metrics" eval 'c tasks ps sb | grep -q "^$(pid_of sb) " && c tasks metrics sb | grep -q "^pids.current *[1-9]"'
check "hart's own commands see it" eval '"$HART" --root /run/containerd/hart/default status sb | grep -q "generation 2, active standby-1"'
says_paused() { [ "$("$HART" --root /run/containerd/hart/default status --json sb | jq .paused)" = "$1" ]; }
check "paused, all of it stands still, and no exec is started in it" eval 'c tasks pause sb && is sb PAUSED && says_paused true && ! ex sb true && c tasks resume sb && says_paused false && prints on ex sb echo on'
check "the worker is killed, and the active one once more" eval 'kill_worker sb && kill_active sb && is sb RUNNING && prints on ex sb echo on'
check "a takeover while containerd is away" eval 'old=$(pid_of sb); containerd_stop -KILL; kill -KILL $old; containerd_start && eventually another sb $old && is sb RUNNING'
kill $listener 2>/dev/null
c events >>sb.events 2>/dev/null &
listener=$!
sleep 0.5
check "the takeovers that it was there for are told, each with another process" eval '[ "$(grep -o "/tasks/start.*\"container_id\":\"sb\".*" sb.events | sort -u | wc -l)" -ge 3 ]'
check "no end has been told" eval '! grep "/tasks/exit.*\"id\":\"sb\"" sb.events'
check "killed by containerd it ends" stops sb
check "its end is told once" eval '[ "$(grep -c "/tasks/exit.*\"id\":\"sb\"" sb.events)" = 1 ]'
kill $listener 2>/dev/null
check "its exit status" ended_with sb 137
check "nothing of it is left" eval 'c containers rm sb; eventually no_shim_left && [ -z "$(find /run/containerd/hart/default -mindepth 1 -maxdepth 1 -not -name "seccomp~cache")" ] && ! pgrep -f "sleep 1000"'
check "a clean end is the task's" exits 0 run --rm --annotation org.hart.standby=self $image sb /bin/sh -c 'exit 0'
check "a crash loop ends within its budget, with the last status" exits 3 run --rm --annotation org.hart.standby=self --annotation org.hart.max-failures=2 --annotation org.hart.backoff=10ms:20ms $image sb /bin/sh -c 'exit 3'
check "an annotation that is wrong is an error" eval '! run --rm --annotation org.hart.standby=self --annotation org.hart.max-failures=x $image sb true 2>words && grep -q "max-failures" words; c containers rm sb; eventually no_shim_left'

# -- a pod -------------------------------------------------------------------------------------

pod() { run -d --annotation io.containerd.runc.v2.group=pod1 $image "$@"; }
shims() { pgrep -fc "containerd-shim-hart-v2.*$work"; }
fill_pod() { # COUNT
	local i
	for ((i = 1; i <= $1; i++)); do
		pod "pod$i" /bin/sleep 1000 >/dev/null || return 1
	done
}
all_run() { [ "$(c tasks ls | grep -c "^pod.*RUNNING")" = "$1" ]; }
empty_pod() { # COUNT
	local i
	for ((i = 1; i <= $1; i++)); do
		c tasks kill -s KILL "pod$i" || return 1
	done
	eventually eval '[ "$(c tasks ls | grep -c "^pod.*STOPPED")" = '"$1"' ]' || return 1
	for ((i = 1; i <= $1; i++)); do
		removes "pod$i" >/dev/null 2>&1
	done
	! c tasks ls -q | grep '^pod'
}
check "containers of a group" fill_pod 3
check "share one shim: a guardian and a worker" prints 2 shims
check "one of them ends, the shim stays" eval 'ends pod2 && prints 2 shims && is pod3 RUNNING'
check "the worker of the group is killed" eval 'kill_worker pod1 && is pod1 RUNNING && prints on ex pod3 echo on'
check "a new one joins" eval 'pod pod2 /bin/sleep 1000 && prints 2 shims && all_run 3'
check "the shim ends with the last" eval 'empty_pod 3 && eventually no_shim_left'
check "200 containers in one shim" eval 'fill_pod 200 && all_run 200 && prints 2 shims'
check "... whose worker is killed" eval 'kill_worker pod1 && all_run 200 && prints on ex pod200 echo on'
check "... and all end" eval 'empty_pod 200 && eventually no_shim_left'
check "attach" eval 'run -d --fifo-dir fifos $image t1 /bin/sh -c "sleep 1; echo attached; exit 8" && prints attached exits 8 c tasks attach t1; c containers rm t1'

# -- many --------------------------------------------------------------------------------------

many_execs() { # COUNT
	local i pids=() failed=0
	for ((i = 0; i < $1; i++)); do
		c tasks exec --exec-id "m$i" t1 sh -c "exit $((i % 100))" >/dev/null 2>&1 &
		pids+=($!)
	done
	for ((i = 0; i < $1; i++)); do
		wait "${pids[i]}"
		[ $? = $((i % 100)) ] || failed=$((failed + 1))
	done
	[ $failed = 0 ] || { echo "$failed of $1 lost their exit status" && return 1; }
}
check "a container for many execs" run -d $image t1 /bin/sleep 1000
many_many() { for _ in 1 2 3 4 5; do many_execs 100 || return 1; done; }
check "500 execs, 100 at a time" many_many
: >many.events
c events >many.events 2>/dev/null &
listener=$!
sleep 0.5
for i in {1..60}; do c tasks exec --exec-id "k$i" t1 sleep 1000 >/dev/null 2>&1 & done
check "60 that run on" eventually eval '[ "$(pgrep -fc "^sleep 1000")" -ge 60 ]'
check "the container is killed" stops t1
for job in $(jobs -p | grep -vx -e "$daemon" -e "$listener"); do wait "$job"; done
told() { grep -c "$1" many.events; }
check "every exit is told, init's last" eval 'eventually eval "told \"/tasks/exit.*\\\"id\\\":\\\"t1\\\"\" >/dev/null" && [ "$(told "/tasks/exit.*\"id\":\"k")" = "$(told "/tasks/exec-started.*\"exec_id\":\"k")" ] && grep /tasks/exit many.events | tail -1 | grep -q "\"id\":\"t1\""'
kill $listener 2>/dev/null
check "gone" eval 'removes t1 >/dev/null 2>&1; eventually no_shim_left'
