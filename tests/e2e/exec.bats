#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# exec: every flag, what the process inherits, what is refused.
load lib

@test "exec runs in the container's namespaces, root and cgroup" {
	up
	local pid ns
	pid=$(init_pid)
	exec_report
	for ns in cgroup ipc mnt net pid uts user; do
		check ".namespaces.$ns == \"$(readlink "/proc/$pid/ns/$ns")\""
	done
	check '.cgroup | test("(^|\n)0::/$")' '.pid > 1' '[.fds[].fd] == [0, 1, 2]'
	check_mount / '.root | endswith("rootfs")'
}

@test "exec joins namespaces that the container took from elsewhere" {
	up
	local pid
	pid=$(init_pid)
	bundle "$(args /probe sleep)" "$(namespace network "/proc/$pid/ns/net")"
	create second
	hart start second
	hart exec second /probe report </dev/null >report.json
	check ".namespaces.net == \"$(readlink "/proc/$pid/ns/net")\""
}

@test "the exit status is the program's, 128 + the signal when one kills it" {
	up
	exits 6 hart exec "$ID" /probe exit 6 </dev/null
	exits 137 hart exec "$ID" /bin/sh -c 'kill -9 $$' </dev/null
}

@test "stdin, stdout and stderr are the caller's" {
	up
	echo input | hart exec "$ID" /bin/sh -c 'cat; echo problem >&2' >o 2>e
	[ "$(cat o)" = input ]
	[ "$(cat e)" = problem ]
}

@test "user, groups, cwd and environment by flags" {
	up
	exec_report --user 1000:1001 --additional-gids 5 --additional-gids 7 --cwd /tmp \
		--env A=1 --env 'B=two words'
	check '.uid.real == 1000' '.gid.real == 1001' '.groups | sort == [5, 7]' '.cwd == "/tmp"' \
		'.env | contains(["A=1", "B=two words"])' '.env | map(startswith("PATH=")) | any'
	exec_report -u 1000
	check '.uid.real == 1000' '.gid.real == 0'
	hart delete --force "$ID"
	up '.process.user = {uid: 3, gid: 4}'
	exec_report -u 1000
	check '.uid.real == 1000' '.gid.real == 4'
	hart delete --force "$ID"
	up
	exec_report --user '' --cwd '' --apparmor '' --process-label ''
	check '.uid.real == 0' '.cwd == "/"'
}

@test "a later env value wins over the container's" {
	up '.process.env = ["PATH=/bin", "A=old"]'
	exec_report --env A=new
	check '[.env[] | select(startswith("A="))] == ["A=new"]'
}

@test "flags after the container's ID belong to the program" {
	up
	[ "$(hart exec "$ID" /bin/echo --user 5 -d </dev/null)" = '--user 5 -d' ]
	[ "$(hart exec "$ID" -- /bin/echo -x </dev/null)" = '-x' ] ||
		[ "$(hart exec -- "$ID" /bin/echo -x </dev/null)" = '-x' ]
}

@test "capabilities by flag" {
	up '.process.capabilities = {bounding: ["CAP_KILL"], effective: ["CAP_KILL"],
		permitted: ["CAP_KILL"]}'
	exec_report
	check '.caps.bounding == ["CAP_KILL"]' '.caps.effective == ["CAP_KILL"]'
	exec_report --cap CAP_CHOWN
	check '.caps.bounding | sort == ["CAP_CHOWN", "CAP_KILL"]' '.caps.effective | index("CAP_CHOWN")'
}

@test "no-new-privs by flag and from the config" {
	up '.process.noNewPrivileges = false'
	exec_report
	check '.no_new_privs | not'
	exec_report --no-new-privs
	check '.no_new_privs'
}

@test "a process file gives everything" {
	up
	jq -n '{terminal: false, user: {uid: 7, gid: 8, additionalGids: [9], umask: 63},
		args: ["/probe", "report"], env: ["ONLY=this"], cwd: "/tmp", noNewPrivileges: true,
		rlimits: [{type: "RLIMIT_NOFILE", soft: 33, hard: 44}], oomScoreAdj: 700,
		capabilities: {bounding: ["CAP_KILL"]}}' >process.json
	hart exec --process "$PWD/process.json" "$ID" </dev/null >report.json
	check '.uid.real == 7' '.gid.real == 8' '.groups == [9]' '.umask == "0077"' '.cwd == "/tmp"' \
		'.rlimits.RLIMIT_NOFILE == {soft: 33, hard: 44}' '.oom_score_adj == "700"' \
		'.caps.bounding == ["CAP_KILL"]' '.no_new_privs' \
		'[.env[] | select(startswith("HOME=") | not)] == ["ONLY=this"]'
	hart exec -p "$PWD/process.json" "$ID" </dev/null >report.json
	check '.uid.real == 7'
}

