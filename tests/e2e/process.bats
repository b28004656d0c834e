#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The process object of config.md, apart from capabilities, terminal and descriptors.
load lib
load hostconf

file_setup() {
	own_etc 'allow-annotation = run.oci.keep_original_groups'
}

teardown_file() {
	no_own_etc
}

@test "arguments and environment arrive as they are" {
	report '.process.args = ["/probe", "report", "two words", "", "quote\"", "ünïcode"]' \
		'.process.env = ["A=1", "B=two words", "EMPTY="]'
	check '.args == ["/probe", "report", "two words", "", "quote\"", "ünïcode"]' \
		'.env | contains(["A=1", "B=two words", "EMPTY="])'
}

@test "of a variable that is given twice the last value counts" {
	report '.process.env = ["A=1", "AB=2", "A=3", "AB", "A"]'
	check '.env | contains(["A", "AB"]) and (map(select(startswith("A"))) | length == 2)'
	report '.process.env = ["A=1", "AB=2", "A=3"]'
	check '[.env[] | select(startswith("A"))] == ["A=3", "AB=2"]'
}

@test "the caller's environment does not get in" {
	export LEAKED=1
	report '.process.env = ["ONLY=this"]'
	check '[.env[] | select(startswith("HOME=") | not)] == ["ONLY=this"]'
}

@test "a program without slash is looked up in the container's PATH" {
	report '.process.args = ["probe", "report"]' '.process.env = ["PATH=/nowhere:/:/bin"]'
	check '.args[0] == "probe"'
}

@test "HOME comes from the container's passwd file unless the config has it" {
	bundle '.process.env = ["PATH=/bin"]' '.process.user = {uid: 1000, gid: 1000}'
	printf 'root:x:0:0:root:/root:/bin/sh\nu:x:1000:1000::/tmp:/bin/sh\n' >passwd
	ln -f passwd "$BUNDLE/rootfs/etc/passwd"
	run_bundle
	cp out report.json
	check '.env | index("HOME=/tmp")'
	report '.process.env = ["HOME=/mine"]'
	check '.env | index("HOME=/mine")' '.env | index("HOME=/root") | not'
}

@test "an empty HOME counts as none" {
	report '.process.env = ["HOME=", "A=1", "HOME="]'
	check '[.env[] | select(startswith("HOME="))] | length == 1' '.env | index("HOME=") | not' \
		'.env | index("A=1")'
}

@test "the working directory is process.cwd" {
	report '.process.cwd = "/tmp"'
	check '.cwd == "/tmp"'
}

@test "a working directory that is not there is made" {
	report '.process.cwd = "/var/made/deep"' '.root.readonly = false'
	check '.cwd == "/var/made/deep"'
}

@test "user, group and additional groups" {
	report '.process.user = {uid: 1000, gid: 1001, additionalGids: [5, 77, 1001]}'
	check '.uid == {real: 1000, effective: 1000, saved: 1000}' \
		'.gid == {real: 1001, effective: 1001, saved: 1001}' \
		'.groups | sort == [5, 77, 1001]'
}

@test "run.oci.keep_original_groups keeps the caller's additional groups" {
	local -a keeping=(setpriv --groups 7,78 timeout "$COMMAND_TIMEOUT_S" "$HART" --root "$STATE")

	bundle '.process.user = {uid: 1000, gid: 1001, additionalGids: [5]}' "$(args /probe report)" \
		'.annotations = {"run.oci.keep_original_groups": "1"}'
	"${keeping[@]}" run --bundle "$BUNDLE" "$ID" </dev/null 3>&- 4>&- >report.json
	check '.groups | sort == [7, 78]' '.gid.real == 1001'
	up '.process.user = {uid: 1000, gid: 1001, additionalGids: [5]}' \
		'.annotations = {"run.oci.keep_original_groups": "1"}'
	"${keeping[@]}" exec "$ID" /probe report </dev/null 3>&- 4>&- >report.json
	check '.groups | sort == [7, 78]' '.gid.real == 1001'
}

@test "a user other than root may open its standard output again" {
	bundle '.process.user = {uid: 1000, gid: 1000}' '.process.capabilities = {}' \
		"$(shell 'echo again >/proc/self/fd/1 && echo and again >/dev/stderr')"
	[ "$(hart run --bundle "$BUNDLE" "$ID" </dev/null 2>&1 | cat)" = $'again\nand again' ]
}

@test "no additional groups are left from the caller" {
	bundle
	# The caller has some.
	setpriv --groups 4,24,27 timeout 30 "$HART" --root "$STATE" run --bundle "$BUNDLE" "$ID" \
		</dev/null >report.json 3>&-
	check '.groups == []'
}

@test "user IDs that are none are refused" {
	local bad
	for bad in -1 4294967295 4294967296 1.5 '"0"' '""'; do
		bundle ".process.user.uid = $bad"
		refuses 'uid|user' hart run --bundle "$BUNDLE" "$ID"
	done
}

@test "umask is the config's, 0022 by default" {
	report '.process.user.umask = 63'
	check '.umask == "0077"'
	umask 0
	report
	check '.umask == "0022"'
}

