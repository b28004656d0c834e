#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Network devices moved into the container (config-linux.md, "Network Devices").
load lib

# The host's side is a namespace of its own, so that tests at the same time do not meet.
file_setup() {
	ip link add hart-probe type dummy 2>/dev/null && ip link del hart-probe ||
		touch "$BATS_FILE_TMPDIR/no-dummy"
}

# in_host COMMAND...: in a network namespace in which dummy interfaces can be made.
make_dummy() {
	[ ! -e "$BATS_FILE_TMPDIR/no-dummy" ] || skip "the kernel has no dummy interfaces"
	DUMMY=h$$d$BATS_TEST_NUMBER
	ip link add "$DUMMY" type dummy
}

drop_dummy() {
	ip link del "$DUMMY" 2>/dev/null || true
}

@test "a device is moved into the container" {
	make_dummy
	report ".linux.netDevices = {\"$DUMMY\": {}}" "$(shell "ip -o link show $DUMMY; :")"
	grep -q "$DUMMY" out
	drop_dummy
}

@test "a device is renamed and keeps its addresses and state" {
	make_dummy
	ip addr add 10.11.12.13/24 dev "$DUMMY"
	ip link set "$DUMMY" up mtu 1234
	bundle ".linux.netDevices = {\"$DUMMY\": {name: \"eth7\"}}" \
		"$(shell 'ip -o addr show eth7; ip -o link show eth7')"
	run_bundle
	drop_dummy
	grep -q '10.11.12.13/24' out
	grep -q 'mtu 1234' out
	grep -q UP out
}

@test "a device that is not there is named" {
	bundle '.linux.netDevices = {"nosuchdev0": {}}'
	refuses 'nosuchdev0' hart run --bundle "$BUNDLE" "$ID"
}

@test "devices need a network namespace of the container's own" {
	bundle '.linux.netDevices = {"lo": {}}' "$(namespace network -)"
	refuses 'network|netDevices' hart run --bundle "$BUNDLE" "$ID"
}

@test "device names that cannot be are refused" {
	local bad
	for bad in '' . .. a/b 'a b' this-name-is-too-long; do
		bundle ".linux.netDevices = {\"lo\": {name: \"$bad\"}}"
		[ -z "$bad" ] || refuses 'netDevices|name' hart run --bundle "$BUNDLE" "$ID"
	done
}
