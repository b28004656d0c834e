#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# hart logs --since and --until.
load lib
load service

@test "logs since and until: a time ago, a time, its beginning" {
	local first third
	bundle "$(shell 'for i in 1 2 3; do echo "line $i"; sleep 0.2; done; exec sleep 1000')"
	hart run -d --standby self --bundle "$BUNDLE" "$ID" </dev/null
	eventually "hart logs $ID | grep -q 'line 3'"
	hart logs "$ID" >all
	first=$(awk '/line 1/ { print $1 }' all) third=$(awk '/line 3/ { print $1 }' all)
	[ "$(hart logs --since "$third" "$ID" | grep -c line)" = 1 ]
	[ "$(hart logs --until "$first" "$ID" | grep -c line)" = 1 ]
	[ "$(hart logs --since "$first" --until "$third" "$ID" | grep -c line)" = 3 ]
	[ "$(hart logs --since 10m "$ID" | grep -c line)" = 3 ]
	[ "$(hart logs --until 10m "$ID" | wc -l)" = 0 ]
	[ "$(hart logs --since "${first%T*}" --until "${third%T*}" "$ID" | grep -c line)" = 3 ]
	[ "$(hart logs --since 2999-01-01 "$ID" | wc -l)" = 0 ]
	[ "$(hart logs --since "$first" -n 1 "$ID" | grep -c 'line 3')" = 1 ]
	refuses '--since yesterday: neither' hart logs --since yesterday "$ID"
	refuses '--until 2026-11: neither' hart logs --until 2026-11 "$ID"
}
