#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What commands cost in counts, which a busy machine does not change: system calls, page faults, context switches,
# private memory. A bound is what it was when it was set, and some room for other kernels; whoever needs more says why.
load lib
load service

# counted CALLS FAULTS SWITCHES COMMAND...: at most so many of each.
counted() {
	local calls=$1 faults=$2 switches=$3

	shift 3
	"$PROBE" cost "$HART" --root "$STATE" "$@" </dev/null 2>cost >/dev/null 3>&- 4>&-
	strace -f -qq -c -o calls "$HART" --root "$STATE" "${@/%cost/calls}" </dev/null >/dev/null 3>&- 4>&-
	awk '$NF == "total" { print "system calls:", $4 + 0 }' calls
	cat cost
	[ "$(awk '$NF == "total" { print $4 + 0 }' calls)" -le "$calls" ]
	[ "$(jq .faults cost)" -le "$faults" ]
	[ "$(jq .switches cost)" -le "$switches" ]
}

needs_counts() {
	command -v strace >/dev/null || skip "no strace"
	! grep -q __asan_init "$HART" || skip "a sanitizer has costs of its own"
}

@test "run of the default config" {
	needs_counts
	bundle "$(args /bin/true)"
	counted 485 165 16 run --bundle "$BUNDLE" "$ID-cost"
}

@test "exec" {
	needs_counts
	up
	counted 275 165 14 exec "$ID" /bin/true
}

@test "the private memory of an idle shim" {
	needs_counts
	serve --standby self
	eventually is_warm
	local shim
	shim=$(jq .supervisorPid "$STATE/$ID/state.json")
	# Not "Private": pages of the binary are private as long as nobody else runs it.
	awk '/^Anonymous:/ { n = $2 } END { print "its own KiB:", n; exit !n || n > 400 }' "/proc/$shim/smaps_rollup"
}
