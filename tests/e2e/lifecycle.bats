#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The lifecycle of runtime.md: create, start, kill, delete, and what each refuses.
load lib

@test "run gives the program's output and status" {
	[ "$(output "$(args /probe print hello)")" = hello ]
	bundle "$(args /probe exit 7)"
	exits 7 run_bundle
	bundle "$(shell 'echo oops >&2')"
	run_bundle
	[ "$(cat err)" = oops ]
}

@test "run of a program that a signal kills gives 128 + the signal" {
	bundle "$(shell 'kill -SEGV $$; sleep 10')" "$(namespace pid -)"
	exits 139 run_bundle
}

@test "create stops before the program, start runs it" {
	bundle "$(args /probe print started)"
	create "$ID"
	[ "$(status_of)" = created ]
	[ ! -s out ]
	hart start "$ID"
	until_status "$ID" stopped
	[ "$(cat out)" = started ]
}

@test "state has the members of the spec" {
	bundle "$(args /probe sleep)" '.annotations = {"org.test.key": "value"}'
	create "$ID"
	hart state "$ID" >report.json
	check ".ociVersion == \"$(jq -r .ociVersion "$BUNDLE/config.json")\"" ".id == \"$ID\"" \
		'.status == "created"' '.pid > 1' ".bundle == \"$BUNDLE\"" \
		'.annotations == {"org.test.key": "value"}'
	[ -d "/proc/$(jq .pid report.json)" ]
}

@test "states follow the life: created, running, stopped" {
	bundle "$(args /probe sleep)"
	create "$ID"
	[ "$(status_of)" = created ]
	hart start "$ID"
	[ "$(status_of)" = running ]
	eventually 'heeds "$(init_pid)" TERM'
	hart kill "$ID" TERM
	until_status "$ID" stopped
	[ "$(init_pid)" = 0 ]
}

@test "delete removes a stopped container, and its ID is free again" {
	up
	hart kill "$ID" KILL
	until_status "$ID" stopped
	hart delete "$ID"
	refuses 'does not exist' hart state "$ID"
	same_host
	up
}

@test "delete of a running container is refused, with --force it works" {
	up
	refuses 'not stopped|running' hart delete "$ID"
	[ "$(status_of)" = running ]
	hart delete --force "$ID"
	refuses 'does not exist' hart state "$ID"
}

@test "delete of a created container removes it" {
	bundle "$(args /probe sleep)"
	create "$ID"
	hart delete --force "$ID"
	same_host
}

@test "delete --force of an unknown container is no error, delete is one" {
	hart delete --force nobody
	refuses 'container "?nobody"? does not exist|does not exist' hart delete nobody
}

@test "a second container with the same ID is refused and the first lives on" {
	up
	refuses 'exists' hart create --bundle "$BUNDLE" "$ID"
	[ "$(status_of)" = running ]
}

@test "start works once" {
	up
	refuses 'running|cannot start' hart start "$ID"
	hart kill "$ID" KILL
	until_status "$ID" stopped
	refuses 'stopped|cannot start' hart start "$ID"
}

@test "every command says of an unknown container that it does not exist" {
	bundle
	for command in state start kill delete pause resume ps events; do
		refuses 'does not exist' hart "$command" nobody
	done
	refuses 'does not exist' hart exec nobody /bin/true
	refuses 'does not exist' hart update --pids-limit 10 nobody
}

@test "kill of a stopped container says that it is not running" {
	up
	hart kill "$ID" KILL
	until_status "$ID" stopped
	refuses 'container not running' hart kill "$ID" TERM
}

@test "kill takes signals by number and by name, default TERM" {
	for signal in 15 TERM SIGTERM sigterm ''; do
		up_for_term
		# shellcheck disable=SC2086 # none is none
		hart kill "$ID" $signal
		until_status "$ID" stopped
		hart delete "$ID"
	done
	up_for_term
	hart kill "$ID" ''
	until_status "$ID" stopped
}

@test "kill with an unknown signal is refused" {
	up
	refuses 'signal' hart kill "$ID" NOSUCH
	refuses 'signal' hart kill "$ID" 99999
	[ "$(status_of)" = running ]
}

@test "the program gets the very signal that was sent" {
	bundle "$(args /probe signals)"
	create "$ID"
	hart start "$ID"
	eventually grep -q ready out
	hart kill "$ID" USR1
	hart kill "$ID" 12
	eventually grep -q 12 out
	hart kill "$ID" TERM
	until_status "$ID" stopped
	[ "$(cat out)" = $'ready\n10\n12' ]
}

@test "a created container can be killed" {
	bundle "$(args /probe sleep)"
	create "$ID"
	hart kill "$ID" KILL
	until_status "$ID" stopped
	hart delete "$ID"
}

@test "a program that ignores all signals ends by KILL" {
	up "$(args /probe stubborn)"
	eventually grep -q ready out
	hart kill "$ID" TERM
	[ "$(status_of)" = running ]
	hart kill "$ID" KILL
	until_status "$ID" stopped
}

