#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Docker's bridge networks, then contrib/shop by docker-compose, all on hart. In a network namespace of its
# own. TAP; called by run.
# shellcheck disable=SC2154,SC2016 # lib.bash sets work; $ is for the container's shell
set -u
export engine=compose
# shellcheck source=tests/engines/lib.bash
. "$(dirname "$0")/lib.bash"
# shellcheck source=tests/engines/docker.bash
. "$(dirname "$0")/docker.bash"
shop=$(realpath "$(dirname "$0")/../../contrib/shop")
trap clean_up_docker EXIT

compose() { timeout -k 5 100 docker-compose -p shop -f "$shop/docker-compose.yml" "$@" </dev/null; }
# Statically linked, busybox's wget crashes where a name server is missing.
http() { # METHOD URL
	timeout 30 python3 -c 'import sys; from urllib.request import *
print(urlopen(Request(sys.argv[2], method=sys.argv[1])).read().decode(), end="")' "$@"
}
get() { http GET "http://127.0.0.1:$1"; }
answers() { # PORT PATH WANT
	[ "$(get "$1$2" 2>/dev/null)" = "$3" ]
}
# The shop's: of a range docker gives a container another port with every start.
port_of() { d port "$(compose ps -q app | sed -n "${1}p")" 8000 | sed 's/.*://'; }
shop_answers() { # PATH WANT [NUMBER]
	answers "$(port_of "${3-1}")" "$1" "$2"
}
order() { http POST "http://127.0.0.1:$(port_of 1)/order?good=$1"; }
goods() { get "$(port_of 1)/"; }
of() { compose ps -a -q "$1" | head -n 1; }
# The process of a service's container.
pid_of() { state "$(of "$1")" .State.Pid | grep '^[1-9]'; }
# comes_back SERVICE: after its process is killed.
comes_back() {
	local id was pid

	id=$(of "$1") && was=$(state "$id" .RestartCount) && pid=$(pid_of "$1") && kill -9 "$pid" &&
		eventually is "$id" .RestartCount $((was + 1)) && eventually is "$id" .State.Running true
}

command -v docker-compose >/dev/null || { skip "the shop" "no docker-compose" && exit; }
has_networks >/dev/null 2>&1 || { skip "networks" "no bridges or no NAT in this kernel" && exit; }
check "docker starts" start_docker_with_networks
check "an image" make_image bb:1
check "a network" d network create net1
check "a service in it" d run -d --name web --network net1 bb:1 busybox httpd -f -h /etc
check "found by name" prints root:x:0: d run --rm --pull never --network net1 bb:1 busybox wget -q -O - http://web/group
check "a published port" eval 'd run -d -p 127.0.0.1:7000:80 bb:1 busybox httpd -f -h /etc && eventually answers 7000 /group root:x:0:'
check "connect and disconnect while it runs" eval 'd network create net2 && d network connect net2 web && d exec web busybox ip addr | grep eth1 && d network disconnect net2 web && ! d exec web busybox ip addr | grep eth1'
check "removed" remove_all

check "base images from Debian's packages" env DOCKER=$docker "$shop/bases"
check "build" compose build
check "up" compose up -d
check "the shop is open" eventually shop_answers /orders 0
check "the database is hart's, and the application" eval 'is "$(of db)" .HostConfig.Runtime hart && is "$(of app)" .HostConfig.Runtime hart'
check "goods" eval 'goods | grep -q "teapot: 24.50 (100 left)"'
check "an order" prints "order 1" order teapot
check "the stock is one less" eval 'goods | grep -q "(99 left)"'
check "the application runs without privileges" prints 0000000000000000 eval 'sed -n "s/^CapPrm:\t//p" "/proc/$(pid_of app)/status"'
check "killing the application: it comes back" comes_back app
check "with the orders" eventually shop_answers /orders 1
check "killing the database: it comes back" comes_back db
check "with the orders" eventually shop_answers /orders 1
check "an order after that" eval 'order cup | grep "^order [0-9]"'
check "--scale app=3" compose up -d --no-recreate --scale app=3
for number in 1 2 3; do
	check "application $number answers" eventually shop_answers /orders 2 $number
done
check "--scale app=1" compose up -d --no-recreate --scale app=1
check "one is left" eval '[ "$(compose ps -q app | wc -l)" = 1 ]'
for release in 2 1; do
	export RELEASE=$release
	check "release $release: build" compose build app
	check "release $release: up" compose up -d --no-deps app
	check "release $release: it answers" eventually shop_answers /release $release
	check "release $release: the orders are there" shop_answers /orders 2
done
check "logs" eval 'compose logs app | grep -q "release 1 is open"'
check "exec" prints 1 compose exec -T app sh -c 'echo $SHOP_RELEASE'
check "top" eval 'compose top | grep -q shop.py'
check "pause and unpause" eval 'compose pause app && is "$(of app)" .State.Status paused && compose unpause app && shop_answers /release 1'
check "stop and start" eval 'compose stop -t 5 && is "$(of db)" .State.ExitCode 0 && compose start && eventually shop_answers /orders 2'
check "down keeps the volume" eval 'compose down -t 5 && [ -z "$(d ps -aq)" ] && d volume inspect shop_data'
check "up again, with the orders" eval 'compose up -d && eventually shop_answers /orders 2'
check "down -v" eval 'compose down -v -t 5 && ! d volume inspect shop_data'

# The walk-through as it is typed; what is before the first image needs no test.
docker-compose() { compose "$@"; }
docker() { d "$@"; }
cd "$shop" || exit 1
while IFS= read -r line <&9; do
	check "typed: $line" eval "$line"
done 9< <(sed -n '/^docker-compose up/,/^```$/{/^```$/d;s/ *  # .*//;p}' README.md)
check "nothing of it is left but the volume" eval '[ -z "$(d ps -aq)" ] && d volume rm shop_data'
