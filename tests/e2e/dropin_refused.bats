#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# hart below a seccomp filter that does not know one of the newer system calls, as older profiles of engines, and as
# on older kernels.
load lib
load service

# Sandboxed: "$CALLS" answer "$ANSWER".
hart() {
	timeout -k 5 "$COMMAND_TIMEOUT_S" "$PROBE" refuse "${CALLS:-clone3}" "${ANSWER:-ENOSYS}" "$HART" --root "$STATE" "$@" 3>&- 4>&-
}

# What a default container has to be: its namespaces, cgroup, masks, device nodes; nothing left open.
as_usual() {
	cp out report.json
	check '.pid == 1' '.fds == [] or ([.fds[].fd] | max <= 2)'
	check '[.mounts[] | select(.point == "/proc/keys" or .point == "/proc/sys")] | length == 2'
	check '.mounts[] | select(.point == "/proc/sys") | (.options + "," | contains("ro,"))'
}

# Runs, creates, executes in and serves with CALLS refused in both ways.
goes_on() {
	for ANSWER in EPERM ENOSYS; do
		mkdir -p given
		bundle "$(BIND given)" '.linux.readonlyPaths += ["/etc"]'
		run_bundle </dev/null
		as_usual
		bundle "$(BIND given)" "$(args /probe sleep)"
		create "$ID"
		[ -n "$(cat "$(cgroup_of)/cgroup.procs")" ]
		hart start "$ID"
		[ "$(hart exec "$ID" /bin/echo hello </dev/null)" = hello ]
		hart delete --force "$ID"
	done
}

BIND() {
	printf '.mounts += [{destination: "/given", type: "bind", source: "%s", options: ["bind", "ro"]}]' "$PWD/$1"
}

serves() {
	for ANSWER in EPERM ENOSYS; do
		serve --standby self --probe exec:/bin/true
		eventually is_warm
		kill_active
		eventually served_by standby-1
		hart delete --force "$ID"
		rm -f sock
	done
}

for_each_call() { # FUNCTION
	for CALLS in clone3 close_range mount_setattr fsopen open_tree move_mount \
		clone3,close_range,mount_setattr,fsopen,open_tree,move_mount; do
		echo "without $CALLS"
		"$1"
	done
}

@test "run, create and exec without one of the newer calls, and without all" {
	for_each_call goes_on
}

@test "a service without one of the newer calls, and without all" {
	for_each_call serves
}

@test "a user namespace without clone3 and the new mount calls" {
	MAPPED='.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = [{containerID: 0, hostID: 200000, size: 65536}]'
	for CALLS in clone3 close_range mount_setattr fsopen,open_tree,move_mount; do
		bundle "$(new_namespace user)" "$MAPPED"
		rm -rf "$BUNDLE/rootfs"
		cp -a "$TEMPLATE" "$BUNDLE/rootfs"
		chown -R 100000:200000 "$BUNDLE/rootfs"
		chmod 755 "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR"
		echo "without $CALLS"
		run_bundle
		as_usual
	done
}

@test "every descriptor is closed without close_range" {
	CALLS=close_range ANSWER=EPERM
	bundle
	"$PROBE" leak 50 "$PROBE" refuse close_range EPERM "$HART" --root "$STATE" run --bundle "$BUNDLE" "$ID" </dev/null >out
	cp out report.json
	check '[.fds[].fd] | max <= 2'
}

@test "without openat2 the call is named, and what to allow" {
	CALLS=openat2
	for ANSWER in EPERM ENOSYS; do
		bundle
		refuses 'refuses openat2 .Linux 5.6.: allow it in the seccomp profile' hart run --bundle "$BUNDLE" "$ID"
	done
	# What fails for another reason says nothing of the kind.
	CALLS=clone3 ANSWER=EPERM
	bundle '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 5000000000, hard: 5000000000}]'
	refuses 'not permitted' hart run --bundle "$BUNDLE" "$ID"
	! grep -q 'refuses openat2' refuses.err
}

@test "recursive attributes without mount_setattr are refused, and the call is named" {
	mkdir given
	for ANSWER in EPERM ENOSYS; do
		CALLS=mount_setattr
		bundle '.mounts += [{destination: "/given", type: "bind", source: "'"$PWD"'/given", options: ["rbind", "rro"]}]'
		refuses 'refuses mount_setattr' hart run --bundle "$BUNDLE" "$ID"
	done
}
