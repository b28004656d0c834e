#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The exact command lines of hart's callers: go-runc (containerd, dockerd), conmon, CRI-O.
load lib

# go_runc WORD...: the way go-runc starts every command.
go_runc() {
	timeout -k 5 30 "$HART" --root "$STATE" --log "$PWD/log.json" --log-format json "$@" 3>&-
}

@test "go-runc: a container's whole life" {
	bundle "$(args /probe family 1)"
	go_runc create --bundle "$BUNDLE" --pid-file "$PWD/init.pid" "$ID" </dev/null >out 2>err
	[ "$(cat init.pid)" = "$(go_runc state "$ID" | jq .pid)" ]
	go_runc start "$ID"
	eventually grep -q ready out
	[ "$(go_runc ps --format json "$ID" | jq length)" = 2 ]
	[ "$(go_runc list --format=json | jq -r '.[].id')" = "$ID" ]
	jq -n '{args: ["/probe", "print", "hello"], cwd: "/", user: {uid: 0, gid: 0}}' >process.json
	go_runc exec --process "$PWD/process.json" --detach --pid-file "$PWD/exec.pid" "$ID" \
		</dev/null >exec.out 2>&1
	eventually grep -q hello exec.out
	[ "$(cat exec.pid)" -gt 1 ]
	go_runc pause "$ID"
	go_runc resume "$ID"
	go_runc events --stats "$ID" | jq -e '.data.pids // .data.cpu'
	echo '{}' | go_runc update --resources=- "$ID"
	eventually 'heeds "$(init_pid)" TERM'
	go_runc kill "$ID" 15
	until_status "$ID" stopped
	go_runc delete "$ID"
	[ ! -s err ]
}

@test "go-runc: clean-up with --force, for what is and what is not there" {
	up
	go_runc delete --force "$ID"
	go_runc delete --force "$ID"
	up
	go_runc kill --all "$ID" 9
	until_status "$ID" stopped
	go_runc delete --force "$ID"
}

@test "go-runc: errors are in the log as its parser wants them" {
	refuses 'does not exist' go_runc state nobody
	jq -es 'last | .level == "error" and (.msg | contains("does not exist")) and
		(.time | test("^20[0-9][0-9]-"))' log.json
}

@test "conmon: create and exec" {
	bundle "$(args /probe sleep)"
	hart create --bundle "$BUNDLE" --pid-file "$PWD/pid" "$ID" </dev/null >out 2>err
	hart start "$ID"
	jq -n '{args: ["/probe", "exit", "0"], cwd: "/"}' >process.json
	hart exec --pid-file "$PWD/exec.pid" --process "$PWD/process.json" --detach "$ID" </dev/null
	bundle "$(args /probe sleep)"
	hart create --bundle "$BUNDLE" --pid-file "$PWD/pid" --no-pivot --no-new-keyring second \
		</dev/null >out 2>err
}

@test "CRI-O: signals by name in all spellings, options after the ID" {
	local signal
	for signal in KILL SIGKILL 9 TERM; do
		up_for_term
		hart kill "$ID" "$signal"
		until_status "$ID" stopped
		hart delete "$ID"
	done
	up
	hart kill -a "$ID" KILL
	until_status "$ID" stopped
	hart delete "$ID" --force
	up
	echo '{}' | hart update --resources - "$ID"
	jq -n '{args: ["/probe", "print", "hi"], cwd: "/"}' >process.json
	[ "$(hart exec --process "$PWD/process.json" "$ID" </dev/null)" = hi ]
}

@test "Podman: the calls of its OCI runtime layer" {
	hart --version | head -n 1 | grep -q .
	hart features >/dev/null
	up
	hart state "$ID" | jq -e '.pid and .status'
	hart kill --all "$ID" 9 || hart kill "$ID" 9
	until_status "$ID" stopped
	hart delete "$ID" --force
}

@test "long options with one dash" {
	bundle "$(args /probe sleep)"
	hart create -bundle "$BUNDLE" -pid-file "$PWD/pid" "$ID" </dev/null >out 2>err
	hart delete -force "$ID"
}

@test "--systemd-cgroup without systemd is an error that says what to do" {
	bundle "del(.linux.cgroupsPath)"
	refuses 'native.cgroupdriver=cgroupfs' timeout 30 "$HART" --root "$STATE" --systemd-cgroup create --bundle "$BUNDLE" "$ID"
	[ ! -e "$STATE/$ID" ]
}

@test "a cgroupsPath that is a unit of systemd is one without the flag too" {
	bundle '.linux.cgroupsPath = "system.slice:hart:x"'
	refuses 'native.cgroupdriver=cgroupfs' hart create --bundle "$BUNDLE" "$ID"
	[ ! -e "$STATE/$ID" ]
	[ ! -e /sys/fs/cgroup/system.slice:hart:x ]
}

@test "--rootless and --criu are taken" {
	up
	timeout 30 "$HART" --root "$STATE" --rootless=false state "$ID" | jq -e .pid
	timeout 30 "$HART" --root "$STATE" --rootless false state "$ID" | jq -e .pid ||
		timeout 30 "$HART" --root "$STATE" --rootless=auto state "$ID" | jq -e .pid
}

@test "checkpoint and restore say that they are not built" {
	up
	refuses 'checkpoint' hart checkpoint --image-path "$PWD/image" "$ID"
}
