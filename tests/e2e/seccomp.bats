#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Seccomp: actions, errno, arguments, unknown system calls, the notify listener (security.md 10).
load lib

# System call numbers of the probe's architecture.
case $(uname -m) in
x86_64) NR_MKDIR=83 NR_TIMES=100 NR_PERSONALITY=135 NR_KEXEC=246 NR_UNSHARE=272 ;;
*) NR_MKDIR=34 NR_TIMES=153 NR_PERSONALITY=92 NR_KEXEC=104 NR_UNSHARE=97 ;;
esac

# filter JSON: a jq filter that sets linux.seccomp with default ALLOW and these members.
filter() {
	printf '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW"} + %s' "$1"
}

denied() {
	filter "{syscalls: [{names: [\"times\"], action: \"$1\"} + ${2:-{\}}]}"
}

@test "a filter is on, and off without the member" {
	report "$(filter '{}')"
	check '.seccomp == 2'
	report
	check '.seccomp == 0'
}

@test "ERRNO gives EPERM by default and errnoRet when given" {
	[ "$(output "$(denied SCMP_ACT_ERRNO)" "$(args /probe try-syscall $NR_TIMES)")" = EPERM ]
	[ "$(output "$(denied SCMP_ACT_ERRNO '{errnoRet: 93}')" \
		"$(args /probe try-syscall $NR_TIMES)")" = EPROTONOSUPPORT ]
}

@test "KILL_PROCESS and KILL end the program with SIGSYS" {
	for action in SCMP_ACT_KILL_PROCESS SCMP_ACT_KILL SCMP_ACT_KILL_THREAD; do
		bundle "$(denied $action)" "$(args /probe try-syscall $NR_TIMES)"
		exits 159 run_bundle
	done
}

@test "TRAP sends SIGSYS" {
	bundle "$(denied SCMP_ACT_TRAP)" "$(args /probe try-syscall $NR_TIMES)"
	exits 159 run_bundle
}

@test "LOG lets the call through" {
	[ "$(output "$(denied SCMP_ACT_LOG)" "$(args /probe try-syscall $NR_TIMES)")" = 0 ]
}

@test "arguments are compared" {
	local rule='{syscalls: [{names: ["kexec_load"], action: "SCMP_ACT_ERRNO", errnoRet: 95,
		args: [{index: 0, value: 77, op: "SCMP_CMP_EQ"}]},
		{names: ["kexec_load"], action: "SCMP_ACT_ERRNO", errnoRet: 96,
		args: [{index: 1, value: 15, valueTwo: 5, op: "SCMP_CMP_MASKED_EQ"}]}]}'
	[ "$(output "$(filter "$rule")" "$(args /probe try-syscall $NR_KEXEC 77)")" = EOPNOTSUPP ]
	[ "$(output "$(filter "$rule")" "$(args /probe try-syscall $NR_KEXEC 0 0x25)")" = EPFNOSUPPORT ]
	[ "$(output "$(filter "$rule")" "$(args /probe try-syscall $NR_KEXEC 0 0x26)")" != EPFNOSUPPORT ]
}

