#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Debian's dockerd with hart as its default runtime: a container's life. TAP; called by run.
# shellcheck disable=SC2154,SC2016 # lib.bash sets work; $ is for the container's shell
set -u
export engine=docker
# shellcheck source=tests/engines/lib.bash
. "$(dirname "$0")/lib.bash"
# shellcheck source=tests/engines/docker.bash
. "$(dirname "$0")/docker.bash"
trap clean_up_docker EXIT

up() { d run -d --pull never --network none "$@"; }
# on_terminal ARGUMENTS...: docker on a terminal of its own.
on_terminal() { timeout -k 5 60 script -qec "$docker $*" /dev/null; }
# typed COMMAND...: its standard input is the pipe at descriptor 5, its output the file got.
typed() {
	rm -f in && mkfifo in
	"$@" <in >got 2>&1 &
	client=$!
	exec 5>in
}
# until_seen WORD: ends what typed began.
until_seen() {
	eventually grep -q "$1" got
	local status=$?
	exec 5>&-
	kill "$client" 2>/dev/null
	wait "$client"
	return $status
}
attach() {
	up -i --name a1 bb:1 cat && typed timeout -k 5 20 $docker attach --sig-proxy=false a1 && echo sent >&5 && until_seen sent
}
# The terminal's own echo is no sign that docker has it: until then it takes ^Q for itself.
attach_and_detach() {
	up -it --name a2 bb:1 sh -c 'while read -r word; do echo "seen: $word"; done' && typed on_terminal attach a2 && printf 'sent\r' >&5 &&
		eventually grep -q 'seen: sent' got && printf '\020\021' >&5 && until_seen 'read escape sequence' &&
		is a2 .State.Running true
}
resize() {
	typed timeout -k 5 20 script -qec "stty rows 33 cols 99; $docker exec -it c1 sh" /dev/null
	eventually eval 'echo "stty size" >&5; grep -q "33 99" got'
	until_seen '33 99'
}
many_execs() {
	local i pids=()

	for i in {1..20}; do
		d exec c1 echo x >"all.$i" &
		pids+=($!)
	done
	wait "${pids[@]}"
	[ "$(cat all.* | wc -l)" = 20 ]
}
# propagates MODE SEEN: whether what the host mounts in a volume later is seen inside, and in mode rshared the
# other way round.
propagates() {
	local seen=no

	d rm -f p1 >/dev/null 2>&1
	mkdir -p shared && { mountpoint -q shared || { mount --bind shared shared && mount --make-shared shared; }; } &&
		up --name p1 --cap-add SYS_ADMIN --security-opt seccomp=unconfined -v "$work/shared:/v:$1" bb:1 sleep 1000 &&
		mkdir -p shared/{host,inside} && mount -t tmpfs host shared/host && echo >shared/host/file || return 1
	d exec p1 cat /v/host/file && seen=yes
	umount shared/host
	[ $seen = "$2" ] || return 1
	d exec p1 busybox mount -t tmpfs inside /v/inside || return 1
	[ "$1" = rshared ] || { ! mountpoint shared/inside; return; }
	mountpoint shared/inside && umount shared/inside
}
# joins KIND: a second container sees the first one's namespace, a third one does not.
joins() { # KIND OPTION
	local ns=(readlink "/proc/self/ns/$1") want

	want=$(d exec n1 "${ns[@]}")
	[ -n "$want" ] && prints "$want" d run --rm --pull never "$2" container:n1 bb:1 "${ns[@]}" &&
		! prints "$want" run bb:1 "${ns[@]}"
}

