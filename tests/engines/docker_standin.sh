#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# All that Docker, and who looks at its containers, does with the pid of a container that has a standby: it must be a
# process in the container, and its end the container's. In a network namespace of its own. TAP; called by run.
# shellcheck disable=SC2154,SC2016 # lib.bash sets work; $ is for the container's shell
set -u
export engine=docker-standin
# shellcheck source=tests/engines/lib.bash
. "$(dirname "$0")/lib.bash"
# shellcheck source=tests/engines/docker.bash
. "$(dirname "$0")/docker.bash"
# shellcheck source=tests/engines/standin.bash
. "$(dirname "$0")/standin.bash"
cd "$work" || exit 1
trap clean_up_docker EXIT

pid() { state web .State.Pid; }
up() {
	d run -d --name web --hostname web-1 --network one --ipc shareable -v "$work/volume:/v" bb:1 /bin/sh -c 'echo generation $HART_GENERATION; sleep 1000' &&
		id=$(state web .Id) && eventually serves 1 && eventually is_warm
}
run() { d run --rm --pull never "$@"; }
exits_with() { # STATUS: also for who waits.
	eventually is web .State.Status exited && is web .State.ExitCode "$1"
}

if ! has_networks >"$work/log" 2>&1; then
	skip "networks" "the kernel has no bridges for Docker"
	exit 0
fi
mkdir volume
check "the host's policy" own_etc 'policy hostname=web-*: standby=self'
check "dockerd starts" start_docker_with_networks
check "an image of a folder" make_image bb:1
check "two networks" eval 'd network create one && d network create two'
check "a container with a standby" up
check "its pid is in none of the host's namespaces" is_inside "$(pid)"
check "its cgroup is the container's" cgroup_is_below "$(pid)" "$id"
check "a network of another container's: its addresses are the same" eval '[ "$(run --network container:web bb:1 /bin/sh -c "readlink /proc/self/ns/net")" = "$(ns_of "$(pid)" net)" ]'
check "an IPC namespace of another container's" eval '[ "$(run --network none --ipc container:web bb:1 /bin/sh -c "readlink /proc/self/ns/ipc")" = "$(ns_of "$(pid)" ipc)" ]'
check "a PID namespace of another container's: sees its program, and nothing of the host" eval 'run --network none --pid container:web bb:1 ps >seen && [ "$(grep -c "sleep 1000" seen)" -ge 1 ] && ! grep -E "dockerd|containerd-shim" seen'
check "cp into and out of it" eval 'echo in >file && d cp file web:/tmp/file && prints in d exec web cat /tmp/file && d cp web:/tmp/file back && [ "$(cat back)" = in ]'
check "cp into a volume" eval 'd cp file web:/v/file && [ "$(cat volume/file)" = in ]'
check "top shows its program" eval 'd top web | grep -q "sleep 1000"'
grep -qw pids /sys/fs/cgroup/cgroup.controllers || skip "statistics count members" "no pids controller"
grep -qw pids /sys/fs/cgroup/cgroup.controllers && check "statistics count members" eval 'd stats --no-stream --format "{{.PIDs}}" web >counted && [ "$(cat counted)" -ge 3 ]'
check "exec" prints web-1 d exec web cat /proc/sys/kernel/hostname
check "a second network: an interface in the container, and none of it on the host" eval 'links=$(ip -o link | wc -l) && d network connect two web && [ "$(d exec web ls /sys/class/net | wc -l)" = 3 ] && [ "$(ip -o link | wc -l)" = $((links + 1)) ]'
check "nsenter: network, IPC, UTS, mounts, PID" eval '[ "$(nsenter -t "$(pid)" -n -i -u -m -p /bin/busybox hostname)" = web-1 ]'
check "its root in /proc is the container's" eval '[ -e "/proc/$(pid)/root/bin/busybox" ] && [ ! -e "/proc/$(pid)/root$work" ]'

check "its program is killed: the pid stays, and goes to who serves" eval 'was=$(pid) && kill -KILL "$(active)" && eventually serves 2 && eventually follows && [ "$(pid)" = "$was" ]'
check "cp into and out of who serves now" eval 'd cp file web:/v/again && prints in d exec web cat /v/again'
check "one that may trace does not join its PID namespace" eval '! run --network none --cap-add SYS_PTRACE --pid container:web bb:1 true 2>said && grep -q "CAP_SYS_PTRACE in the PID namespace of a service" said'
check "another container joins its network and PID namespace" eval 'run --network container:web --pid container:web bb:1 ps | grep -q "sleep 1000"'
check "the networks are there" eval '[ "$(d exec web ls /sys/class/net | wc -l)" = 3 ]'

check "the pid gets SIGKILL: it has ended" eval 'kill -KILL "$(pid)" && exits_with 137'
check "... nothing of it lives, inspect and stop and rm come back" eval 'nothing_runs && d inspect web >/dev/null && d stop -t 1 web && d rm web'
check "the same without a shim" eval 'up && kill_shim && kill -KILL "$(pid)" && exits_with 137 && nothing_runs && d stop -t 1 web && d rm web'
check "the pid gets SIGTERM: as by docker stop" eval 'up && kill -TERM "$(pid)" && d wait web >/dev/null && [ "$(d logs web)" = "generation 1" ] && d rm web'
check "its shim dies and another one takes it up: the pid stays, takeovers go on" eval 'up && was=$(pid) && kill_shim && h adopt "$id" && eventually is_warm && kill -KILL "$(active)" && eventually serves 2 && eventually follows && [ "$(pid)" = "$was" ] && d exec web true'
check "stop" eval 'd stop -t 1 web && d rm web'
check "the host's PID namespace: SIGKILL of the pid ends all" eval 'd run -d --name web --hostname web-1 --pid host --network none bb:1 sleep 1003 && id=$(state web .Id) && eventually is_warm && kill -KILL "$(pid)" && exits_with 137 && nothing_runs && d rm web'
remove_all >/dev/null 2>&1
check "nothing is left" nothing_left
stop_docker
leave_etc
