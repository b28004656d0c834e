#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Held ports and hot standbys under containerd with hart's own shim, by annotations. TAP; called by run in a network namespace of
# its own. Needs SHIM, the folder of the shim's binary.
# shellcheck disable=SC2154 # lib.bash sets work, containerd.bash image, ports.bash server
set -u
export engine=containerd-ports
# shellcheck source=tests/engines/lib.bash
. "$(dirname "$0")/lib.bash"
# shellcheck source=tests/engines/containerd.bash
. "$(dirname "$0")/containerd.bash"
# shellcheck source=tests/engines/ports.bash
. "$(dirname "$0")/ports.bash"
: "${SHIM:?the folder of containerd-shim-hart-v2}"
export PATH=$SHIM:$PATH
cd "$work" || exit 1
trap 'containerd_end; cd /; rm -rf "$work"' EXIT

id=web
h() { "$HART" --root /run/containerd/hart/default "$@"; }
up() { # ARGUMENT...
	run_by io.containerd.hart.v2 -d --net-host --annotation org.hart.port=tcp:8080 "$@" $image $id /bin/busybox sh -c "$server"
}
hot() { up --annotation org.hart.standby=self --annotation "org.hart.standby-mode=$1" && eventually is_hot; } # MODE
removed() {
	c tasks kill -s KILL $id && eventually is $id STOPPED
	c tasks rm $id
	c containers rm $id
	! c tasks ls -q | grep -qx $id
}
no_shim_left() { ! pgrep -af "containerd-shim-hart-v2.*$work"; }

ip link set lo up
containerd_begin
for mode in hot frozen; do
	check "a task with a held port and a standby that is $mode" hot $mode
	check "killed twice: nobody is refused, and the task runs on" eval 'survives 127.0.0.1:8080 && is $id RUNNING'
	check "kill and delete let go of the port" eval 'removed && ! "$service_bin/ask" tcp:127.0.0.1:8080 /index.html'
done
check "a port alone: restarted in place, nobody is refused" eval 'up && eventually serves_at 127.0.0.1:8080 && kill -KILL "$(h status --json "$id" | jq .pid)" && eventually generation_is 2 && serves_at 127.0.0.1:8080 && removed'
check "a port that is none is an error" eval '! run_by io.containerd.hart.v2 --rm --annotation org.hart.port=tcp:99999 $image bad true 2>words && grep -q port words; c containers rm bad; eventually no_shim_left'
check "nothing is left" eventually no_shim_left