@test "a wrong process file is refused" {
	up
	echo '{"args": 7}' >process.json
	refuses 'args' hart exec --process "$PWD/process.json" "$ID"
	echo 'null' >process.json
	refuses 'process' hart exec --process "$PWD/process.json" "$ID"
	refuses 'nowhere' hart exec --process "$PWD/nowhere" "$ID"
}

@test "exec --detach returns at once and writes the PID" {
	up
	hart exec --detach --pid-file "$PWD/pid" "$ID" /probe sleep </dev/null >out 2>err
	local pid
	pid=$(cat pid)
	[ "$(readlink "/proc/$pid/ns/mnt")" = "$(readlink "/proc/$(init_pid)/ns/mnt")" ]
	kill -0 "$pid"
}

@test "a program that is not there is named in the words callers look for" {
	up
	refuses 'no such file' hart exec "$ID" /no/program
	refuses 'executable file not found in' hart exec "$ID" noprogram
	refuses '[Pp]ermission denied' hart exec "$ID" /etc/passwd
}

@test "exec with --detach reports a program that cannot be executed" {
	up
	refuses 'no such file' hart exec --detach --pid-file "$PWD/pid" "$ID" /no/program
}

@test "exec needs a running container" {
	bundle "$(args /probe sleep)"
	create "$ID"
	hart start "$ID"
	hart kill "$ID" KILL
	until_status "$ID" stopped
	refuses 'stopped|not running' hart exec "$ID" /bin/true
}

@test "exec in a created container" {
	bundle "$(args /probe sleep)"
	create "$ID"
	exec_report
	check '.pid > 1'
}

@test "exec in a paused container is refused, with --ignore-paused it waits" {
	up
	hart pause "$ID"
	refuses 'paused' hart exec "$ID" /bin/true
	timeout 30 "$HART" --root "$STATE" exec --ignore-paused "$ID" /probe print done \
		</dev/null >out 3>&- &
	local pid=$!
	sleep 0.3
	hart resume "$ID"
	wait $pid
	[ "$(cat out)" = done ]
}

@test "exec into a cgroup below the container's" {
	up "$(namespace cgroup -)"
	local cgroup
	cgroup=$(cgroup_of)
	mkdir "$cgroup/inner"
	hart exec --cgroup inner "$ID" /probe report </dev/null >report.json
	check '.cgroup | test("/inner$"; "m")'
	refuses 'cgroup|\.\.' hart exec --cgroup ../.. "$ID" /bin/true
	rmdir "$cgroup/inner"
}

@test "user IDs that are none are refused" {
	local bad
	up
	for bad in -1 4294967295 1: 1x 0x0 ' 1' 1:-1; do
		refuses 'user|uid' hart exec --user="$bad" "$ID" /bin/true
	done
}

@test "the process is not a child of init, and a zombie of it is reaped" {
	up
	for _ in 1 2 3; do
		hart exec "$ID" /bin/true </dev/null
	done
	! grep -l '^State:.Z' /proc/[0-9]*/status 2>/dev/null | grep .
}

@test "exec has the container's umask, oom score and rlimits" {
	up '.process.user.umask = 63' '.process.oomScoreAdj = 321' \
		'.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 77, hard: 88}]'
	exec_report
	check '.umask == "0077"' '.oom_score_adj == "321"' \
		'.rlimits.RLIMIT_NOFILE == {soft: 77, hard: 88}'
}

@test "the limit of processes is the user's who is not root, also where root may raise none" {
	up '.process.user = {uid: 5, gid: 6}' '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 77, hard: 88},
		{type: "RLIMIT_NPROC", soft: 1, hard: 2}]'
	without_resource exec_report
	check ".uid.effective == 5" '.rlimits.RLIMIT_NOFILE == {soft: 77, hard: 88}' '.rlimits.RLIMIT_NPROC == {soft: 1, hard: 2}'
}

@test "the first CPUs of execCPUAffinity are the process's" {
	[ "$(nproc)" -gt 1 ] || skip "one CPU"
	up '.process.execCPUAffinity = {initial: "0", final: "1"}'
	exec_report
	check '.affinity == [1]'
	up2=$(hart state "$ID" | jq -r .status)
	[ "$up2" = running ]
}

@test "killing hart exec does not harm the container" {
	up
	timeout 30 "$HART" --root "$STATE" exec "$ID" /probe sleep </dev/null >/dev/null 2>&1 3>&- &
	eventually "[ \$(hart ps -f json $ID | jq length) = 2 ]"
	kill -9 "$(pgrep -P $!)" || kill -9 $!
	wait $! || true
	[ "$(status_of)" = running ]
}

@test "a hundred execs, eight at a time" {
	up
	seq 100 | xargs -P 8 -I{} sh -c '"$0" --root "$1" exec "$2" /probe print {} </dev/null' \
		"$HART" "$STATE" "$ID" 3>&- | sort -n >out
	cmp out <(seq 100)
}