@test "a default of ERRNO allows what is listed" {
	local allow='["execve","execveat","brk","mmap","munmap","mprotect","read","write","exit_group",
		"exit","arch_prctl","set_tid_address","set_robust_list","rseq","prlimit64","readlink",
		"readlinkat","getrandom","newfstatat","fstat","futex","close","uname","access","prctl"]'
	[ "$(output ".linux.seccomp = {defaultAction: \"SCMP_ACT_ERRNO\", syscalls: [{names: $allow,
		action: \"SCMP_ACT_ALLOW\"}]}" "$(args /probe try-syscall $NR_MKDIR 0 0)")" = EPERM ]
	[ "$(output ".linux.seccomp = {defaultAction: \"SCMP_ACT_ERRNO\", defaultErrnoRet: 38,
		syscalls: [{names: $allow, action: \"SCMP_ACT_ALLOW\"}]}" \
		"$(args /probe try-syscall $NR_MKDIR 0 0)")" = ENOSYS ]
}

@test "system calls newer than the profile give ENOSYS, known ones the profile's errno" {
	local allow='["execve","execveat","brk","mmap","munmap","mprotect","read","write","exit_group",
		"exit","arch_prctl","set_tid_address","set_robust_list","rseq","prlimit64","readlink",
		"readlinkat","getrandom","newfstatat","fstat","futex","close","uname","access","prctl",
		"statx","clone3","openat2","faccessat2"]'
	local profile=".linux.seccomp = {defaultAction: \"SCMP_ACT_ERRNO\", defaultErrnoRet: 1,
		syscalls: [{names: $allow, action: \"SCMP_ACT_ALLOW\"}]}"
	[ "$(output "$profile" "$(args /probe try-syscall 999)")" = ENOSYS ]
	[ "$(output "$profile" "$(args /probe try-syscall $NR_MKDIR 0 0)")" = EPERM ]
}

# Of the size and kind that engines use; Debian's golang-github-containers-common has it.
@test "the default profile of engines: new and refused calls, from the cache as well" {
	local profile=/usr/share/containers/seccomp.json call argument expected
	[ -f $profile ] || skip "no $profile"

	for _ in compiled cached; do
		while read -r call argument expected; do
			bundle '.process.noNewPrivileges = false' \
				"$(args /probe try-syscall "$call" "$argument")"
			jq --slurpfile p $profile -f "$BATS_TEST_DIRNAME/../bench/profile.jq" \
				"$BUNDLE/config.json" >config.new
			mv config.new "$BUNDLE/config.json"
			run_bundle
			[ "$(cat out)" = "$expected" ]
		done <<-END
			999 0 ENOSYS
			$NR_KEXEC 0 EPERM
			$NR_PERSONALITY 8 0
			$NR_PERSONALITY 1 ENOSYS
		END
	done
	[ "$(find "$STATE/seccomp~cache" -type f | wc -l)" = 1 ]
}

@test "names that nobody knows are no error" {
	[ "$(output "$(filter '{syscalls: [{names: ["times", "no_such_call"],
		action: "SCMP_ACT_ERRNO"}]}')" "$(args /probe try-syscall $NR_TIMES)")" = EPERM ]
}

@test "wrong actions, operators and architectures are refused" {
	bundle '.linux.seccomp = {defaultAction: "SCMP_ACT_NOSUCH"}'
	refuses 'SCMP_ACT_NOSUCH|defaultAction' hart run --bundle "$BUNDLE" "$ID"
	bundle "$(filter '{syscalls: [{names: ["read"], action: "SCMP_ACT_ERRNO",
		args: [{index: 6, value: 0, op: "SCMP_CMP_EQ"}]}]}')"
	refuses 'index' hart run --bundle "$BUNDLE" "$ID"
	bundle "$(filter '{architectures: ["SCMP_ARCH_NOSUCH"]}')"
	refuses 'SCMP_ARCH_NOSUCH' hart run --bundle "$BUNDLE" "$ID"
}

@test "the filter holds in exec as well" {
	up "$(denied SCMP_ACT_ERRNO)"
	[ "$(hart exec "$ID" /probe try-syscall $NR_TIMES </dev/null)" = EPERM ]
	exec_report
	check '.seccomp == 2'
}

@test "the filter works without no_new_privs and with few capabilities" {
	[ "$(output "$(denied SCMP_ACT_ERRNO)" '.process.noNewPrivileges = false' \
		'.process.capabilities = {}' "$(args /probe try-syscall $NR_TIMES)")" = EPERM ]
	[ "$(output "$(denied SCMP_ACT_ERRNO)" '.process.noNewPrivileges = true' \
		'.process.user = {uid: 1000, gid: 1000}' "$(args /probe try-syscall $NR_TIMES)")" = EPERM ]
}

