#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
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

@test "what an error says commands no terminal" {
	refuses '' hart run --bundle "$(printf 'no\033[2J\302\2332Jsuch')" "$ID"
	grep -q 'no.u001b\[2J.u009b2Jsuch' refuses.err
	! LC_ALL=C grep -q "$(printf '\302\233')" refuses.err
}

@test "nor what is said on a terminal, of an image's words" {
	bundle "$(args "$(printf '/no\033[2J\302\2332J')")"
	script -qec "$HART --root $STATE run --bundle $BUNDLE $ID" /dev/null </dev/null >shown 3>&- 4>&- || true
	grep -q 'hart: .*no.x1b\[2J.xc2.x9b2J' shown
	printf '{"root": {"path": "rootfs"}, "linux": {"namespaces": [{"type": "\\u001b[2J"}]}}' >"$BUNDLE/config.json"
	exits 1 hart validate "$BUNDLE" >shown
	grep -q 'unknown value ".x1b\[2J"' shown
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

# A chroot with hart in it, and the bundle, as build machines have: in a mount namespace of its own, so that no clean-up
# of the tests ever meets what is mounted there.
in_chroot() {
	local jail=$PWD/jail

	bundle "$(args /probe sleep)"
	mkdir -p "$jail"/{proc,dev,tmp} "$jail"/sys/fs/cgroup
	touch "$jail/inside-jail" "$BUNDLE/rootfs/inside-container"
	unshare --mount --propagation private bash -ec "
		mount -t tmpfs tmpfs $jail
		mkdir -p $jail/proc $jail/dev $jail/state $jail/sys/fs/cgroup
		cp -a $BUNDLE $jail/bundle
		cp $HART $jail/hart
		ldd $HART 2>&1 | grep -o '/[^ ]*' | xargs -r cp --parents -L -t $jail # what it is linked to, if anything
		touch $jail/inside-jail
		mknod -m 666 $jail/dev/null c 1 3
		mount -t proc proc $jail/proc
		mount -t cgroup2 cgroup2 $jail/sys/fs/cgroup
		exec chroot $jail /bundle/rootfs/bin/sh -c '
			h=\"/hart --root /state\"
			\$h run -d $* --bundle /bundle $ID </dev/null >/dev/null || exit 1
			\$h exec $ID /bin/ls / </dev/null
			\$h delete --force $ID'" 3>&- >listed 2>err
}

@test "exec in a chroot does not enter the host's root" {
	local flag
	for flag in '' --no-pivot; do
		in_chroot $flag
		grep -q inside-container listed
		! grep -q -e inside-jail -e jail listed
	done
}

# in_plain_chroot COMMAND: the bundle run by a hart in a chroot that is a mere folder, after the command.
in_plain_chroot() {
	local jail=$PWD/jail

	unshare --mount --propagation private bash -c "$1
		mount -t proc proc $jail/proc && mount -t cgroup2 cgroup2 $jail/sys/fs/cgroup &&
		chroot $jail /hart --root /state run --bundle /bundle $ID" </dev/null 3>&-
}

@test "a chroot that is no mount point is refused with what to do, which helps" {
	bundle "$(args /bin/echo inside)"
	mkdir -p jail/{proc,dev} jail/sys/fs/cgroup
	cp -a "$BUNDLE" jail/bundle
	cp "$HART" jail/hart
	ldd "$HART" 2>&1 | grep -o '/[^ ]*' | xargs -r cp --parents -L -t jail
	mknod -m 666 jail/dev/null c 1 3
	refuses 'no mount point.*mount --rbind' in_plain_chroot true
	[ "$(in_plain_chroot "mount --rbind $PWD/jail $PWD/jail")" = inside ]
}

@test "nor without a mount namespace" {
	bundle "$(args /probe sleep)" "$(namespace mount -)" '.root.readonly = false' \
		'del(.mounts, .linux.maskedPaths, .linux.readonlyPaths)'
	touch "$BUNDLE/rootfs/inside-container"
	hart run -d --bundle "$BUNDLE" "$ID" </dev/null >out 2>err
	hart exec "$ID" /bin/ls / </dev/null | grep inside-container
}

@test "but a folder that init has gone into by itself is not where exec goes" {
	bundle "$(shell 'exec chroot /var /busybox sleep 100')" \
		'.process.capabilities |= map_values(. + ["CAP_SYS_CHROOT"])'
	ln -s busybox "$BUNDLE/rootfs/bin/chroot"
	cp "$TEMPLATE/bin/busybox" "$BUNDLE/rootfs/var/busybox"
	hart run -d --bundle "$BUNDLE" "$ID" </dev/null >out 2>err
	eventually '[ -e "/proc/$(init_pid)/root/busybox" ]'
	hart exec "$ID" /bin/ls / </dev/null | grep -x var
}

# PID 1 stops each new process of its namespace.
stopper() {
	bundle "$(args /probe stop-all)"
	hart run -d --bundle "$BUNDLE" "$ID" </dev/null >out 2>err
}

@test "a container that stops what exec starts can be killed and deleted" {
	local i
	stopper
	for i in 1 2 3 4 5; do
		timeout 60 "$HART" --root "$STATE" exec --pid-file "$PWD/pid.$i" "$ID" /bin/true </dev/null >>exec.out 2>&1 3>&- &
	done
	sleep 0.3
	timeout 5 "$HART" --root "$STATE" kill "$ID" KILL
	timeout 5 "$HART" --root "$STATE" delete --force "$ID"
	wait
}

# What is stopped in the container's cgroup.
stopped_ones() {
	local pid

	for pid in $(cat "/sys/fs/cgroup$(jq -r .cgroup "$STATE/$ID/state.json")/cgroup.procs"); do
		! grep -s '^State:.T' "/proc/$pid/status" || return 0
	done
	return 1
}

@test "... not when exec holds the lock, and kill waits for it" {
	local weak

	weak=$(dirname "$PROBE")/weak
	stopper
	# Until one of them is stopped.
	(while HART_WEAK=lock timeout 60 "$weak" --root "$STATE" exec "$ID" /bin/true; do :; done) </dev/null >>exec.out 2>&1 3>&- &
	eventually stopped_ones
	! HART_WEAK=lock timeout 5 "$weak" --root "$STATE" kill "$ID" KILL
	[ "$(status_of)" = running ]
	timeout 10 "$HART" --root "$STATE" delete --force "$ID"
	wait
}

# Somebody has the lock of that container.
is_held() {
	[ -d "$STATE/$1" ] && { flock -n 8 || return 0; } 8<"$STATE/$1" && return 1
}

@test "a container whose PID namespace is another's, who stops it, can be killed and deleted" {
	local other status i
	stopper
	other=$(init_pid)
	bundle "$(args /probe sleep)" "$(namespace pid "/proc/$other/ns/pid")"
	for i in 1 2 3 4 5; do
		timeout 60 "$HART" --root "$STATE" create --bundle "$BUNDLE" "joiner$i" </dev/null >>join.out 2>&1 3>&- &
	done
	# At least one of them is stopped while it is made, with the lock held by who makes it.
	eventually 'is_held joiner1 || is_held joiner2 || is_held joiner3'
	sleep 0.5
	for i in 1 2 3 4 5; do
		status=0
		timeout 5 "$HART" --root "$STATE" kill "joiner$i" KILL || status=$?
		[ "$status" != 124 ]
		timeout 5 "$HART" --root "$STATE" delete --force "joiner$i"
	done
	wait
}
