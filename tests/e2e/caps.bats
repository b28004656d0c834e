#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Capabilities: all five sets, from any caller (security.md 8).
load lib

# sets JSON: a filter that sets process.capabilities.
sets() {
	printf '.process.capabilities = %s' "$1"
}

THREE='["CAP_CHOWN","CAP_KILL","CAP_NET_BIND_SERVICE"]'

@test "the five sets are exactly the config's" {
	report "$(sets "{bounding: $THREE, effective: [\"CAP_KILL\"], permitted: $THREE,
		inheritable: [\"CAP_CHOWN\"], ambient: []}")"
	# A root user's exec raises permitted and effective to the bounding set.
	check ".caps.bounding == $THREE" '.caps.inheritable == ["CAP_CHOWN"]' '.caps.ambient == []' \
		".caps.permitted == $THREE" ".caps.effective == $THREE"
}

@test "another user keeps no capability over exec but ambient ones" {
	report "$(sets "{bounding: $THREE, effective: $THREE, permitted: $THREE, inheritable: [],
		ambient: []}")" '.process.user = {uid: 1000, gid: 1000}'
	check ".caps.bounding == $THREE" '.caps.permitted == []' '.caps.effective == []'
	report "$(sets "{bounding: $THREE, effective: $THREE, permitted: $THREE, inheritable: $THREE,
		ambient: [\"CAP_KILL\"]}")" '.process.user = {uid: 1000, gid: 1000}'
	check '.caps.ambient == ["CAP_KILL"]' '.caps.effective == ["CAP_KILL"]' \
		'.caps.permitted == ["CAP_KILL"]' ".caps.inheritable == $THREE"
}

@test "without capabilities in the config the process has none" {
	report 'del(.process.capabilities)'
	check '[.caps[]] == [[], [], [], [], []]'
	report "$(sets '{}')"
	check '[.caps[]] == [[], [], [], [], []]'
}

@test "the caller's inheritable and ambient sets do not get in" {
	bundle "$(sets "{bounding: $THREE, effective: $THREE, permitted: $THREE, inheritable: [],
		ambient: []}")"
	"$PROBE" inherit timeout 30 "$HART" --root "$STATE" run --bundle "$BUNDLE" "$ID" \
		</dev/null >report.json 3>&-
	check '.caps.inheritable == []' '.caps.ambient == []' ".caps.bounding == $THREE"
}

@test "exec gives the container's sets, from any caller" {
	up "$(sets "{bounding: $THREE, effective: $THREE, permitted: $THREE, inheritable: [],
		ambient: []}")"
	"$PROBE" inherit timeout 30 "$HART" --root "$STATE" exec "$ID" /probe report \
		</dev/null >report.json 3>&-
	check '.caps.inheritable == []' '.caps.ambient == []' ".caps.bounding == $THREE" \
		".caps.effective == $THREE"
}

@test "an ambient capability that is not permitted does not become effective" {
	bundle "$(sets "{bounding: $THREE, effective: [], permitted: [], inheritable: [],
		ambient: [\"CAP_KILL\"]}")" '.process.user = {uid: 1000, gid: 1000}'
	if hart --debug run --bundle "$BUNDLE" "$ID" </dev/null >out 2>err; then
		cp out report.json
		check '.caps.ambient == []' '.caps.effective == []'
		grep -q ambient err
	fi
}

@test "a capability that nobody knows is left out with a warning" {
	report "$(sets '{bounding: ["CAP_KILL", "CAP_NOSUCH"]}')"
	check '.caps.bounding == ["CAP_KILL"]'
	grep -q CAP_NOSUCH err
}