@test "kill --all KILL ends every process of a container without PID namespace" {
	up "$(args /probe family 5)" "$(namespace pid -)"
	eventually grep -q ready out
	local cgroup
	cgroup=$(cgroup_of)
	[ "$(wc -l <"$cgroup/cgroup.procs")" = 6 ]
	hart kill --all "$ID" KILL
	eventually "[ \$(wc -l <$cgroup/cgroup.procs) = 0 ]"
	until_status "$ID" stopped
}

@test "delete --force ends the processes of a container without PID namespace" {
	up "$(args /probe family 5)" "$(namespace pid -)"
	eventually grep -q ready out
	hart delete --force "$ID"
	same_host
}

@test "delete ends what a stopped container without PID namespace left behind" {
	up "$(args /probe family 3)" "$(namespace pid -)"
	eventually grep -q ready out
	kill -9 "$(init_pid)"
	until_status "$ID" stopped
	hart delete --force "$ID"
	same_host
}

@test "the pid file holds init's PID" {
	bundle "$(args /probe sleep)"
	create "$ID" --pid-file "$BATS_TEST_TMPDIR/pid"
	[ "$(cat pid)" = "$(init_pid)" ]
}

@test "run --detach returns once the program runs" {
	bundle "$(args /probe sleep)"
	run_bundle --detach --pid-file "$BATS_TEST_TMPDIR/pid"
	[ "$(status_of)" = running ]
	[ "$(cat pid)" = "$(init_pid)" ]
}

@test "run --keep leaves the stopped container" {
	bundle "$(args /probe exit 0)"
	run_bundle --keep
	[ "$(status_of)" = stopped ]
	hart delete "$ID"
}

@test "run deletes the container, also when the program cannot be executed" {
	bundle "$(args /bin/nothere)"
	refuses '/bin/nothere.*no such file|no such file.*nothere' hart run --bundle "$BUNDLE" "$ID"
	refuses 'does not exist' hart state "$ID"
}

@test "a program that is not in PATH is named" {
	bundle "$(args nothere)"
	refuses 'executable file not found in' hart run --bundle "$BUNDLE" "$ID"
}

@test "a program without execute permission is refused" {
	bundle "$(args /etc/passwd)"
	refuses '[Pp]ermission denied' hart run --bundle "$BUNDLE" "$ID"
}

@test "run takes the bundle as its argument and names the container after it" {
	bundle "$(args /probe sleep)"
	mv "$BUNDLE" "my bundle!"
	hart run --detach "./my bundle!" </dev/null >out 2>err
	[ "$(hart list -q | wc -l)" = 1 ]
	[[ "$(hart list -q)" =~ ^[A-Za-z0-9_+.-]+$ ]]
	hart run --detach "./my bundle!" </dev/null >out 2>err
	[ "$(hart list -q | sort -u | wc -l)" = 2 ]
	hart run --detach "./my bundle!" chosen </dev/null >out 2>err
	[ "$(status_of chosen)" = running ]
}

@test "the bundle defaults to the current folder" {
	bundle "$(args /probe print here)"
	cd "$BUNDLE"
	[ "$(hart run "$ID" </dev/null)" = here ]
}

@test "invalid IDs are refused" {
	bundle
	for id in '' . .. a/b ../x 'a b' $'a\nb' 'ä' "$(printf 'x%.0s' {1..1100})"; do
		refuses 'ID|id|container|argument' hart create --bundle "$BUNDLE" -- "$id"
	done
	[ -z "$(hart list -q)" ]
}

@test "a bundle without config.json is refused" {
	mkdir empty
	refuses 'config.json' hart create --bundle "$PWD/empty" "$ID"
}

@test "a config that cannot be right is refused by JSON path" {
	bundle '.process.cwd = 7'
	refuses '/process/cwd' hart create --bundle "$BUNDLE" "$ID"
	bundle '.process.cwd = "relative"'
	refuses 'cwd' hart create --bundle "$BUNDLE" "$ID"
	bundle '.linux.namespaces += [{type: "pid"}]'
	refuses 'namespaces' hart create --bundle "$BUNDLE" "$ID"
	bundle
	echo '{' >"$BUNDLE/config.json"
	refuses 'config.json' hart create --bundle "$BUNDLE" "$ID"
}

@test "create without process works, start is refused" {
	bundle 'del(.process)'
	create "$ID" || skip "create demands a process"
	refuses 'process' hart start "$ID"
}

@test "changes of config.json after create do not matter" {
	bundle "$(args /probe print first)"
	create "$ID"
	config "$(args /probe print second)"
	hart start "$ID"
	until_status "$ID" stopped
	[ "$(cat out)" = first ]
}

@test "errors go to the log file as JSON with level error" {
	refuses 'does not exist' hart --log "$PWD/log" --log-format json state nobody
	jq -e 'select(.level == "error") | .msg | contains("does not exist")' log
	refuses 'does not exist' hart --log "$PWD/text" --log-format text state nobody
	grep -q 'level=error msg=".*does not exist' text
}

@test "global options are taken with one dash and with =" {
	up
	[ "$(timeout 30 "$HART" -root="$STATE" state "$ID" | jq -r .status)" = running ]
}