@test "a listener gets the filter's descriptor and the container's state" {
	"$PROBE" notify "$PWD/socket" 95 "$PWD/state.json" >agent.log 2>&1 3>&- &
	eventually test -S socket
	bundle "$(args /probe try-syscall $NR_UNSHARE 0)" ".linux.seccomp = {
		defaultAction: \"SCMP_ACT_ALLOW\", listenerPath: \"$PWD/socket\", listenerMetadata: \"meta\",
		syscalls: [{names: [\"unshare\"], action: \"SCMP_ACT_NOTIFY\"}]}" \
		'.annotations = {k: "v"}'
	[ "$(run_bundle && cat out)" = EOPNOTSUPP ]
	wait $!
	cp state.json report.json
	check '.fds == ["seccompFd"]' '.metadata == "meta"' '.pid > 1' '.ociVersion' \
		".state.id == \"$ID\"" '.state.status == "creating"' ".state.bundle == \"$BUNDLE\"" \
		'.state.annotations.k == "v"' '.state.pid == .pid'
}

# agent ERRNO: serves $PWD/socket in the background.
agent() {
	"$PROBE" notify "$PWD/socket" "$1" "$PWD/state.json" >agent.log 2>&1 3>&- &
	eventually test -S socket
}

# notifies NAMES: a filter whose agent is asked about these system calls.
notifies() {
	filter "{listenerPath: \"$PWD/socket\", syscalls: [{names: $1, action: \"SCMP_ACT_NOTIFY\"}]}"
}

@test "the runtime's own calls may be among those that notify" {
	local privileges

	for privileges in true false; do
		rm -f socket
		agent 0
		[ "$(output "$(notifies '["sendto","sendmsg","recvfrom","recvmsg","read","write","close",
			"accept4","capset","execve","prctl","fcntl"]')" \
			".process.noNewPrivileges = $privileges" "$(args /probe try-syscall $NR_TIMES)")" -ge 0 ]
		wait $!
	done
}

@test "exec sends a listener of its own" {
	local privileges

	for privileges in true false; do
		rm -f socket state.json*
		agent 95
		up "$(notifies '["unshare"]')" ".process.noNewPrivileges = $privileges"
		[ "$(hart exec "$ID" /probe try-syscall $NR_UNSHARE 0 </dev/null)" = EOPNOTSUPP ]
		eventually test -s state.json.2
		cp state.json.2 report.json
		check '.state.status == "running"' ".state.pid == $(init_pid)" '.pid != .state.pid' \
			'has("metadata") | not'
		hart delete --force "$ID"
	done
}

# What the probe and the C library need, and of the runtime's own calls capset and execve alone.
FEW='["execve","capset","brk","mmap","munmap","mprotect","write","exit_group","exit","arch_prctl",
	"set_tid_address","set_robust_list","rseq","prlimit64","readlink","readlinkat","getrandom",
	"newfstatat","fstat","futex","times"]'

@test "a profile needs to allow nearly nothing for the runtime's sake" {
	local privileges profile

	for privileges in true false; do
		profile=".linux.seccomp = {defaultAction: \"SCMP_ACT_KILL_PROCESS\",
			syscalls: [{names: $FEW, action: \"SCMP_ACT_ALLOW\"}]}"
		bundle "$profile" ".process.noNewPrivileges = $privileges" \
			'.process.user = {uid: 1000, gid: 1000}' "$(args /probe try-syscall $NR_TIMES)"
		create "$ID"
		hart start "$ID"
		until_status "$ID" stopped
		[ "$(cat out)" -ge 0 ]
		hart delete "$ID"
	done
}

@test "no capability is left over from the filter's installation" {
	local sets='{bounding: ["CAP_SYS_ADMIN", "CAP_KILL"], effective: ["CAP_KILL"],
		permitted: ["CAP_KILL"], inheritable: ["CAP_KILL"], ambient: ["CAP_KILL"]}'
	report "$(filter '{}')" ".process.capabilities = $sets" '.process.user = {uid: 1000, gid: 1000}' \
		'.process.noNewPrivileges = false'
	check '.seccomp == 2' '.no_new_privs | not' '.caps.effective == ["CAP_KILL"]' \
		'.caps.permitted == ["CAP_KILL"]' '.caps.ambient == ["CAP_KILL"]'
}

@test "that the program cannot be executed is told through the filter" {
	local privileges

	for privileges in true false; do
		bundle "$(filter '{syscalls: [{names: ["sendto", "sendmsg"], action: "SCMP_ACT_ERRNO"}]}')" \
			".process.noNewPrivileges = $privileges" "$(args /bad)"
		printf '#!/nonexistent\n' >"$BUNDLE/rootfs/bad"
		chmod 755 "$BUNDLE/rootfs/bad"
		refuses 'bad.*[Nn]o such file' hart run --bundle "$BUNDLE" "$ID"
		hart delete --force "$ID"
	done
}

@test "NOTIFY without a listener is refused, and so is a listener nobody serves" {
	bundle "$(filter '{syscalls: [{names: ["unshare"], action: "SCMP_ACT_NOTIFY"}]}')"
	refuses 'listener|notify|NOTIFY' hart run --bundle "$BUNDLE" "$ID"
	bundle "$(filter "{listenerPath: \"$PWD/nobody\", syscalls: [{names: [\"unshare\"],
		action: \"SCMP_ACT_NOTIFY\"}]}")"
	refuses 'nobody|connect|listener' hart run --bundle "$BUNDLE" "$ID"
}

@test "the second run of a profile, from the cache, filters alike" {
	for _ in 1 2 3; do
		[ "$(output "$(denied SCMP_ACT_ERRNO '{errnoRet: 93}')" \
			"$(args /probe try-syscall $NR_TIMES)")" = EPROTONOSUPPORT ]
	done
}

@test "a damaged cache entry is not used" {
	output "$(denied SCMP_ACT_ERRNO '{errnoRet: 93}')" "$(args /probe try-syscall $NR_TIMES)"
	local entry
	for entry in "$STATE"/seccomp~cache/*; do
		# An empty program, and a changed one.
		dd if=/dev/zero of="$entry" bs=1 seek=60 count=16 conv=notrunc 2>/dev/null
	done
	[ "$(output "$(denied SCMP_ACT_ERRNO '{errnoRet: 93}')" \
		"$(args /probe try-syscall $NR_TIMES)")" = EPROTONOSUPPORT ]
}
