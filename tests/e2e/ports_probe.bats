#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# tcp: and http: probes reach the member that they ask about and no other, though several listen on its port.
load lib
load service
load ports

# httpd FLAG...: busybox' httpd, and a copy of its bundle in $PWD/new, which has nothing to answer with.
httpd() {
	bundle "$(args /bin/busybox httpd -f -p "${AT:-8080}" -h /tmp)"
	cp -a "$BUNDLE" new
	echo hello >"$BUNDLE/rootfs/tmp/index.html"
	run_it --port tcp:8080 --stop-timeout 200ms --window 500ms --ready probe --probe "http://${TO:-127.0.0.1}:8080/index.html" \
		--probe-interval 50ms "$@"
}

is_hot() {
	service_is active && [ "$(of '[.members[] | select(.state == "hot")] | length')" -ge 1 ]
}

all_get_hello() {
	local _
	for _ in {1..100}; do
		get "${TO:-127.0.0.1}:8080"
	done
}

# bad_version_gets_no_client: an upgrade that its own probe finds ill.
bad_version_gets_no_client() {
	hart upgrade "$ID" --bundle "$PWD/new" >upgrade.out 2>&1 &
	local upgrade=$!
	all_get_hello
	local status=0
	wait $upgrade || status=$?
	[ "$status" != 0 ]
	grep -q "not ready within" upgrade.out || { cat upgrade.out; false; }
	[ "$(of .active)" = primary ]
	[ "$(of '.generation')" = 2 ]
	get "${TO:-127.0.0.1}:8080"
}

@test "a bad new version never gets a client" {
	httpd --ready-timeout 1500ms
	bad_version_gets_no_client
}

@test "over IPv6, too" {
	AT='[::1]:8080' TO='[::1]' httpd --ready-timeout 1500ms
	TO='[::1]' bad_version_gets_no_client
}

# slow_server FLAG...: one that needs a second to start, and a new version of it.
slow_server() {
	bundle "$(shell 'sleep 1; exec busybox httpd -f -p 8080 -h /tmp')"
	echo hello >"$BUNDLE/rootfs/tmp/index.html"
	cp -a "$BUNDLE" new
	run_it --port tcp:8080 --stop-timeout 200ms --window 500ms "$@"
}

# It is upgraded under load, and no client waits for the new version's start.
upgraded_without_a_wait() {
	load_port 4 &
	sleep 0.3
	hart upgrade "$ID" --bundle "$PWD/new"
	wait $!
	none_refused
	jq -e '.longest_gap_us < 900000' load.json
	[ "$(of .active)" = upgrade-1 ]
}

@test "an upgrade under load: the new version starts beside the old one, and nobody waits for it" {
	slow_server --ready probe --probe tcp:8080 --probe-interval 50ms
	upgraded_without_a_wait
}

@test "without --ready, too: it serves when it listens on what the old one listens on" {
	slow_server
	eventually get
	upgraded_without_a_wait
}

@test "a program that listens nowhere is not waited for" {
	bundle "$(shell 'exec sleep 100')"
	cp -a "$BUNDLE" new
	run_it --port auto --stop-timeout 200ms --window 500ms
	hart upgrade "$ID" --bundle "$PWD/new"
	[ "$(of .active)" = upgrade-1 ]
}

@test "a hot standby is ready by its own probe, and ill by it" {
	httpd --standby "$PWD/new" --standby-mode hot
	all_get_hello
	[ "$(member standby-1 state)" = heating ]
	echo hello >new/rootfs/tmp/index.html
	eventually is_hot
	[ "$(of .generation)" = 1 ]
	local pid
	pid=$(member standby-1 pid)
	rm new/rootfs/tmp/index.html
	eventually '[ "$(member standby-1 pid)" != "'"$pid"'" ]'
	member standby-1 why | grep -q 'status 404'
	echo hello >new/rootfs/tmp/index.html
	eventually is_hot
	[ "$(of .failures)" = 0 ]
	kill_active
	eventually '[ "$(of .active)" = standby-1 ] && service_is active'
}

@test "a hot standby that is adopted is asked again" {
	httpd --standby self --standby-mode hot
	eventually is_hot
	kill_shim
	hart adopt "$ID"
	eventually is_hot
	local pid
	pid=$(member standby-1 pid)
	kill -STOP "$pid"
	eventually '[ "$(member standby-1 pid)" != "'"$pid"'" ]'
	member standby-1 why | grep -q 'no answer in time'
	[ "$(of .active)" = primary ]
}
