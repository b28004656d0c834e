# SPDX-License-Identifier: Apache-2.0
# lib: what the end-to-end tests have in common. A test makes a bundle by jq filters over the
# default config, runs it and asserts facts:
#
#	report '.hostname = "box"'            # runs the probe in it; what it saw is in report.json
#	check '.hostname == "box"'            # jq conditions over report.json
#
# After each test the host must be as before: mounts, cgroups, processes, the state folder.
# Needs HART (the binary under test) and PROBE; run by tests/run in tests/hosts/v2host.
# shellcheck shell=bash

BASE_JQ='.process.terminal = false | .process.args = ["/probe", "report"]'
# A cap on every command: a test must fail, not hang.
: "${COMMAND_TIMEOUT_S:=30}"

setup_file() {
	local applet

	: "${HART:?the binary under test}" "${PROBE:?the probe}"
	export TEMPLATE=$BATS_FILE_TMPDIR/rootfs
	mkdir -p "$TEMPLATE"/{bin,dev,etc,proc,root,run,sys,tmp,var}
	cp "$(command -v busybox)" "$TEMPLATE/bin/busybox"
	for applet in sh cat echo ls true false sleep id mount umount test touch mkdir rm stat kill \
		ps env readlink grep chmod ln mv dd wc sort ip hostname; do
		ln -s busybox "$TEMPLATE/bin/$applet"
	done
	cp "$PROBE" "$TEMPLATE/probe"
	echo 'root:x:0:0:root:/root:/bin/sh' >"$TEMPLATE/etc/passwd"
	echo 'root:x:0:' >"$TEMPLATE/etc/group"
	mkdir "$BATS_FILE_TMPDIR/spec"
	(cd "$BATS_FILE_TMPDIR/spec" && "$HART" spec 3>&-)
	jq "$BASE_JQ" "$BATS_FILE_TMPDIR/spec/config.json" >"$BATS_FILE_TMPDIR/config.json"
	if declare -F file_setup >/dev/null; then
		file_setup
	fi
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	STATE=$BATS_TEST_TMPDIR/state
	BUNDLE=$BATS_TEST_TMPDIR/bundle
	ID=t$BATS_TEST_NUMBER
	mkdir "$STATE"
	host_snapshot >"$BATS_TEST_TMPDIR/before.snapshot"
}

# What the last commands said, and what became of services, when the test failed.
last_words() {
	local id

	(cd "$BATS_TEST_TMPDIR" && tail -n 10 out err tty.out 2>/dev/null)
	for id in $(hart list -q 2>/dev/null); do
		hart status "$id" 2>/dev/null && hart journal "$id" 2>&1 | tail -n 20
	done
}

teardown() {
	local id

	[ -n "${BATS_TEST_COMPLETED-}" ] || last_words
	for id in $(hart list -q 2>/dev/null); do
		hart delete --force "$id" || return 1
	done
	if declare -F test_teardown >/dev/null; then
		test_teardown
	fi
	same_host
}

# --- the program under test ---------------------------------------------------------------------

# bats' own descriptors do not get into containers.
hart() {
	timeout -k 5 "$COMMAND_TIMEOUT_S" "$HART" --root "$STATE" "$@" 3>&- 4>&-
}

# without_resource COMMAND...: the same by a root who may raise no limit.
without_resource() {
	hart() {
		timeout -k 5 "$COMMAND_TIMEOUT_S" setpriv --bounding-set -sys_resource "$HART" --root "$STATE" "$@" 3>&- 4>&-
	}
	"$@"
}

# weakly DEFENCES COMMAND...: the same with a hart whose defences are off (probe/weak.c): the attack works.
weakly() {
	HART=$(dirname "$PROBE")/weak HART_WEAK=$1 "${@:2}"
}

# The command must fail by itself (not by a timeout or a crash) and its stderr match the extended
# regular expression.
refuses() {
	local pattern=$1 status=0

	shift
	"$@" </dev/null >refuses.out 2>refuses.err || status=$?
	case $status in
	0 | 124 | 134 | 137 | 139) ;;
	*) grep -Eq -- "$pattern" refuses.err && return 0 ;;
	esac
	echo "expected a failure matching: $pattern"
	echo "status $status, stderr: $(cat refuses.err)"
	return 1
}

# The command's exit status must be that number.
exits() {
	local want=$1 status=0

	shift
	"$@" || status=$?
	[ "$status" = "$want" ] || {
		echo "exit status $status, expected $want: $*"
		return 1
	}
}

# --- bundles --------------------------------------------------------------------------------------

# bundle FILTER...: $BUNDLE with the default config changed by jq filters. Files of the rootfs are
# hard links: replace them, do not write into them.
bundle() {
	rm -rf "$BUNDLE"
	mkdir "$BUNDLE"
	cp -al "$TEMPLATE" "$BUNDLE/rootfs"
	cp "$BATS_FILE_TMPDIR/config.json" "$BUNDLE/config.json"
	config "$@"
}

# config FILTER...: changes the bundle's config.
config() {
	local filter

	for filter in "$@"; do
		jq "$filter" "$BUNDLE/config.json" >"$BUNDLE/config.new"
		mv "$BUNDLE/config.new" "$BUNDLE/config.json"
	done
}

# args WORD...: a filter that sets process.args.
args() {
	printf '.process.args = ['
	jq -rn '[$ARGS.positional[] | @json] | join(",")' --args -- "$@"
	printf ']'
}

# shell SCRIPT: a filter that runs a busybox shell script.
shell() {
	args /bin/sh -c "$1"
}

