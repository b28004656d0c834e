# SPDX-License-Identifier: Apache-2.0
# lib: what the tests on a systemd host have in common, beside ../lib: hart is given --systemd-cgroup as engines give it.
# shellcheck shell=bash disable=SC2154 # HART and the like come from lib

hart() {
	timeout -k 5 "$COMMAND_TIMEOUT_S" "$HART" --root "$STATE" --systemd-cgroup "$@" 3>&- 4>&-
}

# The same without the flag: what is there already knows its driver.
plain_hart() {
	timeout -k 5 "$COMMAND_TIMEOUT_S" "$HART" --root "$STATE" "$@" 3>&- 4>&-
}

# in_unit: a filter that puts container $ID into $UNIT.
in_unit() {
	printf '.linux.cgroupsPath = "system.slice:test:%s"' "$ID"
}

unit_of() {
	echo "test-${1:-$ID}.scope"
}

# property NAME [UNIT]
property() {
	systemctl show -P "$1" "${2:-$(unit_of)}"
}

# has_property NAME VALUE [UNIT]
has_property() {
	local is

	is=$(property "$1" "${3:-}")
	[ "$is" = "$2" ] || {
		echo "$1 is $is, expected $2"
		return 1
	}
}

# The unit is neither there nor remembered, or soon: systemd notices by itself.
unit_is_gone() {
	eventually has_property LoadState not-found "${1:-}" && has_property ActiveState inactive "${1:-}"
}
