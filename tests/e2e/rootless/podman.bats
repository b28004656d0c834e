#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Rootless Podman with nothing but --runtime added: it calls hart as root of a user namespace of the user's.
load ../lib
load lib

# The user has ids of its own to map, in an /etc of this host's.
more_setup() {
	command -v podman >/dev/null || return 0
	mkdir "$BATS_FILE_TMPDIR/etc"
	mount -t tmpfs tmpfs "$BATS_FILE_TMPDIR/etc"
	mkdir "$BATS_FILE_TMPDIR/etc/"{upper,work}
	mount -t overlay overlay -o "lowerdir=/etc,upperdir=$BATS_FILE_TMPDIR/etc/upper,workdir=$BATS_FILE_TMPDIR/etc/work" /etc
	grep -q "^hart-user:" /etc/passwd || useradd -M -u $USER_ID hart-user
	printf 'hart-user:300000:65536\n' | tee /etc/subuid >/etc/subgid
	mkdir -p "$TEMPLATE/usr" "$BATS_FILE_TMPDIR/"{home,run,locked}
	# Before Podman takes its copy of the mounts.
	mount -t tmpfs -o ro,noexec tmpfs "$BATS_FILE_TMPDIR/locked"
	tar -C "$TEMPLATE" --owner 0 --group 0 -cf "$BATS_FILE_TMPDIR/image.tar" .
	chmod 700 "$BATS_FILE_TMPDIR/run"
	chown $USER_ID:$USER_ID "$BATS_FILE_TMPDIR/"{home,run}
	podman_as import "$BATS_FILE_TMPDIR/image.tar" box
}

# As lib's as_user, with folders that all tests share.
podman_as() {
	(
		echo "$BASHPID" >"$USER_CGROUP/session/cgroup.procs"
		cd /
		exec setpriv --reuid $USER_ID --regid $USER_ID --clear-groups env -u DBUS_SESSION_BUS_ADDRESS \
			HOME="$BATS_FILE_TMPDIR/home" XDG_RUNTIME_DIR="$BATS_FILE_TMPDIR/run" timeout -k 5 60 podman \
			--runtime "$USER_HART" "$@" </dev/null 3>&- 4>&-
	)
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	command -v podman >/dev/null || skip "no podman"
	ID=t$BATS_TEST_NUMBER
}

teardown() {
	[ -n "${BATS_TEST_COMPLETED-}" ] || tail -n 10 out err 2>/dev/null
	podman_as rm --all --force --time 0 >/dev/null
	[ -z "$(find "$BATS_FILE_TMPDIR/run/hart" -mindepth 1 -maxdepth 1 -not -name 'seccomp~cache')" ]
}

teardown_file() {
	command -v podman >/dev/null || return 0
	podman_as system reset --force >/dev/null 2>&1 || true
	# Podman's own process that holds its namespaces.
	echo 1 >"$USER_CGROUP/cgroup.kill"
	umount /etc "$BATS_FILE_TMPDIR/etc" "$BATS_FILE_TMPDIR/locked"
}

@test "run, its exit status, its user" {
	[ "$(podman_as run --rm box id -u)" = 0 ]
	exits 7 podman_as run --rm box sh -c 'exit 7'
	podman_as run --rm --user 7:8 box /probe report >report.json
	check '.uid.real == 7' '.gid.real == 8'
}

@test "detached: exec, stop, start again, the state below XDG_RUNTIME_DIR" {
	podman_as run -d --name "$ID" box /probe sleep
	[ "$(podman_as exec "$ID" echo inside)" = inside ]
	[ -n "$(ls "$BATS_FILE_TMPDIR/run/hart")" ]
	podman_as stop --time 5 "$ID"
	podman_as start "$ID"
	[ "$(podman_as exec "$ID" echo again)" = again ]
}

@test "a volume that the host has read-only" {
	podman_as run --rm --volume "$BATS_FILE_TMPDIR/locked:/locked" box /probe report >report.json 2>err
	check_mount /locked 'has_option("ro")' 'has_option("noexec")'
}

@test "a pod, and a network" {
	podman_as run --rm --network none box true
	podman_as run --rm --network host box true
	podman_as run -d --name "$ID" box /probe sleep
	podman_as run --rm --network "container:$ID" --pid "container:$ID" box ps >out
	grep -q '/probe sleep' out
}

@test "a service with a standby by annotation: a takeover" {
	podman_as run -d --name "$ID" --annotation org.hart.standby=self box /probe sleep
	status() {
		podman_as unshare "$USER_HART" status --json "$(podman_as inspect -f '{{.Id}}' "$ID")"
	}
	eventually '[ "$(status | jq -r ".members[1].state")" = warm ]'
	podman_as unshare "$USER_HART" fail "$(podman_as inspect -f '{{.Id}}' "$ID")"
	eventually '[ "$(status | jq -r .active)" = standby-1 ]'
	[ "$(podman_as exec "$ID" echo inside)" = inside ]
	[ "$(podman_as inspect -f '{{.State.Status}}' "$ID")" = running ]
}
