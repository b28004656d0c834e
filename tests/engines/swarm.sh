#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Swarm: three hosts (network namespaces on a bridge, a dockerd each, hart their default runtime), a replicated service.
# One host dies with all that runs on it, and its replicas come back on the others. No overlay network: the service
# uses the hosts' own (Debian's dockerd would want iptables for more). TAP; called by run.
# shellcheck disable=SC2154 # lib.bash sets work
set -u
[ -n "${SWARM_INSIDE:-}" ] || SWARM_INSIDE=1 exec unshare -n "$0" "$@"
export engine=swarm
# shellcheck source=tests/engines/lib.bash
. "$(dirname "$0")/lib.bash"
cd "$work" || exit 1
hosts=(a b c)
group() { echo "/sys/fs/cgroup/swarm-$1"; }
d() { timeout -k 5 60 /usr/bin/docker -H "unix://$work/$1/sock" "${@:2}" </dev/null; } # HOST ARGUMENTS...

kill_host() {
	echo 1 >"$(group "$1")/cgroup.kill"
	eventually grep -q 'populated 0' "$(group "$1")/cgroup.events"
}
clean_up() {
	local host
	for host in "${hosts[@]}"; do
		kill_host "$host"
		find "$(group "$host")" -depth -type d -exec rmdir {} \;
	done 2>/dev/null
	cd / && umount -R "$work" && rm -rf "$work"
}
trap clean_up EXIT

# host NAME NUMBER: a dockerd of its own at 10.9.0.NUMBER; the whole host in one cgroup.
host() {
	mkdir -p "$1" "$(group "$1")/engine"
	(
		echo "$BASHPID" >"$(group "$1")/engine/cgroup.procs"
		exec unshare -nu sh -c 'hostname "$1" && ip link set lo up && echo $$ >"$1/netns" && until ip link set eth0 up 2>/dev/null; do sleep 0.1; done &&
			ip addr add "10.9.0.$2/24" dev eth0 && exec dockerd --iptables=false --ip6tables=false --bridge=none \
			--exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "/swarm-$1/containers" --add-runtime "hart=$HART" \
			--default-runtime hart --data-root "$PWD/$1/data" --exec-root "$PWD/$1/exec" --pidfile "$PWD/$1/pid" \
			-H "unix://$PWD/$1/sock" $3 --log-level warn' sh "$1" "$2" "$(keep_oom_score)" >"$1/log" 2>&1
	) &
	eventually test -s "$1/netns" && ip link add "to-$1" type veth peer name eth0 netns "$(cat "$1/netns")" &&
		ip link set "to-$1" master br0 up && eventually d "$1" version >/dev/null 2>&1 || { tail "$1/log" && return 1; }
}
image() { tar -C rootfs -c . | timeout 30 /usr/bin/docker -H "unix://$work/$1/sock" import - bb:1; }
running_on() { d a service ps web --filter desired-state=running --format '{{.Node}} {{.CurrentState}}' | grep -c "^$1 Running"; }
runs() { # HOST=COUNT...
	local pair
	for pair in "$@"; do
		[ "$(running_on "${pair%=*}")" = "${pair#*=}" ] || return 1
	done
}
eventually_runs() {
	local _
	for _ in {1..60}; do
		runs "$@" && return 0
		sleep 0.5
	done
	d a service ps web
	return 1
}
processes() { find "$(group "$1")/containers" -name cgroup.procs -exec cat {} + | wc -l; }

mount -t tmpfs tmpfs "$work" && cd "$work" || exit 1
make_rootfs rootfs
check "a bridge" eval 'ip link add br0 type bridge && ip link set br0 up'
for i in 1 2 3; do
	check "host ${hosts[i - 1]}" host "${hosts[i - 1]}" $i
	check "... has the image" image "${hosts[i - 1]}"
done
check "a swarm" d a swarm init --advertise-addr 10.9.0.1 --dispatcher-heartbeat 1s
token=$(d a swarm join-token -q worker)
check "b joins" d b swarm join --token "$token" --advertise-addr 10.9.0.2 10.9.0.1:2377
check "c joins" d c swarm join --token "$token" --advertise-addr 10.9.0.3 10.9.0.1:2377
check "a service of three replicas" d a service create -d --name web --replicas 3 --network host --no-resolve-image --restart-delay 100ms --stop-grace-period 1s bb:1 sleep 100000
check "one on each host" eventually_runs a=1 b=1 c=1
check "run by hart" eval '[ "$(d b info -f "{{.DefaultRuntime}}")" = hart ] && [ "$(processes b)" = 1 ]'
check "a killed replica comes back" eval 'id=$(d b ps -q) && d b kill "$id" && eventually eval "! d b ps -q | grep -q $id && [ \"\$(processes b)\" = 1 ]"'
check "host c dies, with its containers" kill_host c
check "its replica comes back on another" eval 'eventually_runs c=0 && [ $(($(running_on a) + $(running_on b))) = 3 ] || eventually eval "[ \$((\$(running_on a) + \$(running_on b))) = 3 ]"'
check "their processes run" eval '[ $(($(processes a) + $(processes b))) = 3 ]'
check "scale" eval 'd a service scale -d web=5 && eventually eval "[ \$((\$(running_on a) + \$(running_on b))) = 5 ]"'
check "down" eval 'd a service rm web && eventually eval "[ \$((\$(processes a) + \$(processes b))) = 0 ]"'
