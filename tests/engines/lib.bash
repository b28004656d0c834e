# SPDX-License-Identifier: Apache-2.0
# lib: what the engine tests share: TAP, a work folder, an image out of a busybox folder.
# shellcheck shell=bash disable=SC2154 # engine is the script's own

: "${HART:?the binary under test}"
work=$(mktemp -d)
n=0

# check NAME COMMAND...: one test.
check() {
	local name=$1

	shift
	n=$((n + 1))
	if "$@" >"$work/log" 2>&1; then
		echo "ok $n - $engine: $name"
	else
		echo "not ok $n - $engine: $name"
		tail -n 15 "$work/log" | sed 's/^/#   /'
	fi
}

# skip NAME REASON
skip() {
	n=$((n + 1))
	echo "ok $n - $engine: $1 # skip $2"
}

# prints WANT COMMAND...: its output, all of it, is WANT. A client can lose the output of a program that ends at
# once (ctr does with runc's shim, too, podman as well): who succeeded without a word is asked once more.
prints() {
	local want=$1 got

	shift
	got=$("$@" 2>"$work/err") && [ -z "$got" ] && [ -n "$want" ] && got=$("$@" 2>"$work/err")
	[ "$got" = "$want" ] || { echo "wanted: $want" && echo "got: $got" && cat "$work/err" && return 1; }
}

# exits STATUS COMMAND...
exits() {
	local want=$1 status=0

	shift
	"$@" || status=$?
	[ "$status" = "$want" ] || { echo "status $status, wanted $want" && return 1; }
}

# eventually COMMAND...: for at most ten seconds.
eventually() {
	for _ in {1..100}; do
		"$@" && return 0
		sleep 0.1
	done
	return 1
}

make_rootfs() { # FOLDER
	mkdir -p "$1"/{bin,etc,tmp}
	chmod 1777 "$1/tmp"
	cp "$(command -v busybox)" "$1/bin/busybox"
	for applet in sh echo sleep true false cat cp id ps ls kill tty rm grep readlink stty xargs cut; do ln -s busybox "$1/bin/$applet"; done
	echo 'root:x:0:0:root:/:/bin/sh' >"$1/etc/passwd"
	echo 'root:x:0:' >"$1/etc/group"
}

# Engines ask by themselves for a pids limit, for which not every host has the controller, and for a million of descriptors
# and processes, which not every root may have.
write_containers_conf() {
	printf '[containers]\npids_limit = 0\ndefault_ulimits = ["nofile=%s:%s", "nproc=%s:%s"]\n' \
		"$(ulimit -Hn)" "$(ulimit -Hn)" "$(ulimit -Hu)" "$(ulimit -Hu)" | sed s/unlimited/-1/g >"$work/containers.conf"
	export CONTAINERS_CONF=$work/containers.conf
}

# Before its version 25 dockerd lowers its own score, which not every root may do.
keep_oom_score() {
	! dockerd --help | grep -q -- --oom-score-adjust || echo "--oom-score-adjust 0"
}

# Nothing of hart's may be left in the default state root.
nothing_left() {
	[ -z "$(find /run/hart -mindepth 1 -maxdepth 1 -not -name 'seccomp~cache' 2>/dev/null)" ]
}
