#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# selinux: process.selinuxLabel and linux.mountLabel where SELinux enforces policy.cil; run by
# tests/hosts/qemuhost with -a 'security=selinux selinux=1 enforcing=0'. TAP.
cd "$(dirname "$0")" || exit 1
# shellcheck source=tests/e2e/qemu/lib.bash
source ./lib.bash
CURRENT=/proc/self/attr/current
BOX=u:r:box_t:s0:c1,c2
OTHER=u:r:other_t:s0
# A comma, as in the labels of engines: mount options are separated by it.
LOCKED=u:object_r:locked_t:s0:c1,c2
OWN=u:object_r:box_t:s0:c1,c2

load_policy() {
	[ -e /sys/fs/selinux/load ] || {
		echo "1..0 # skip the kernel has no SELinux"
		exit 77
	}
	secilc -c 33 -o "$WORK/policy" -f /dev/null policy.cil &&
		dd if="$WORK/policy" of=/sys/fs/selinux/load bs=1M status=none &&
		echo 1 >/sys/fs/selinux/enforce
}

label() {
	echo ".process.selinuxLabel = \"$1\""
}

mount_label() {
	echo ".linux.mountLabel = \"$1\""
}

features() {
	rt features | jq -e '.linux.selinux.enabled' >/dev/null
}

applied() {
	bundle "$(label $BOX)" "$(args /bin/cat $CURRENT)"
	says $BOX run
	bundle "$(args /bin/cat $CURRENT)"
	says "$(tr -d '\0' <$CURRENT)" run
	bundle "$(label '')" "$(mount_label '')" "$(args /bin/cat $CURRENT)"
	says "$(tr -d '\0' <$CURRENT)" run
}

at_execve() {
	bundle "$(label $BOX)" "$(args /bin/cat $CURRENT)"
	rt create --bundle "$BUNDLE" "$ID" </dev/null >"$WORK/out"
	says u:r:host_t:s0-s0:c1,c2 cat "/proc/$(rt state "$ID" | jq .pid)/attr/current"
	rt start "$ID"
	eventually "[ \"\$(tr -d '\\0' <$WORK/out)\" = $BOX ]"
}

# Root in box_t reads what locked_t is, and does not write it.
enforced() {
	bundle "$(label $BOX)" "$(mount_label $LOCKED)" \
		"$(shell '(echo >/dev/shm/x) 2>/dev/null || echo locked; cat /dev/shm/x 2>/dev/null || echo none')"
	says $'locked\nnone' run
	bundle "$(label $BOX)" "$(shell 'echo free >/dev/shm/x; cat /dev/shm/x')"
	says free run
}

unknown() {
	bundle "$(label u:r:no_t:s0)"
	refuses 'u:r:no_t:s0.*Invalid argument' rt create --bundle "$BUNDLE" "$ID"
	refuses 'apply selinux label "u:r:no_t:s0": write "u:r:no_t:s0" to .*attr/exec: Invalid argument' \
		rt create --no-new-keyring --bundle "$BUNDLE" "$ID"
	refuses 'does not exist' rt state "$ID"
	up "$(label $BOX)"
	refuses 'u:r:no_t:s0.*Invalid argument' rt exec --process-label u:r:no_t:s0 "$ID" true
}

unknown_mount() {
	bundle "$(mount_label u:r:no_t:s0)"
	refuses 'mount tmpfs at /dev.*(context|u:r:no_t:s0)' rt create --bundle "$BUNDLE" "$ID"
	refuses 'does not exist' rt state "$ID"
}

exec_inherits() {
	up "$(label $BOX)"
	says $BOX rt exec "$ID" cat $CURRENT
	says $OTHER rt exec --process-label $OTHER "$ID" cat $CURRENT
}

exec_process() {
	up "$(label $BOX)"
	echo '{"cwd": "/", "args": ["/bin/cat", "'$CURRENT'"], "user": {"uid": 0, "gid": 0},
		"selinuxLabel": "'$OTHER'"}' >"$WORK/process.json"
	says $OTHER rt exec --process "$WORK/process.json" "$ID"
}

