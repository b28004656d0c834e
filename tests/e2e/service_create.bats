#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A service as engines make it: annotations in the config, `hart create`, `hart start`. What engines do with the pid
# is in service_standin.bats.
load lib
load service
load hostconf

more_setup() {
	own_etc "allow = $BATS_RUN_TMPDIR"
	printf '\177ELF' >"$TEMPLATE/etc/garbage"
	chmod +x "$TEMPLATE/etc/garbage"
}

teardown_file() {
	no_own_etc
}

# held [FILTER...]: a created service that serves at $PWD/sock; its output goes to out and err.
held() {
	bundle "$(web)" ".annotations[\"org.hart.standby\"] = \"self\" | .annotations[\"org.hart.listen\"] = \"unix:$PWD/sock\"" "$@"
	hart create --bundle "$BUNDLE" --pid-file pid "$ID" </dev/null >out 2>err
}

stands_for_it() { # STATE
	[ "$(status_of)" = "$1" ] && [ -d "/proc/$(cat pid)" ]
}

@test "create, start, takeover, kill, delete: the end of the process in the pid file is the service's" {
	held
	stands_for_it created
	[ -z "$(application_pids)" ]
	hart start "$ID"
	stands_for_it running
	served_by primary
	[ "$(hart state "$ID" | jq .pid)" = "$(cat pid)" ]
	eventually is_warm
	kill_active
	eventually served_by standby-1
	stands_for_it running
	[ "$(ask_of generation)" = 2 ]
	hart kill "$ID" KILL
	eventually '! [ -d "/proc/$(cat pid)" ] || grep -q "^State:.Z" "/proc/$(cat pid)/status"'
	[ "$(status_of)" = stopped ]
	hart delete "$ID"
}

cgroup_of() { # PID
	sed -n 's/^0:://p' "/proc/$1/cgroup"
}

@test "while it is created an engine finds the service's cgroup by the process in the pid file" {
	held
	[ "$(cgroup_of "$(cat pid)")" = "$(jq -r .cgroup "$STATE/$ID/state.json")" ]
	hart start "$ID"
	[ "$(cgroup_of "$(cat pid)")" = "$(jq -r .cgroup "$STATE/$ID/state.json")/stand-in" ]
	eventually is_warm
	[ "$(cgroup_of "$(active_pid)")" = "$(jq -r .cgroup "$STATE/$ID/state.json")/primary" ]
	[ "$(journal '[.[] | select(.text)] | length')" = 0 ]
}

@test "the members' output is the caller's" {
	held '.process.args = ["/bin/sh", "-c", "echo generation $HART_GENERATION; echo error >&2; exec /web"]'
	hart start "$ID"
	eventually is_warm
	kill_active
	eventually served_by standby-1
	eventually '[ "$(cat out)" = "$(printf "generation 1\ngeneration 2")" ]'
	[ "$(cat err)" = "$(printf 'error\nerror')" ]
}

@test "the caller's other descriptors are not held" {
	mkfifo held.fifo
	exec 8<>held.fifo
	bundle "$(web)" '.annotations["org.hart.standby"] = "self"'
	hart create --bundle "$BUNDLE" --pid-file pid "$ID" </dev/null >out 2>err
	! ls -l "/proc/$(shim_pid)/fd" "/proc/$(cat pid)/fd" | grep held.fifo
	exec 8>&-
}

@test "start twice, start of none" {
	held
	hart start "$ID"
	refuses 'already running' hart start "$ID"
	refuses 'does not exist' hart start none
	served_by primary
}

@test "killed before it was started" {
	held
	hart kill "$ID" KILL
	eventually '[ "$(status_of)" = stopped ]'
	refuses 'connect to the shim|stopped' hart start "$ID"
	hart delete "$ID"
}

@test "delete --force of a created one" {
	held
	hart delete --force "$ID"
	eventually '! [ -d "/proc/$(cat pid)" ] || grep -q "^State:.Z" "/proc/$(cat pid)/status"'
}