check "it starts" start_docker
check "an image from a folder" make_image bb:1
check "hart is the default runtime" prints hart d info -f '{{.DefaultRuntime}}'
check "run" prints hello run bb:1 echo hello
check "the exit status passes through" exits 7 run bb:1 sh -c 'exit 7'
check "killed by a signal is 128 and more" exits 137 run --init bb:1 sh -c 'kill -9 $$'
check "a command that is not there is 127" exits 127 run bb:1 nosuch
check "a command that is not executable is 126" exits 126 run bb:1 /etc/passwd
check "a folder as command is 126" exits 126 run bb:1 /tmp
check "stdout and stderr are apart" prints out eval 'run bb:1 sh -c "echo out; echo err >&2" 2>/dev/null'
check "standard input" prints fed eval 'echo fed | timeout 30 $docker run --rm -i --network none bb:1 cat'
check "a terminal" eval 'on_terminal run --rm -t --network none bb:1 tty </dev/null | grep -q /dev/pts/0'
check "run detached" up --name c1 bb:1 sh -c 'trap "echo bye; exit 3" TERM; echo out; while :; do sleep 0.1; done'
check "ps" eval 'd ps --format "{{.Names}} {{.Status}}" | grep -q "^c1 Up"'
check "logs" eventually prints out d logs c1
check "exec" prints inside d exec c1 echo inside
check "exec's exit status" exits 3 d exec c1 sh -c 'exit 3'
not_there=126
[ "$(docker_version)" -lt 28 ] || not_there=127
check "exec of a command that is not there is $not_there" exits $not_there d exec c1 nosuch
check "exec of a command that is not executable is 126" exits 126 d exec c1 /etc/passwd
check "exec with user, folder, environment" prints "5 6 /tmp y" d exec -u 5:6 -w /tmp -e B=y c1 sh -c 'echo $(id -u) $(id -g) $PWD $B'
check "exec with standard input" prints fed eval 'echo fed | timeout 30 $docker exec -i c1 cat'
check "exec -it" eval 'on_terminal exec -it c1 tty </dev/null | grep -q /dev/pts/'
check "exec -it: the terminal has the client's size" resize
check "exec -d" eval 'd exec -d c1 sh -c "echo d >/tmp/d" && eventually prints d d exec c1 cat /tmp/d'
check "twenty execs at once" many_execs
check "top" eval 'd top c1 | grep -q "trap"'
check "stats" eval 'd stats --no-stream c1 | grep -q c1'
check "inspect" eval 'is c1 .State.Running true && is c1 .HostConfig.Runtime hart'
check "pause" eval 'd pause c1 && is c1 .State.Status paused'
check "exec in what is paused is refused" eval '! d exec c1 true'
check "unpause" eval 'd unpause c1 && prints on d exec c1 echo on'
check "cp" eval 'echo copied >f && d cp f c1:/tmp/f && prints copied d exec c1 cat /tmp/f'
check "diff" eval 'd diff c1 | grep -q "A /tmp/f"'
check "kill with a signal" eval 'd kill -s TERM c1 && prints 3 d wait c1'
check "logs after the end" prints $'out\nbye' d logs c1
check "start again" eval 'd start c1 && is c1 .State.Running true'
check "restart" eval 'd restart -t 1 c1 && is c1 .State.Running true'
check "stop" eval 'eventually prints "out out out" eval "d logs c1 | grep out | xargs" && d stop c1 && is c1 .State.ExitCode 3'
check "stop by force" eval 'up --name c2 bb:1 sh -c "trap : TERM; while :; do sleep 0.1; done" && d stop -t 1 c2 && is c2 .State.ExitCode 137'
check "rm -f of what runs" eval 'd start c1 && d rm -f c1 c2'
check "attach" attach
check "attach to a terminal, detach" attach_and_detach
check "commit" eval 'd run --name c5 --network none bb:1 sh -c "echo kept >/kept" && d commit c5 bb:kept && prints kept run bb:kept cat /kept'
check "restart: on-failure, twice" eval 'up --name r1 --restart on-failure:2 bb:1 sh -c "exit 4" && eventually is r1 .RestartCount 2 && eventually is r1 .State.Status exited && is r1 .State.ExitCode 4'
check "restart: always comes back after a kill" eval 'up --name r2 --restart always bb:1 sleep 1000 && kill -9 "$(state r2 .State.Pid)" && eventually is r2 .RestartCount 1 && eventually prints back d exec r2 echo back'
check "restart: not after stop" eval 'd stop -t 0 r2 && is r2 .State.Status exited'
check "health: healthy" eval 'up --name h1 --health-cmd "cat /tmp/ok" --health-interval 100ms --health-retries 1 bb:1 sh -c "echo >/tmp/ok; sleep 1000" && eventually is h1 .State.Health.Status healthy'
check "health: unhealthy" eval 'd exec h1 rm /tmp/ok && eventually is h1 .State.Health.Status unhealthy'
check "a container to join" up --name n1 --ipc shareable bb:1 sleep 1000
check "--ipc container:" joins ipc --ipc
check "--pid container:" joins pid --pid
check "--net container:" joins net --network
check "a volume rprivate: mounts stay apart" propagates rprivate no
check "a volume rslave: the host's come in" propagates rslave yes
check "a volume rshared: both ways" propagates rshared yes
check "all removed" remove_all

