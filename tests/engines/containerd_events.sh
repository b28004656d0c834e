#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Thousands of events of many containers at once through Debian's containerd: none lost, none twice, each process's in
# order, a container's init ending last. TAP; called by run. Needs SHIM, the folder of the shim's binary.
# shellcheck disable=SC2154 # lib.bash sets work, containerd.bash image
set -u
export engine=containerd-events
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/engines/lib.bash
. "$here/lib.bash"
# shellcheck source=tests/engines/containerd.bash
. "$here/containerd.bash"
: "${SHIM:?the folder of containerd-shim-hart-v2}"
export PATH=$SHIM:$PATH
cd "$work" || exit 1

containers=8 execs=200

trap 'containerd_end; cd /; rm -rf --one-file-system "$work"' EXIT

each() { seq -f "s%g" "$containers"; }
address() { cat "state/io.containerd.runtime.v2.task/default/$1/address"; }
begin() { for id in $(each); do run_by io.containerd.hart.v2 -d $image "$id" /bin/sleep 1000 || return 1; done; }

storm() {
	local id pids=() pid failed=0

	for id in $(each); do
		timeout 300 "$here/storm.py" run "$(address "$id")" "$id" "$execs" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
	return $failed
}

stop() {
	local id

	for id in $(each); do c tasks kill -s KILL "$id" || return 1; done
	eventually eval '[ "$(c tasks ls | grep -c STOPPED)" = '"$containers"' ]' || return 1
	for id in $(each); do c tasks rm "$id"; c containers rm "$id"; done >/dev/null 2>&1
	[ -z "$(c tasks ls -q)" ]
}

# ctr says nothing when it has subscribed: labels are set until it has seen one.
listens() { c containers label s0 "now=$RANDOM" >/dev/null && grep -q /containers/update events; }
has_all() { [ "$(grep -c /tasks/ events)" -ge $((containers * (4 + 3 * execs))) ]; }

containerd_begin
check "a container without a task" c containers create --snapshotter native $image s0 /bin/true
timeout 600 ctr -a "$work/sock" events >events 2>/dev/null &
listener=$!
check "somebody listens" eventually listens
check "$containers containers" begin
check "$execs processes in each of them, at once" storm
check "their end" stop
check "$((containers * (4 + 3 * execs))) events are there" eventually has_all
mapfile -t ids < <(each)
check "none is lost, none told twice, all in order" "$here/storm.py" check events "$execs" "${ids[@]}"
kill $listener 2>/dev/null
