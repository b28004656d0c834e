#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# guest: containers, a service and its takeovers on an arm64 kernel of their own; run by tests/hosts/arm64host, with the
# bundles that the script "all" has made in /bundles. busybox' sh, no jq. TAP.
# shellcheck disable=SC3043 # busybox has local
n=0 failed=0

check() { # NAME COMMAND...
	local name=$1

	n=$((n + 1))
	shift
	# Not the condition itself: set -e would mean nothing in it.
	(set -e; "$@") >/tmp/said 2>&1
	if [ $? = 0 ]; then
		echo "ok $n - arm64: $name"
	else
		failed=1
		echo "not ok $n - arm64: $name"
		sed 's/^/# /' /tmp/said
	fi
}
says() { # TEXT COMMAND...
	local text=$1 said

	shift
	said=$("$@" 2>&1) || :
	[ "$said" = "$text" ] || { echo "said: $said" && return 1; }
}
eventually() { # COMMAND...
	for _ in $(seq 300); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.1
	done
	echo "never: $*"
	return 1
}
matches() { "$2" "$3" "$4" 2>&1 | grep -q "$1"; } # TEXT COMMAND ARGUMENT ARGUMENT
run() { hart run --bundle "/bundles/$1" "$1" </dev/null; } # BUNDLE
refused_by_filter() { says "Operation not permitted" run seccomp; }
overlay() {
	says once hart run --overlay tmpfs --bundle /bundles/overlay overlay
	[ ! -e /bundles/overlay/rootfs/written ]
}
paused() {
	hart run -d --bundle /bundles/sleep paused </dev/null
	says inside hart exec paused /bin/busybox echo inside
	hart pause paused
	grep -q 'frozen 1' /sys/fs/cgroup/paused/cgroup.events
	hart resume paused
	says 20 cat /sys/fs/cgroup/paused/pids.max
	hart delete --force paused
	[ ! -e /sys/fs/cgroup/paused ]
}
serves() { ask "$1" | grep -q "\"member\":\"$2\""; } # ADDRESS MEMBER
is() { hart status "$1" 2>&1 | grep -q "$2"; }       # ID WORD
takeover() {
	hart run -d --standby self --listen unix:/run/sock --bundle /bundles/web service </dev/null
	serves unix:/run/sock primary
	eventually is service warm
	hart fail service
	serves unix:/run/sock standby-1
	eventually is service warm
	hart failover service
	serves unix:/run/sock primary
	hart status service | grep -q 'generation 3'
	hart delete --force service
}
hot() { # MODE
	hart run -d --port tcp:8080 --standby self --standby-mode "$1" --ready notify --bundle /bundles/listens hot </dev/null
	eventually is hot hot
	serves tcp:127.0.0.1:8080 primary
	hart fail hot
	serves tcp:127.0.0.1:8080 standby-1
	hart delete --force hot
}
adopted() {
	hart run -d --standby self --listen unix:/run/sock --bundle /bundles/web adopted </dev/null
	eventually is adopted warm
	kill -9 "$(hart status --json adopted | sed -n 's/.*"shim":{[^}]*"pid":\([0-9]*\).*/\1/p')"
	serves unix:/run/sock primary
	hart adopt adopted
	hart fail adopted
	serves unix:/run/sock standby-1
	hart delete --force adopted
}

uname -m
check "a container says what it is asked to" says hello run hello
check "its processor is the kernel's" says aarch64 run machine
check "a filter refuses what it names" refused_by_filter
check "an overlay: the bundle's root stays as it was" overlay
check "exec, freeze, a limit of processes, delete" paused
check "a service: takeover, planned switch" takeover
check "a hot standby at a held port" hot hot
check "a frozen one" hot frozen
check "the shim is killed, the service serves on and is adopted" adopted
check "nothing is left" says '' hart list -q
echo "1..$n"
exit $failed