printf 'FROM bb:1\nRUN echo built >/f && id -u >>/f\nRUN ["/bin/sh", "-c", "cat /f /f >/g"]\nUSER 5:6\nRUN id -g >/tmp/gid\nCMD ["cat", "/g", "/tmp/gid"]\n' >Dockerfile
check "build: RUN" d build --network none -t made .
check "build: the image runs" prints $'built\n0\nbuilt\n0\n6' run made
check "build: a failing RUN fails it" exits 5 eval 'printf "FROM bb:1\nRUN exit 5\n" | timeout 30 $docker build --network none -'
check "nothing is left" eventually eval '[ -z "$(find "$work/exec/runtime-runc/moby" -mindepth 1 -maxdepth 1 -not -name "seccomp~cache")" ]'

restart_under_live() {
	local was

	stop_docker
	start_docker --live-restore && up --name lr bb:1 sleep 1000 && was=$(state lr .State.Pid) || return 1
	kill -9 "$daemon" && wait "$daemon"
	rm -f "$work/pid"
	start_docker --live-restore && is lr .State.Pid "$was" && is lr .State.Running true
}
check "dockerd is killed: with live-restore the container runs on" restart_under_live
check "exec, stop and rm after that" eval 'prints on d exec lr echo on && d stop -t 0 lr && is lr .State.ExitCode 137 && d rm lr'

# The tables of IDs are replaced in this mount namespace only.
remapped() {
	local file

	echo daemon:100000:65536 >ids
	for file in /etc/subuid /etc/subgid; do
		mount --bind ids $file || return 1
	done
	stop_docker
	start_docker --userns-remap daemon && make_image bb:1
}
check "userns-remap: it starts" remapped
check "userns-remap: root is not root" prints "0 0 100000 65536" run bb:1 sh -c 'echo $(id -u) $(cat /proc/self/uid_map)'
check "userns-remap: run, exec" eval 'up --name u1 bb:1 sleep 1000 && prints "0 100000" d exec u1 sh -c "echo \$(cat /proc/self/uid_map | xargs | cut -d\  -f1,2)"'
check "userns-remap: files, device nodes" run bb:1 sh -c 'echo x >/f && ls -l /dev/null | grep -q "1, *3" && echo >/dev/null'
check "userns-remap: a volume" eval 'mkdir -p vol && chown 100005 vol && prints 5 run -v "$work/vol:/v" -u 5 bb:1 sh -c "echo >/v/f && ls -ln /v | grep f | xargs | cut -d\  -f3"'
check "userns-remap: the host's" prints 4294967295 run --userns host bb:1 sh -c 'cat /proc/self/uid_map | xargs | cut -d\  -f3'
check "userns-remap: all removed" remove_all
