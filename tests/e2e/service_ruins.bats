#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# State folders that are damaged or gone: delete --force takes away all of a service whatever is left to be read, and
# a shim whose folder was removed ends by itself.
load lib
load service

# harm COMMAND...: done to state.json of a running service; then delete --force, and nothing is left (teardown).
deleted_after() {
	local shim
	serve --standby self
	eventually is_warm
	shim=$(shim_pid)
	"$@"
	refuses . hart state "$ID"
	hart delete --force "$ID"
	[ ! -e "$STATE/$ID" ]
	[ ! -e sock ]
	! grep -qs '^State:.[SR]' "/proc/$shim/status"
}

emptied() { : >"$STATE/$ID/state.json"; }
truncated() { truncate -s 40 "$STATE/$ID/state.json"; }
newer() {
	jq '.version = 99 | .somethingNew = {}' "$STATE/$ID/state.json" >new
	sed -i 's/"pid"/"pid-of-later"/; s/"id"/"name"/' new
	cp new "$STATE/$ID/state.json"
}
missing() { rm "$STATE/$ID/state.json"; }

@test "delete --force: state.json is empty, and the shim lives" {
	deleted_after emptied
}

@test "delete --force: state.json is cut short" {
	deleted_after truncated
}

@test "delete --force: state.json is of a later version" {
	deleted_after newer
}

@test "delete --force: state.json is missing" {
	deleted_after missing
}

@test "delete --force: nothing can be read, and the shim is dead" {
	serve --standby self
	eventually is_warm
	kill_shim
	emptied
	: >"$STATE/$ID/service.json"
	: >"$STATE/$ID/members/standby-1/state.json"
	hart delete --force "$ID"
	[ ! -e "$STATE/$ID" ]
	rm -f sock
}

@test "delete --force: the shim is stopped and state.json damaged" {
	local shim
	serve --standby self
	eventually is_warm
	shim=$(shim_pid)
	kill -STOP "$shim"
	emptied
	hart delete --force "$ID"
	[ ! -e "$STATE/$ID" ]
	rm -f sock
}

@test "a shim whose folder was removed ends its members and itself" {
	local shim
	serve --standby self
	eventually is_warm
	shim=$(shim_pid)
	rm -rf "${STATE:?}/$ID"
	eventually "! grep -qs '^State:.[SR]' /proc/$shim/status"
	eventually '[ ! -e "/sys/fs/cgroup/$ID" ]'
	[ ! -e "$STATE/$ID" ]
	[ ! -e sock ]
}

@test "a service of the same ID, made at once after rm -rf, is left alone by the one before" {
	local shim
	serve --standby self
	eventually is_warm
	shim=$(shim_pid)
	rm -rf "${STATE:?}/$ID"
	eventually "! grep -qs '^State:.[SR]' /proc/$shim/status"
	serve --standby self
	eventually is_warm
	served_by primary
	hart fail "$ID"
	served_by standby-1
}

@test "a state folder that was moved away ends the service as well" {
	local shim
	serve --standby self
	eventually is_warm
	shim=$(shim_pid)
	mv "$STATE/$ID" "$PWD/elsewhere"
	eventually "! grep -qs '^State:.[SR]' /proc/$shim/status"
	rm -rf elsewhere
}

@test "files that are removed from the folder, without it, end nothing" {
	serve --standby self
	eventually is_warm
	rm "$STATE/$ID/journal"
	touch "$STATE/$ID/x"
	rm "$STATE/$ID/x"
	hart fail "$ID"
	served_by standby-1
}