@test "a program that is not there fails create, and leaves nothing" {
	bundle '.process.args = ["/nosuch"] | .annotations["org.hart.standby"] = "self"'
	refuses 'nosuch.*no such file' hart create --bundle "$BUNDLE" --pid-file pid "$ID"
	[ ! -e pid ]
	[ ! -e "$STATE/$ID" ]
}

@test "a program that cannot be executed fails start" {
	held '.process.args = ["/etc/garbage"]'
	refuses 'exec' hart start "$ID"
	eventually '[ "$(status_of)" = stopped ]'
}

@test "an annotation that is wrong fails create" {
	bundle "$(web)" '.annotations["org.hart.standby"] = "self" | .annotations["org.hart.max-failures"] = "many"'
	refuses 'org.hart.max-failures' hart create --bundle "$BUNDLE" "$ID"
	[ ! -e "$STATE/$ID" ]
}

@test "exhausted: it ends with the last status" {
	held '.process.args = ["/bin/sh", "-c", "exit 3"] | .annotations["org.hart.max-failures"] = "1"'
	hart start "$ID" || true
	eventually '[ "$(status_of)" = stopped ]'
	grep -q exhausted "$STATE/$ID/journal"
}

# host_says LINE...: /etc/hart/hart.conf for one test.
host_says() {
	host_allows "allow = $BATS_RUN_TMPDIR" "$@"
}

@test "a policy of the host's for a container without annotations: by hostname" {
	host_says "policy hostname=db-*: restarts=1" "policy hostname=web-*: standby=self max-failures=7 listen=\"unix:$PWD/sock\""
	bundle "$(web)" '.hostname = "web-1"'
	hart create --bundle "$BUNDLE" --pid-file pid "$ID" </dev/null >out 2>err
	hart start "$ID"
	eventually is_warm
	kill_active
	eventually served_by standby-1
	# It is the service's for good, whatever the file says later.
	host_says
	kill_shim
	hart adopt "$ID" </dev/null
	eventually is_warm
	kill_active
	eventually served_by primary
}

@test "... by environment, for hart run as well; others are plain containers" {
	host_says "# comment" "policy env.HART=keep: standby=self listen=\"unix:$PWD/sock\""
	bundle "$(web)" '.process.env += ["HART=keep"]'
	hart run -d --bundle "$BUNDLE" "$ID" </dev/null >out 2>err
	eventually is_warm
	hart delete --force "$ID"
	bundle "$(shell 'sleep 1000')" '.process.env += ["HART=keeper"]'
	hart run -d --bundle "$BUNDLE" "$ID" </dev/null >out 2>err
	refuses 'service' hart status "$ID"
}

@test "allow = / allows every folder" {
	host_says "allow = /"
	held
	stands_for_it created
	host_says
}

@test "a line of the host's that is wrong is an error that shows it" {
	host_says "policy hostname: standby=self"
	bundle
	refuses 'hart.conf: not understood: policy hostname' hart create --bundle "$BUNDLE" "$ID"
	host_says "policy name=x: standby=self"
	refuses 'hart.conf: policy name: must be hostname' hart create --bundle "$BUNDLE" "$ID"
	host_says "policy env.PATH=*: stand=self"
	refuses 'hart.conf: unknown policy option stand' hart create --bundle "$BUNDLE" "$ID"
	host_says "policy env.PATH=*: standby=self mlock"
	refuses 'hart.conf: policy: mlock has no value' timeout 20 "$HART" --root "$STATE" create --bundle "$BUNDLE" "$ID"
	[ ! -e "$STATE/$ID" ]
	host_says
}

@test "a standby of its own config that is in no PID namespace of its own is not built" {
	bundle
	mkdir second
	(BUNDLE=$PWD/second bundle "$(web)" "$(namespace pid -)")
	held ".annotations[\"org.hart.standby\"] = \"$PWD/second\""
	hart start "$ID"
	eventually '[ "$(member standby-1 why | grep -c "PID and a mount namespace")" = 1 ]'
	served_by primary
}
