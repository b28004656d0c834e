#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Held ports of Docker's containers: in the host's network, at the container's own address, and behind a rule that leads a
# virtual address to it, as Kubernetes' services do. Each is killed under load, and nobody is refused. TAP; called by run in a
# network namespace of its own.
# shellcheck disable=SC2154,SC2034 # lib.bash sets work, ports.bash server and takes id
set -u
export engine=docker-ports
# shellcheck source=tests/engines/lib.bash
. "$(dirname "$0")/lib.bash"
# shellcheck source=tests/engines/docker.bash
. "$(dirname "$0")/docker.bash"
# shellcheck source=tests/engines/ports.bash
. "$(dirname "$0")/ports.bash"
cd "$work" || exit 1
trap clean_up_docker EXIT

up() { # NAME ARGUMENT...
	local name=$1

	shift
	d run -d --name "$name" -e HOLD=yes "$@" bb:1 /bin/busybox sh -c "$server" &&
		id=$(state "$name" .Id) && eventually is_hot
}
address() { state "$1" .NetworkSettings.IPAddress; }

check "the host's policies" own_etc 'policy env.HOLD=yes: standby=self standby-mode=hot port=tcp:8080'
if ! has_networks >/dev/null 2>&1; then
	skip "held ports of containers" "no bridges or iptables here"
else
	check "dockerd starts" start_docker_with_networks
	check "an image of a folder" make_image bb:1
	check "a container in the host's network" up host --network host
	check "nobody is refused there" survives 127.0.0.1:8080
	check "it goes" d rm -f host
	check "a container with a published port" up bridge --network bridge -p 18080:8080
	check "nobody is refused at its own address" survives "$(address bridge):8080"
	check "a service's address leads to it" eval 'ip route add 10.96.0.10 dev docker0 && iptables -w -t nat -A OUTPUT -d 10.96.0.10 -p tcp --dport 80 -j DNAT --to-destination "$(address bridge):8080"'
	check "nobody is refused at the service's address" survives 10.96.0.10:80
	check "nobody is refused at the published port" survives 127.0.0.1:18080
	check "it goes" d rm -f bridge
fi
remove_all >/dev/null 2>&1
check "nothing is left" nothing_left
stop_docker
leave_etc
