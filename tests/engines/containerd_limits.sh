#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What hart's shim for containerd tells of memory, on a host that has the controllers (User Mode Linux): OOM events
# before the exit, metrics, updates. TAP; called by run. Needs SHIM.
# shellcheck disable=SC2154,SC2016 # lib.bash sets work, containerd.bash image; $ is for the container's shell
set -u
export engine="containerd-shim limits"
here=$(dirname "$(realpath "$0")")
: "${SHIM:?the folder of containerd-shim-hart-v2}" "${PROBE:?the program that reports what it sees}"
# shellcheck source=tests/engines/lib.bash
. "$here/lib.bash"
# shellcheck source=tests/engines/containerd.bash
. "$here/containerd.bash"
export PATH=$SHIM:$PATH
cd "$work" || exit 1
trap 'containerd_end; cd /; rm -rf "$work"' EXIT

run() { c run --runtime io.containerd.hart.v2 --snapshotter native "$@"; }
ask() { python3 "$here/ttrpc.py" "$(cat state/io.containerd.runtime.v2.task/default/t1/address)" "$@"; }
cg() { cat "/sys/fs/cgroup/default/t1/$1"; }

containerd_config
check "an image" eval 'make_rootfs rootfs && cp "$PROBE" rootfs/probe && containerd_image'
check "it starts" containerd_start
check "the image is taken" containerd_take --index-name "$image"
c events >events 2>/dev/null &
listener=$!
check "run with a limit" run -d --memory-limit 67108864 $image t1 /bin/sh -c 'until [ -e /go ]; do sleep 0.1; done; /probe eat 200000000'
check "it is in the cgroup, and in the metrics" eval 'prints 67108864 cg memory.max && c tasks metrics t1 | grep -q "^memory.usage_limit *67108864"'
check "update" eval 'ask Update 1=t1 "2.2={\"memory\":{\"limit\":50331648},\"pids\":{\"limit\":30}}" | grep -q "^0 " && prints 50331648 cg memory.max && prints 30 cg pids.max'
check "an update that is wrong names its place" eval 'ask Update 1=t1 "2.2={\"memory\":{\"limit\":\"much\"}}" | grep -q "/memory/limit"'
check "an update of nothing, of nobody" eval 'ask Update 1=t1 | grep -q "^3 " && ask Update 1=t2 2.2={} | grep -q "^5 "'
check "Connect says who is there" eval 'ask Connect 1=t1 | grep -q "^0 "'
check "it eats" c tasks exec --exec-id go t1 sh -c 'echo >/go'
check "it is killed for that" eventually is t1 STOPPED
check "OOM is told, before the exit" eval 'eventually grep -q "/tasks/exit.*\"id\":\"t1\"" events && grep -E "/tasks/(oom|exit)" events | grep -v "\"id\":\"go\"" | head -n 1 | grep -q /tasks/oom'
kill $listener 2>/dev/null
check "delete" eval 'c tasks rm t1 2>&1 | grep -q "exit code 137"; c containers rm t1'

check "a task with a standby" run -d --annotation org.hart.standby=self --annotation org.hart.backoff=1ms:1ms $image t1 /bin/sleep 1000
check "its new limit is the service's" eval 'ask Update 1=t1 "2.2={\"pids\":{\"limit\":30}}" | grep -q "^0 " && prints 30 cg pids.max'
check "... whoever serves" eval 'kill_active t1 && prints 30 cg pids.max && prints max cat "/sys/fs/cgroup$(sed -n s/^0:://p "/proc/$(pid_of t1)/cgroup")/pids.max"'
