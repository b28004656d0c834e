#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Docker's limits, and what needs all capabilities: hart under Debian's dockerd on a host that has the
# controllers (User Mode Linux). TAP; called by run.
# shellcheck disable=SC2154,SC2016 # lib.bash sets work; $ is for the container's shell
set -u
export engine="docker limits"
: "${PROBE:?the program that reports what it sees}"
# shellcheck source=tests/engines/lib.bash
. "$(dirname "$0")/lib.bash"
# shellcheck source=tests/engines/docker.bash
. "$(dirname "$0")/docker.bash"
etc=$(mktemp -d)
# Its own /etc, with a standby for whatever is named web-*.
own_etc() {
	mount -t tmpfs etc "$etc" && mkdir "$etc"/{upper,work} &&
		mount -t overlay -o "lowerdir=/etc,upperdir=$etc/upper,workdir=$etc/work" etc /etc && mkdir -p /etc/hart &&
		echo 'policy hostname=web-*: standby=self' >/etc/hart/hart.conf
}
trap clean_up_docker EXIT

cg() { cat "/sys/fs/cgroup/docker/$id/$1"; }
# limits FILE=WANT...: of the container's cgroup; "_" stands for a blank.
limits() {
	local pair status=0

	id=$(state limited .Id)
	for pair in "$@"; do
		prints "${pair#*=}" eval "cg ${pair%%=*} | tr ' ' _" || { echo "(${pair%%=*})" && status=1; }
	done
	return $status
}
all_capabilities() { # COUNT
	d run --rm --pull never --privileged bb:1 /probe report >p.json &&
		prints "$1" jq '.caps.effective | length' p.json &&
		prints '["rw","rw"]' jq -c '[.mounts[] | select(.point == "/sys" or .point == "/sys/fs/cgroup") | .options[0:2]]' p.json
}

check "the host's policies" own_etc
check "it starts" start_docker
check "an image" eval 'make_rootfs rootfs && cp "$PROBE" rootfs/probe && make_image bb:1'
check "run with limits" d run -d --name limited --network none --memory 64m --memory-reservation 32m --cpus 0.5 \
	--cpu-shares 512 --pids-limit 20 --device-read-bps /dev/ubda:1mb bb:1 sleep 1000
check "they are in the cgroup" limits memory.max=67108864 memory.low=33554432 cpu.max=50000_100000 cpu.weight=59 pids.max=20
if [ "$(docker_version)" -lt 23 ]; then
	check "... --device-read-bps, too" limits io.max="98:0_rbps=1048576_wbps=max_riops=max_wiops=max"
else
	skip "... --device-read-bps, too" "Docker 26.1 asks no runtime for it, runc neither"
fi
check "--pids-limit holds" eval '[ "$(d exec limited /probe fork 50)" -lt 20 ]'
check "update" d update --memory 48m --memory-reservation 16m --cpus 0.25 --pids-limit 30 limited
check "the cgroup follows" limits memory.max=50331648 memory.low=16777216 cpu.max=25000_100000 pids.max=30
check "stats" eval 'd stats --no-stream --format "{{.MemUsage}}" limited | grep -q " / 48MiB$"'
check "a service with a standby, in 40 MB of 64" d run -d --name web --hostname web-1 --network none --memory 64m \
	bb:1 sh -c 'mkdir /dev/shm/x; dd if=/dev/zero of=/dev/shm/x/y bs=1M count=40 2>/dev/null; exec sleep 1000'
check "stats count what its members use" eventually eval 'd stats --no-stream --format "{{.MemUsage}}" web | grep -Eq "^4[0-9].*MiB / 64MiB$"'
check "update holds for all its members" eval 'd update --memory 56m --memory-swap -1 web && id=$(state web .Id) && prints 58720256 cg memory.max'
check "an OOM kill is told" eval 'd run -d --name oom --pull never --network none --memory 16m bb:1 sh -c "/probe eat 64000000; echo \$?; sleep 1000" &&
	eventually eval "d logs oom | grep -q 137" && eventually eval "d events --since 1h --until 0s --filter event=oom | grep -q name=oom"'
# All that Docker 20.10 knows; later versions ask the kernel.
known=38
[ "$(docker_version)" -lt 23 ] || known=$("$PROBE" report | jq '.caps.effective | length')
check "--privileged has all capabilities" all_capabilities "$known"
