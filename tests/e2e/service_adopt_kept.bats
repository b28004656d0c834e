#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a service was made with, and what it has come to, is so after adopt as well.
load lib
load service

adopt() {
	hart adopt "$@" "$ID" </dev/null >adopt.out 2>adopt.err || {
		cat adopt.err
		return 1
	}
}

more_setup() {
	[ -x "$SERVICE_BIN/notifier" ] || return 0
	cp "$SERVICE_BIN/notifier" "$TEMPLATE/"
	for lib in $(ldd "$TEMPLATE/notifier" | grep -oE '/[^ :]+\.so[^ :]*' | sort -u); do
		mkdir -p "$TEMPLATE${lib%/*}"
		cp -L "$lib" "$TEMPLATE$lib"
	done
}

notifier() {
	[ -x "$TEMPLATE/notifier" ] || skip "no libsystemd"
	bundle "$(args /notifier "$@")"
}

logged() {
	hart logs "$ID" | grep -q -- "$1"
}

@test "--overlay: members that are built after adopt write into their overlay, not into the image" {
	bundle "$(shell 'echo x >/made; exec /web')" '.root.readonly = false'
	run_service --standby self --overlay tmpfs
	eventually is_warm
	kill_shim
	adopt
	hart fail "$ID"
	served_by standby-1
	eventually is_warm
	# The one that is warm now was built by the second shim.
	hart fail "$ID"
	served_by primary
	[ ! -e "$BUNDLE/rootfs/made" ]
}

@test "--overlay DIR: adopt uses that folder" {
	mkdir upper
	bundle "$(shell 'echo x >/made; exec /web')" '.root.readonly = false'
	run_service --standby self --standby-mode cold --overlay upper
	kill_shim
	adopt
	hart fail "$ID"
	served_by standby-1
	[ ! -e "$BUNDLE/rootfs/made" ]
	find upper -name made | grep -q .
	hart delete --force "$ID"
	[ -z "$(find upper -mindepth 1)" ]
}

@test "the options are written down again by the shim that adopts" {
	serve --standby self --no-pivot --no-new-keyring --overlay tmpfs:1m
	options='[["overlay","tmpfs:1m"],["no-pivot",""],["no-new-keyring",""]]'
	[ "$(jq -c ".options[1:]" "$STATE/$ID/service.json")" = "$options" ]
	kill_shim
	adopt
	hart upgrade "$ID" --bundle "$BUNDLE"
	[ "$(jq -c ".options[1:]" "$STATE/$ID/service.json")" = "$options" ]
}

@test "a journal that was emptied, or is gone: adopt knows what counts all the same" {
	serve --standby self --max-failures 2 --window 10m --backoff 1ms:1ms
	for i in 2 3; do
		eventually is_warm
		hart fail "$ID"
		[ "$(ask_of generation)" = "$i" ]
	done
	eventually is_warm
	kill_shim
	: >"$STATE/$ID/journal"
	refuses adopt hart status "$ID"
	grep -q 'generation 3, active primary; no shim' refuses.out
	adopt
	eventually is_warm
	[ "$(of .failures)" = 2 ]
	[ "$(of .generation)" = 3 ]
	kill_shim
	rm "$STATE/$ID/journal"
	adopt
	# The budget is spent, and both have failed.
	refuses 'the service has ended' hart fail "$ID"
	until_status "$ID" stopped
	hart status "$ID"
	hart status "$ID" | grep -q "exhausted (budget), generation 3, active [-a-z0-9]*, exit status 137"
	hart status --json "$ID" | jq -e '.state == "exhausted" and .exitStatus == 137'
}

@test "a stop that had begun is not forgotten with the journal" {
	bundle "$(shell 'trap "" TERM; /web & while :; do sleep 1; done')"
	run_service --standby self --stop-timeout 60s
	eventually is_warm
	hart kill "$ID" TERM
	[ "$(of .state)" = stopping ]
	kill_shim
	: >"$STATE/$ID/journal"
	adopt
	hart kill "$ID" KILL
	until_status "$ID" stopped
	hart status "$ID" | grep -q 'stopped (stop), generation 1'
}

@test "a loop is one after adopt as well, and who failed is started no sooner" {
	bundle "$(shell 'exit 1')"
	run_service -d --standby self --backoff 200ms:1h
	eventually '[ "$(of .looping)" = true ]'
	kill_shim
	adopt
	# Adopt by hand is one start at once. Then it waits as before: for seconds, not for the fifth of one.
	eventually '[ "$(of ".waiting != null")" = true ]'
	[ "$(of '.waiting.ms > 1000')" = true ]
	[ "$(of .looping)" = true ]
}

@test "the fd store: what the active member was given at its start is there for the next one" {
	notifier first store=a:alpha store=b:beta barrier=5000 ready=x hang then list ready=x hang
	run_service --ready notify --standby self
	eventually is_warm
	hart fail "$ID"
	logged 'standby-1 2 fd b beta'
	eventually is_warm
	kill_shim
	adopt
	[ "$(of .sockets)" = 3 ]
	eventually is_warm
	hart fail "$ID"
	logged 'primary 3 fds 3'
	logged 'primary 3 fd a alpha'
	logged 'primary 3 fd b beta'
}

@test "the fd store: adopt --replace brings all of it along, also what no member was given" {
	notifier first store=a:alpha store=b:beta barrier=5000 ready=x hang then list ready=x hang
	run_service --ready notify --standby self
	eventually is_warm
	hart adopt --replace "$ID"
	[ "$(of .sockets)" = 3 ]
	kill_active
	eventually logged 'standby-1 2 fds 3'
	logged 'standby-1 2 fd a'
}

@test "the fd store: what was taken out before does not come back by adopt" {
	notifier first store=a:alpha store=b:beta barrier=5000 ready=x hang then list remove=a barrier=5000 ready=x hang
	run_service --ready notify --standby self
	eventually is_warm
	hart fail "$ID"
	eventually '[ "$(of .sockets)" = 2 ]'
	kill_shim
	adopt
	[ "$(of .sockets)" = 2 ]
	eventually is_warm
	hart fail "$ID"
	logged 'primary 3 fd b beta'
	! logged 'primary 3 fd a'
}
