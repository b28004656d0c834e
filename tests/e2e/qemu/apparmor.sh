#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# apparmor: process.apparmorProfile on a kernel that has AppArmor; run by tests/hosts/qemuhost. TAP.
cd "$(dirname "$0")" || exit 1
# shellcheck source=tests/e2e/qemu/lib.bash
source ./lib.bash
if [ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" != Y ]; then
	echo "1..0 # skip the kernel has no AppArmor"
	exit 77
fi
CURRENT=/proc/self/attr/current

# box: neither mounts nor the folder /tmp/locked; other: no restriction; keeper: what may start hart.
load_profiles() {
	apparmor_parser -K -r <<-'END'
		profile hart-box flags=(attach_disconnected,mediate_deleted) {
			file, network, capability, signal, unix, ptrace,
			deny /tmp/locked/** w,
			deny mount, deny umount,
		}
		profile hart-other flags=(attach_disconnected,mediate_deleted) {
			file, network, capability, signal, unix, ptrace, mount, umount,
		}
		profile hart-keeper flags=(attach_disconnected,mediate_deleted) {
			file, network, capability, signal, unix, ptrace, mount, umount, pivot_root, dbus,
			change_profile -> **,
		}
	END
}

profile() {
	echo ".process.apparmorProfile = \"$1\""
}

features() {
	rt features | jq -e '.linux.apparmor.enabled' >/dev/null
}

applied() {
	bundle "$(profile hart-box)" "$(args /bin/cat $CURRENT)"
	says 'hart-box (enforce)' run
}

# The program's children are in it too, and what it forbids is forbidden to root.
enforced() {
	mkdir -p "$WORK/template/tmp/locked"
	bundle "$(profile hart-box)" '.root.readonly = false' '.process.capabilities.bounding += ["CAP_SYS_ADMIN"]' \
		"$(shell 'echo >/tmp/free && echo free; (echo >/tmp/locked/x) 2>/dev/null || echo locked')"
	says $'free\nlocked' run
	bundle '.root.readonly = false' "$(shell 'echo >/tmp/locked/x && echo open')"
	says open run
}

# The profile forbids mounts, and the container's are made: the change comes with the execve.
at_execve() {
	bundle "$(profile hart-box)" "$(args /bin/cat $CURRENT)" \
		'.mounts += [{destination: "/var", type: "tmpfs", source: "tmpfs", options: ["ro"]}]'
	rt create --bundle "$BUNDLE" "$ID" </dev/null >"$WORK/out"
	says unconfined cat "/proc/$(rt state "$ID" | jq .pid)/attr/current"
	rt start "$ID"
	eventually grep -q '"hart-box (enforce)"' "$WORK/out"
}

unknown() {
	bundle "$(profile hart-nosuch)"
	refuses 'hart-nosuch' rt create --bundle "$BUNDLE" "$ID"
	refuses 'does not exist' rt state "$ID"
}

unknown_says_why() {
	bundle "$(profile hart-nosuch)"
	refuses 'apparmor profile "hart-nosuch".*write "exec hart-nosuch" to .*/attr/apparmor/exec: No such file' run
	up
	refuses 'apparmor profile "hart-nosuch".*write "exec hart-nosuch" to .*: No such file' \
		rt exec --apparmor hart-nosuch "$ID" true
}

unconfined() {
	bundle "$(profile unconfined)" "$(args /bin/cat $CURRENT)"
	says unconfined run
	bundle "$(profile '')" "$(args /bin/cat $CURRENT)"
	says unconfined run
}

# A runtime that is confined itself and may change: what is asked for holds, not what it has.
from_confined() {
	bundle '.process.noNewPrivileges = false' "$(profile unconfined)" "$(args /bin/cat $CURRENT)"
	says unconfined keeper run
	bundle '.process.noNewPrivileges = false' "$(profile hart-box)" "$(args /bin/cat $CURRENT)"
	says 'hart-box (enforce)' keeper run
	bundle "$(args /bin/cat $CURRENT)"
	says 'hart-keeper (enforce)' keeper run
}

keeper() {
	(echo changeprofile hart-keeper >/proc/self/attr/current && "$@")
}

exec_inherits() {
	up "$(profile hart-box)"
	says 'hart-box (enforce)' rt exec "$ID" cat $CURRENT
	says 'hart-other (enforce)' rt exec --apparmor hart-other "$ID" cat $CURRENT
	says unconfined rt exec --apparmor unconfined "$ID" cat $CURRENT
}

exec_process() {
	up "$(profile hart-box)"
	echo '{"cwd": "/", "args": ["/bin/cat", "'$CURRENT'"], "user": {"uid": 0, "gid": 0},
		"apparmorProfile": "hart-other"}' >"$WORK/process.json"
	says 'hart-other (enforce)' rt exec --process "$WORK/process.json" "$ID"
}

no_new_privs() {
	local nnp

	for nnp in true false; do
		bundle "$(profile hart-box)" ".process.noNewPrivileges = $nnp" "$(args /bin/cat $CURRENT)" \
			'.process.user = {uid: 1, gid: 1}'
		says 'hart-box (enforce)' run
	done
}

no_new_privs_exec() {
	up "$(profile hart-box)" '.process.noNewPrivileges = true'
	says 'hart-other (enforce)' rt exec --no-new-privs --user 1:1 --apparmor hart-other "$ID" cat $CURRENT
}

with_seccomp() {
	bundle "$(profile hart-box)" "$(args /bin/cat $CURRENT)" '.process.noNewPrivileges = false' \
		'.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls:
		[{names: ["syslog"], action: "SCMP_ACT_ERRNO"}]}'
	says 'hart-box (enforce)' run
}