@test "rlimits are set as given" {
	report '.process.rlimits = [
		{type: "RLIMIT_NOFILE", soft: 100, hard: 200},
		{type: "RLIMIT_CORE", soft: 0, hard: 0},
		{type: "RLIMIT_STACK", soft: 4194304, hard: 4194304}]'
	check '.rlimits.RLIMIT_NOFILE == {soft: 100, hard: 200}' \
		'.rlimits.RLIMIT_CORE == {soft: 0, hard: 0}' \
		'.rlimits.RLIMIT_STACK == {soft: 4194304, hard: 4194304}'
}

@test "rlimits that are not listed are the caller's" {
	local want
	want=$(ulimit -Hn)
	report 'del(.process.rlimits)'
	check ".rlimits.RLIMIT_NOFILE.hard == $want"
}

@test "wrong rlimits are refused" {
	bundle '.process.rlimits = [{type: "RLIMIT_NOSUCH", soft: 1, hard: 1}]'
	refuses 'RLIMIT_NOSUCH' hart run --bundle "$BUNDLE" "$ID"
	bundle '.process.rlimits = [{type: "RLIMIT_CORE", soft: 2, hard: 1}]'
	refuses 'rlimit|RLIMIT|soft|CORE' hart run --bundle "$BUNDLE" "$ID"
	bundle '.process.rlimits = [{type: "RLIMIT_CORE", soft: 0, hard: 0},
		{type: "RLIMIT_CORE", soft: 0, hard: 0}]'
	refuses 'rlimit|RLIMIT' hart run --bundle "$BUNDLE" "$ID"
}

@test "oom_score_adj is set, and the caller's is kept without it" {
	report '.process.oomScoreAdj = 500'
	check '.oom_score_adj == "500"'
	report 'del(.process.oomScoreAdj)'
	check ".oom_score_adj == \"$(cat /proc/self/oom_score_adj)\""
}

@test "no_new_privs as configured" {
	report '.process.noNewPrivileges = true'
	check '.no_new_privs'
	report '.process.noNewPrivileges = false'
	check '.no_new_privs | not'
}

@test "personality" {
	report '.linux.personality = {domain: "LINUX32"}'
	check '.personality == "0x8"' '.machine | test("i.86")'
}

@test "scheduler policy and nice value" {
	report '.process.scheduler = {policy: "SCHED_BATCH", nice: 5}'
	check '.scheduler.policy == "SCHED_BATCH"' '.scheduler.nice == 5'
	report '.process.scheduler = {policy: "SCHED_IDLE"}'
	check '.scheduler.policy == "SCHED_IDLE"'
}

@test "real-time scheduling" {
	chrt -f 1 true || skip "this host gives no real-time priority"
	report '.process.scheduler = {policy: "SCHED_RR", priority: 3}'
	check '.scheduler.policy == "SCHED_RR"' '.scheduler.priority == 3'
}

@test "I/O priority" {
	report '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6}'
	check '.ioprio == {class: "IOPRIO_CLASS_BE", priority: 6}'
	report '.process.ioPriority = {class: "IOPRIO_CLASS_IDLE", priority: 0}'
	check '.ioprio.class == "IOPRIO_CLASS_IDLE"'
}

@test "memory policy" {
	report '.linux.memoryPolicy = {mode: "MPOL_INTERLEAVE", nodes: "0"}'
	check '.mempolicy == "MPOL_INTERLEAVE"'
	bundle '.linux.memoryPolicy = {mode: "MPOL_NOSUCH", nodes: "0"}'
	refuses 'memoryPolicy|MPOL_NOSUCH' hart run --bundle "$BUNDLE" "$ID"
}

@test "a session keyring of its own, named after the container" {
	report
	check ".keyring | endswith(\";_ses.$ID\")"
	local outer inner
	outer=$("$PROBE" report | jq .keyring_id)
	bundle
	run_bundle --no-new-keyring
	inner=$(jq .keyring_id out)
	[ "$inner" = "$outer" ]
}

@test "no signal is blocked or ignored, whatever the caller ignores" {
	trap '' HUP PIPE USR2
	report
	check '.signals_blocked | test("^0+$")' '.signals_ignored | test("^0+$")'
}

@test "the program is a session leader and PID 1" {
	report
	check '.pid == 1' '.sid == 1' '.pgid == 1' '.ppid == 0'
}

@test "an AppArmor profile or SELinux label without the module is an error" {
	[ ! -d /sys/kernel/security/apparmor ] || skip "the kernel has AppArmor"
	bundle '.process.apparmorProfile = "no-such-profile"'
	refuses 'apparmor is not enabled' hart run --bundle "$BUNDLE" "$ID"
	up
	refuses 'apparmor is not enabled' hart exec --apparmor no-such-profile "$ID" /bin/true
	hart exec --apparmor unconfined "$ID" /bin/true
	hart delete --force "$ID"
	[ ! -d /sys/fs/selinux ] || skip "the kernel has SELinux"
	bundle '.process.selinuxLabel = "system_u:system_r:container_t:s0"'
	refuses 'selinux is disabled' hart run --bundle "$BUNDLE" "$ID"
}

@test "intelRdt without resctrl is an error" {
	! grep -q resctrl /proc/mounts || skip "resctrl is mounted"
	bundle '.linux.intelRdt = {closID: "x", schemata: ["L3:0=f"]}'
	refuses '[Rr]dt|resctrl' hart run --bundle "$BUNDLE" "$ID"
}
