#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Held ports and hot standbys of Podman's containers, by annotations. TAP; called by run in a network namespace of its own.
# shellcheck disable=SC2154,SC2034 # lib.bash sets work, ports.bash server and takes id
set -u
export engine=podman-ports
# shellcheck source=tests/engines/lib.bash
. "$(dirname "$0")/lib.bash"
# shellcheck source=tests/engines/ports.bash
. "$(dirname "$0")/ports.bash"
# shellcheck source=tests/engines/podman.bash
. "$(dirname "$0")/podman.bash"

h() { "$HART" "$@"; }
up() { # ARGUMENT...
	p run -d --name web --network host --annotation org.hart.port=tcp:8080 "$@" bb:1 /bin/busybox sh -c "$server" &&
		id=$(p inspect -f '{{.Id}}' web)
}
hot() { up --annotation org.hart.standby=self --annotation "org.hart.standby-mode=$1" && eventually is_hot; } # MODE
removed() { p rm -f -t 0 web || { sleep 1 && p rm -f web; }; }

ip link set lo up
write_containers_conf
make_rootfs rootfs
tar -C rootfs -c . >image.tar
check "an image from a folder" p import image.tar bb:1
for mode in hot frozen; do
	check "a container with a held port and a standby that is $mode" hot $mode
	check "killed twice: nobody is refused, and the container runs on" eval 'survives 127.0.0.1:8080 && [ "$(p inspect -f "{{.State.Status}}" web)" = running ]'
	check "stop lets go of the port" eval 'p stop -t 2 web && ! "$service_bin/ask" tcp:127.0.0.1:8080 /index.html && removed'
done
check "a port alone: restarted in place, nobody is refused" eval 'up && eventually serves_at 127.0.0.1:8080 && kill -KILL "$(h status --json "$id" | jq .pid)" && eventually generation_is 2 && serves_at 127.0.0.1:8080 && removed'
check "a port that is none is an error" eval '! p run --rm --network host --annotation org.hart.port=tcp:99999 bb:1 true 2>words && grep -q "port" words'
check "nothing is left" eventually nothing_left