in_user_ns() {
	bundle "$(profile hart-box)" "$(args /bin/cat $CURRENT)" '.root.readonly = false' \
		'.linux.namespaces += [{type: "user"}]' \
		'.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]' \
		'.linux.gidMappings = .linux.uidMappings'
	says 'hart-box (enforce)' run
}

stacked() {
	bundle "$(profile 'hart-box//&hart-other')" "$(args /bin/cat $CURRENT)"
	says 'hart-box//&hart-other (enforce)' run
}

too_long() {
	bundle "$(profile "$(printf '%0600d' 0)")"
	refuses 'apparmor profile "000' run
}

promoted_too() {
	bundle "$(profile hart-box)" "$(args /probe sleep)"
	rt run -d --standby "$BUNDLE" --bundle "$BUNDLE" "$ID" </dev/null
	says 'hart-box (enforce)' cat "/proc/$(rt state "$ID" | jq .pid)/attr/current"
	eventually "rt status --json $ID | jq -e '.members[] | select(.state == \"warm\")'"
	old=$(rt state "$ID" | jq .pid)
	kill -KILL "$old"
	eventually "[ \"\$(rt state $ID | jq .pid)\" != $old ]"
	says 'hart-box (enforce)' cat "/proc/$(rt state "$ID" | jq .pid)/attr/current"
}

load_profiles || exit 1
check "features: AppArmor is there" features
check_both "the profile is the program's" applied
check_both "what it denies is denied" enforced
check_both "the change comes with the execve of the program" at_execve
check "an unknown profile fails create, and nothing is left" unknown
check "the message names the profile, what was written and where" unknown_says_why
check_both "unconfined and the empty name" unconfined
check_both "asked of a runtime that is confined itself" from_confined
check_both "exec has the container's profile or its own" exec_inherits
check "exec --process names one" exec_process
check_both "with no_new_privs and without, as a user" no_new_privs
check "exec with no_new_privs" no_new_privs_exec
check "with a seccomp filter" with_seccomp
check_both "in a user namespace" in_user_ns
check_both "a stack of profiles" stacked
check "a name that is too long" too_long
check "a standby that is promoted has its profile" promoted_too
finish
