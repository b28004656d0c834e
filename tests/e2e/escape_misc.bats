#!/usr/bin/env bats
# Ways out, and to what is another's, that are closed one by one.
load lib

@test "unified sets resources alone: no process is moved" {
	local file
	for file in cgroup.procs cgroup.threads cgroup.kill cgroup.freeze cgroup.type cgroup.subtree_control; do
		bundle "$(args /bin/true)" ".linux.resources.unified = {\"$file\": \"$$\"}"
		refuses "unified resource .+$file.+ is no resource" hart run --bundle "$BUNDLE" "$ID"
	done
	! grep -q "/$ID" /proc/$$/cgroup
}

@test "a refused create removes nothing of another container" {
	bundle "$(args /probe sleep)"
	mkdir layers other
	hart run -d --overlay "$PWD/layers" --bundle "$BUNDLE" "$ID" </dev/null >out 2>err
	echo precious >layers/"$ID"/upper/data
	config ".linux.cgroupsPath = \"/another-$ID\""
	refuses 'File exists' timeout 30 "$HART" --root "$PWD/other" run --overlay "$PWD/layers" --bundle "$BUNDLE" "$ID"
	[ "$(cat layers/"$ID"/upper/data)" = precious ]
	[ "$(status_of)" = running ]
	hart delete --force "$ID"
	[ -z "$(ls layers)" ]
}

@test "nor does it kill what is in another container's cgroup" {
	bundle "$(args /probe sleep)"
	mkdir other
	hart run -d --bundle "$BUNDLE" "$ID" </dev/null >out 2>err
	refuses 'not empty' timeout 30 "$HART" --root "$PWD/other" run --bundle "$BUNDLE" "$ID"
	[ "$(status_of)" = running ]
}

@test "a FIFO as config.json is refused at once" {
	bundle
	rm "$BUNDLE/config.json"
	mkfifo "$BUNDLE/config.json"
	refuses 'config.json: not a regular file' hart run --bundle "$BUNDLE" "$ID"
	refuses 'not a regular file' hart validate "$BUNDLE"
}

@test "of a procfs only the whole is mounted at /proc" {
	local part
	for part in sys sys/net 1 self fs; do
		bundle "$(args /bin/true)" ".mounts |= map(if .destination == \"/proc\" then
			{destination: \"/proc\", type: \"bind\", source: \"/proc/$part\", options: [\"rbind\"]} else . end)"
		refuses 'only a procfs can be mounted at /proc' hart run --bundle "$BUNDLE" "$ID"
	done
}

@test "annotations that the state could not be read with are refused" {
	bundle "$(args /bin/true)"
	jq '.annotations.long = ("x" * 5000000)' "$BUNDLE/config.json" >long
	mv long "$BUNDLE/config.json"
	refuses 'too many annotations' hart create --bundle "$BUNDLE" "$ID"
	refuses 'does not exist' hart state "$ID"
}

@test "time offsets with a user namespace" {
	bundle "$(args /probe print ran)" "$(new_namespace user)" "$(new_namespace time)" \
		'.linux.timeOffsets = {boottime: {secs: 86400}}' \
		'.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]' \
		'.linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}]'
	create "$ID"
	# Undumpable from the first to the last: what it has in /proc is the host root's.
	[ "$(stat -c %u "/proc/$(init_pid)/environ")" = 0 ]
	hart start "$ID"
	until_status "$ID" stopped
	[ "$(cat out)" = ran ]
}

@test "startContainer hooks run under the filter of the process" {
	bundle "$(shell 'cat /seen')" '.root.readonly = false' '.process.noNewPrivileges = true' \
		'.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [
			{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 95}]}' \
		'.hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c",
			"grep Seccomp: /proc/self/status >/seen; mkdir /made || true"]}]'
	run_bundle
	grep -q 'Seccomp:.*2' out
	[ ! -e "$BUNDLE/rootfs/made" ]
	config '.process.noNewPrivileges = false'
	run_bundle
	[ ! -e "$BUNDLE/rootfs/made" ]
	# Without: the same hook makes it.
	config 'del(.linux.seccomp)'
	run_bundle
	[ -e "$BUNDLE/rootfs/made" ]
}
