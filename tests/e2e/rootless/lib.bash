# SPDX-License-Identifier: Apache-2.0
# lib: what the tests of ordinary users have in common. Everything is done by a user who has a cgroup of its own, as a
# login's systemd gives one, and a folder XDG_RUNTIME_DIR. Load after ../lib.
# shellcheck shell=bash disable=SC2154 # HART and the like come from ../lib

USER_ID=4242
USER_CGROUP=/sys/fs/cgroup/user
SPEC_FLAGS=(--rootless)

file_setup() {
	mkdir -p "$USER_CGROUP/session"
	chown -R $USER_ID:$USER_ID "$USER_CGROUP"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR"
	# Where everybody may execute it.
	cp "$HART" "$BATS_FILE_TMPDIR/hart"
	chmod 755 "$BATS_FILE_TMPDIR/hart"
	export USER_HART=$BATS_FILE_TMPDIR/hart
	if declare -F more_setup >/dev/null; then
		more_setup
	fi
}

teardown_file() {
	rmdir "$USER_CGROUP/session" "$USER_CGROUP"
}

# as_user COMMAND...: in the user's cgroup.
as_user() {
	(
		[ -n "${OUTSIDE-}" ] || echo "$BASHPID" >"$USER_CGROUP/session/cgroup.procs"
		exec setpriv --reuid $USER_ID --regid $USER_ID --clear-groups env -u DBUS_SESSION_BUS_ADDRESS \
			HOME="$BATS_TEST_TMPDIR/home" XDG_RUNTIME_DIR="$BATS_TEST_TMPDIR/run" "$@" 3>&- 4>&-
	)
}

# As in ../lib, but the user's, with the default state root.
hart() {
	as_user timeout -k 5 "$COMMAND_TIMEOUT_S" "$USER_HART" "$@"
}

# inside COMMAND...: as root of a user namespace of the user's, with mounts of its own.
inside() {
	as_user unshare --user --map-root-user --mount timeout -k 5 "$COMMAND_TIMEOUT_S" "$@"
}

# user_home: the test's folder is the user's, with a home and an XDG_RUNTIME_DIR.
user_home() {
	chmod 755 "$BATS_TEST_TMPDIR"
	mkdir -p "$BATS_TEST_TMPDIR/home"
	mkdir -p -m 700 "$BATS_TEST_TMPDIR/run"
	chown $USER_ID:$USER_ID "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR"/{home,run}
}

# user_bundle FILTER...: $BUNDLE, the user's, with the config of spec --rootless. Its files are copies.
user_bundle() {
	user_home
	rm -rf "$BUNDLE"
	mkdir "$BUNDLE"
	cp -a "$TEMPLATE" "$BUNDLE/rootfs"
	chown -R $USER_ID:$USER_ID "$BUNDLE"
	(cd "$BUNDLE" && as_user "$USER_HART" spec "${SPEC_FLAGS[@]}")
	config "$BASE_JQ" "$@"
}

# inside_bundle FILTER...: the same with the plain config of spec, which has no user namespace.
inside_bundle() {
	local SPEC_FLAGS=()

	user_bundle "$@"
}