as_user() {
	local nnp

	for nnp in true false; do
		bundle "$(label $BOX)" ".process.noNewPrivileges = $nnp" '.process.user = {uid: 1, gid: 1}' \
			"$(args /bin/cat $CURRENT)"
		says $BOX run
	done
}

in_user_ns() {
	bundle "$(label $BOX)" "$(mount_label $LOCKED)" "$(shell "cat $CURRENT; cat /proc/self/mounts")" \
		'.linux.namespaces += [{type: "user"}]' \
		'.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]' \
		'.linux.gidMappings = .linux.uidMappings'
	run >"$WORK/raw" || return 1
	tr '\0' '\n' <"$WORK/raw" >"$WORK/out"
	says $BOX head -n 1 "$WORK/out"
	grep -q "^tmpfs /dev tmpfs .*context=\"$LOCKED\"" "$WORK/out"
}

# label_of PATH: in the running container.
label_of() {
	stat -c %C "/proc/$(rt state "$ID" | jq .pid)/root$1"
}

mounts() {
	local path

	up "$(label $BOX)" "$(mount_label $LOCKED)" \
		'.mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs"}]'
	for path in /dev /dev/null /dev/shm /dev/pts /dev/mqueue /tmp /sys/firmware; do
		says $LOCKED label_of $path
	done
	says u:r:file_t:s0 label_of /proc
	says u:r:file_t:s0 label_of /sys
	says u:object_r:file_t:s0 label_of /bin
}

own_context() {
	up "$(label $BOX)" "$(mount_label $LOCKED)" '.mounts += [{destination: "/tmp", type: "tmpfs",
		source: "tmpfs", options: ["context=\"'$OWN'\""]}]'
	says $OWN label_of /tmp
	says $LOCKED label_of /dev
}

no_label() {
	up "$(label $BOX)"
	says u:object_r:file_t:s0 label_of /dev
	says u:object_r:file_t:s0 label_of /dev/mqueue
}

overlay() {
	bundle "$(label $BOX)" "$(mount_label $OWN)" "$(args /bin/sleep 1000)"
	rt run -d --overlay=tmpfs --bundle "$BUNDLE" "$ID" </dev/null >"$WORK/up.log" 2>&1 || {
		cat "$WORK/up.log"
		return 1
	}
	says $OWN label_of /bin
	says $OWN label_of /
}

keyring() {
	bundle "$(label $BOX)" "$(args /probe key-label)"
	says $BOX run
	bundle "$(label $BOX)" "$(args /bin/cat /proc/self/attr/keycreate)"
	says '' run # of the program's own keys: the policy decides
}

promoted_too() {
	bundle "$(label $BOX)" "$(mount_label $LOCKED)" "$(args /probe sleep)"
	rt run -d --standby "$BUNDLE" --bundle "$BUNDLE" "$ID" </dev/null
	says $BOX cat "/proc/$(rt state "$ID" | jq .pid)/attr/current"
	eventually "rt status --json $ID | jq -e '.members[] | select(.state == \"warm\")'"
	old=$(rt state "$ID" | jq .pid)
	kill -KILL "$old"
	eventually "[ \"\$(rt state $ID | jq .pid)\" != $old ]"
	says $BOX cat "/proc/$(rt state "$ID" | jq .pid)/attr/current"
	says $LOCKED label_of /dev/shm
}

load_policy || exit 1
check "features: SELinux is there" features
check_both "the label is the program's" applied
check_both "the change comes with the execve of the program" at_execve
check_both "what the policy forbids the label is forbidden to root" enforced
check "an unknown label is named, and nothing is left" unknown
check "an unknown mount label is named" unknown_mount
check_both "exec has the container's label or its own" exec_inherits
check "exec --process names one" exec_process
check_both "as a user, with no_new_privs and without" as_user
check_both "in a user namespace" in_user_ns
check_both "mountLabel: tmpfs, devpts and mqueue have it, proc and sysfs do not" mounts
check "a mount's own context goes before mountLabel" own_context
check "without mountLabel mounts have the policy's" no_label
check "mountLabel on a root by overlayfs" overlay
check_both "the session keyring has the label" keyring
check "a standby that is promoted has its labels" promoted_too
finish
