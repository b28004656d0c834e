# SPDX-License-Identifier: Apache-2.0
# lib: what the tests on the emulated host share: a small TAP harness in plain bash, because every
# process costs milliseconds there and every call of jq a quarter of a second.
#
#	check "what must hold" FUNCTION     # runs in a subshell with set -e; its output is shown on failure
#	check_both "what" FUNCTION         # with runc as well, where there is one
#	finish
#
# shellcheck shell=bash
: "${HART:?the binary under test}" "${PROBE:?the probe}"
WORK=$(mktemp -d)
RT=$HART
count=0 failed=0

make_template() {
	local applet

	chmod 755 "$WORK"
	mkdir -p "$WORK"/{state,template/{bin,dev,etc,proc,root,run,sys,tmp,var}}
	cp "$PROBE" "$WORK/template/probe"
	cp "$(command -v busybox)" "$WORK/template/bin/busybox"
	for applet in sh cat echo ls true id mount touch mkdir stat sleep grep sync dd ip hostname date; do
		ln -s busybox "$WORK/template/bin/$applet"
	done
	echo 'root:x:0:0:root:/root:/bin/sh' >"$WORK/template/etc/passwd"
	mkdir "$WORK/spec" && (cd "$WORK/spec" && "$HART" spec)
}

# rt ARGUMENT...: the runtime, with a state folder of its own.
rt() {
	timeout 60 "$RT" --root "$WORK/state/${RT##*/}" "$@"
}

# bundle FILTER...: $BUNDLE with the default config changed by jq filters. The rootfs is
# one for all: tests write into it below folders of their own.
bundle() {
	local filter='.process.terminal = false | .root.path = "../template"' f

	for f; do filter+=" | $f"; done
	BUNDLE=$WORK/bundle
	mkdir -p "$BUNDLE"
	jq "$filter" "$WORK/spec/config.json" >"$BUNDLE/config.json"
}

# args WORD...: a filter; words without quotes and backslashes.
args() {
	printf '.process.args = ["%s"' "$1"
	shift
	printf ',"%s"' "$@"
	printf ']'
}

# shell SCRIPT: a filter that runs a busybox shell script.
shell() {
	args /bin/sh -c "$1"
}

# run [FLAG...]: the bundle, in the foreground.
run() {
	rt run --bundle "$BUNDLE" "$@" "$ID" </dev/null
}

# up [FILTER...]: container $ID that sleeps.
up() {
	bundle "$(args /bin/sleep 1000)" "$@"
	rt run -d --bundle "$BUNDLE" "$ID" </dev/null >"$WORK/up.log" 2>&1 || {
		cat "$WORK/up.log"
		return 1
	}
}

# says WANT COMMAND...: its output must be that.
says() {
	local want=$1 got

	shift
	# A label ends with a NUL.
	got=$("$@" 2>&1 | tr -d '\0'; exit "${PIPESTATUS[0]}") || {
		echo "failed with $?: $* : $got"
		return 1
	}
	[ "$got" = "$want" ] || {
		echo "expected '$want', got '$got': $*"
		return 1
	}
}

# refuses REGEX COMMAND...: it must fail with such a message.
refuses() {
	local pattern=$1 text

	shift
	# Without the quoting of the log.
	! text=$("$@" 2>&1 </dev/null) && grep -Eq -- "$pattern" <<<"${text//\\\"/\"}" && return 0
	echo "expected a failure matching $pattern: $text"
	return 1
}

# eventually WORD...: until the words succeed, ten seconds at most.
eventually() {
	local i

	for ((i = 0; i < 100; i++)); do
		eval "$*" >/dev/null 2>&1 && return 0
		sleep 0.1
	done
	echo "never came true: $*"
	return 1
}

tap() {
	local status=$1 name=$2

	count=$((count + 1))
	if [ "$status" = 0 ]; then
		echo "ok $count - $name"
	elif [ "$status" = 77 ]; then
		echo "ok $count - $name # skip $(tail -n 1 "$WORK/log")"
	else
		failed=1
		echo "not ok $count - $name"
		tail -n 30 "$WORK/log" | sed 's/^/# /'
	fi
}

# check NAME FUNCTION: afterwards the container is gone.
check() {
	local name=$1 status

	shift
	ID=q$count
	(set -e; "$@") >"$WORK/log" 2>&1
	status=$?
	rt delete --force "$ID" >/dev/null 2>&1
	tap "$status" "$name"
}

# check_both NAME FUNCTION: hart and, to know that the test asks for the right thing, runc.
check_both() {
	check "$@"
	if command -v runc >/dev/null; then
		RT=runc
		check "runc: $1" "$2"
		RT=$HART
	fi
}

finish() {
	rm -rf "$WORK"
	echo "1..$count"
	exit "$failed"
}

make_template
