# SPDX-License-Identifier: Apache-2.0
# standin: what the tests of the pid that an engine holds have in common. `h` is hart with the engine's state root,
# `id` the container's, `pid` prints the engine's pid of it.
# shellcheck shell=bash disable=SC2154

of_service() { h status --json "$id" | jq -r "$1"; } # FILTER
active() { of_service .pid | grep '^[1-9]'; }
serves() { [ "$(of_service .generation)" = "$1" ]; } # GENERATION
is_warm() { [ "$(of_service '[.members[] | select(.state == "warm")] | length')" -ge 1 ]; }
ns_of() { readlink "/proc/$1/ns/$2"; } # PID KIND
# follows: the pid is in the mounts of who serves.
follows() { [ "$(ns_of "$(pid)" mnt)" = "$(ns_of "$(active)" mnt)" ]; }

is_inside() { # PID [KIND...]: in none of the host's namespaces.
	local pid=$1 kind

	shift
	[ $# != 0 ] || set -- mnt net ipc uts pid
	for kind in "$@"; do
		[ "$(ns_of "$pid" "$kind")" != "$(ns_of $$ "$kind")" ] || { echo "$kind is the host's" && return 1; }
	done
}

cgroup_is_below() { # PID TEXT
	sed -n 's/^0:://p' "/proc/$1/cgroup" | grep "$2"
}

kill_shim() {
	local pid

	pid=$(of_service .shim.pid) && kill -KILL "$pid" && eventually eval "! [ -d /proc/$pid ] || grep -q '^State:.Z' /proc/$pid/status"
}

# nothing_runs: no process is left in a cgroup of the container's.
nothing_runs() {
	eventually eval '[ -z "$(find /sys/fs/cgroup -path "*$id*" -name cgroup.procs -exec cat {} + 2>/dev/null)" ]'
}