# namespace TYPE PATH: a filter that joins a namespace; `namespace TYPE -` takes it out.
namespace() {
	if [ "$2" = - ]; then
		printf '.linux.namespaces |= map(select(.type != "%s"))' "$1"
	else
		printf '.linux.namespaces |= map(select(.type != "%s")) + [{type: "%s", path: "%s"}]' \
			"$1" "$1" "$2"
	fi
}

# new_namespace TYPE: a filter that adds a new namespace.
new_namespace() {
	printf '.linux.namespaces |= map(select(.type != "%s")) + [{type: "%s"}]' "$1" "$1"
}

# --- running --------------------------------------------------------------------------------------

# run_bundle [FLAG...]: `hart run` of $BUNDLE, output in out and err.
run_bundle() {
	local status=0

	hart run --bundle "$BUNDLE" "$@" "$ID" </dev/null >out 2>err || status=$?
	[ "$status" = 0 ] || echo "hart run: status $status: $(cat err)"
	return "$status"
}

# output FILTER...: runs the bundle made of the filters and prints its stdout.
output() {
	bundle "$@" && run_bundle && cat out
}

# report FILTER...: runs the probe in a new bundle; report.json is what it saw.
report() {
	bundle "$@" && run_bundle && cp out report.json
}

# up FILTER...: a running container $ID that sleeps until SIGTERM; more filters change that.
up() {
	bundle "$(args /probe sleep)" "$@"
	create "$ID"
	hart start "$ID"
}

# The same, when it ends by SIGTERM.
up_for_term() {
	up "$@"
	eventually 'heeds "$(init_pid)" TERM'
}

# create ID [FLAG...]: `hart create` of $BUNDLE, output of the container in out and err.
create() {
	local id=$1 status=0

	shift
	hart create --bundle "$BUNDLE" "$@" "$id" </dev/null >out 2>err || status=$?
	[ "$status" = 0 ] || echo "hart create: status $status: $(cat err)"
	return "$status"
}

# exec_report FLAG...: the probe by `hart exec` in container $ID.
exec_report() {
	hart exec "$@" "$ID" /probe report </dev/null >report.json
}

init_pid() {
	hart state "${1:-$ID}" | jq .pid
}

# heeds PID SIGNAL: whether it catches or blocks it by now: as PID 1 it gets none that it leaves at the default.
heeds() {
	local bits

	bits=$(awk '/^Sig(Blk|Cgt):/ { print $2 }' "/proc/$1/status") || return
	bits=$((0x${bits%$'\n'*} | 0x${bits#*$'\n'}))
	((bits >> ($(kill -l "$2") - 1) & 1))
}

status_of() {
	hart state "${1:-$ID}" | jq -r .status
}

# until_status ID STATUS: waits for it (bounded).
until_status() {
	eventually [ "\$(status_of $1)" = "$2" ]
}

# eventually WORD...: evaluates the words until they succeed, for at most ten seconds.
eventually() {
	local i

	for ((i = 0; i < 200; i++)); do
		eval "$*" >/dev/null 2>&1 && return 0
		sleep 0.05
	done
	echo "never came true: $*"
	return 1
}

# --- facts ------------------------------------------------------------------------------------------

# check CONDITION...: each jq condition must hold for report.json.
check() {
	local condition

	for condition in "$@"; do
		jq -e "$condition" report.json >/dev/null || {
			echo "does not hold: $condition"
			jq -c 'del(.mounts, .devices, .rlimits, .caps)' report.json
			return 1
		}
	done
}

# mount_at POINT: the topmost mount there, as the probe saw it.
mount_at() {
	jq -c --arg p "$1" '[.mounts[] | select(.point == $p)] | last' report.json
}

# check_mount POINT CONDITION...: jq conditions over that mount; `has("ro")` is `options(…)`.
check_mount() {
	local point=$1 found condition

	shift
	found=$(mount_at "$point")
	for condition in "$@"; do
		jq -e "def has_option(\$o): .options | split(\",\") | index(\$o) != null; $condition" \
			<<<"$found" >/dev/null || {
			echo "does not hold at $point: $condition: $found"
			return 1
		}
	done
}

# has_controller NAME: the host's cgroup2 tree offers it.
has_controller() {
	grep -qw "$1" /sys/fs/cgroup/cgroup.controllers
}

# The cgroup folder of container $ID.
cgroup_of() {
	echo "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(init_pid "$@")/cgroup")"
}

# --- nothing is left -------------------------------------------------------------------------------

# Mounts, cgroups, processes and what is in the state folder, one a line.
host_snapshot() {
	local p name

	cut -d' ' -f3- /proc/self/mountinfo | sort | sed 's/^/mount /'
	find /sys/fs/cgroup -mindepth 1 -type d | sort | sed 's/^/cgroup /'
	# A cache of filters stays on purpose.
	find "$STATE" -mindepth 1 -not -path "$STATE/seccomp~cache*" 2>/dev/null | sort |
		sed 's/^/state /'
	for p in /proc/[0-9]*; do
		{ read -r name <"$p/comm"; } 2>/dev/null || continue
		# The kernel's workers come and go, this function's own pipelines as well; zombies
		# are gone with their parent's next wait.
		case $name in kworker* | bash | bats* | sort | sed | find | cut | timeout) continue ;; esac
		echo "process ${p#/proc/} $name"
	done
}

# Compares with the snapshot of setup; what dies asynchronously gets two seconds.
same_host() {
	local i

	for ((i = 0; i < 20; i++)); do
		host_snapshot >"$BATS_TEST_TMPDIR/after.snapshot"
		cmp -s "$BATS_TEST_TMPDIR"/{before,after}.snapshot && return 0
		sleep 0.1
	done
	echo "left on the host (> added, < missing):"
	diff "$BATS_TEST_TMPDIR"/{before,after}.snapshot
	return 1
}
