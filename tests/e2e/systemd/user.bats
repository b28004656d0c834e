#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The systemd cgroup driver as an ordinary user, with the user's own systemd. Run on tests/hosts/systemdhost.
load ../lib
load lib

USER_ID=1234

# as_user COMMAND...: in a scope of the user's, as a session's commands that a desktop starts.
as_user() {
	setpriv --reuid $USER_ID --regid $USER_ID --clear-groups env HOME=/tmp XDG_RUNTIME_DIR=/run/user/$USER_ID \
		systemd-run --user --scope --quiet "$@" 3>&- 4>&-
}

user_hart() {
	as_user timeout -k 5 "$COMMAND_TIMEOUT_S" "$HART" --systemd-cgroup "$@"
}

user_unit() {
	as_user systemctl --user show -P "$1" "hart-$ID.scope"
}

# Without a login there is nobody who makes its folder; the host's own boot is not waited for.
file_setup() {
	mkdir -p /run/user/$USER_ID /run/systemd/system/user@$USER_ID.service.d
	chown $USER_ID:$USER_ID /run/user/$USER_ID
	chmod 700 /run/user/$USER_ID
	grep -q "^hart-user:" /etc/passwd || useradd -M -u $USER_ID hart-user
	printf '[Unit]\nDefaultDependencies=no\n[Service]\nPAMName=\nEnvironment=XDG_RUNTIME_DIR=/run/user/%s\n' $USER_ID \
		>/run/systemd/system/user@$USER_ID.service.d/alone.conf
	systemctl daemon-reload
	systemctl start --job-mode=ignore-dependencies user@$USER_ID.service
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR"
}

teardown_file() {
	systemctl stop user@$USER_ID.service
}

# What the user's systemd has made of slices stays with it.
same_host() {
	[ "$(user_unit LoadState)" = not-found ]
}

user_bundle() {
	rm -rf "/run/user/$USER_ID/$ID"
	mkdir "/run/user/$USER_ID/$ID"
	cp -a "$TEMPLATE" "/run/user/$USER_ID/$ID/rootfs"
	chown -R $USER_ID:$USER_ID "/run/user/$USER_ID/$ID"
	(cd "/run/user/$USER_ID/$ID" && as_user "$HART" spec --rootless)
	jq '.process.terminal = false | .process.args = ["/probe", "sleep"]' "/run/user/$USER_ID/$ID/config.json" >config.new
	cat config.new >"/run/user/$USER_ID/$ID/config.json"
}

@test "a container is a scope of the user's systemd" {
	local pid

	user_bundle
	user_hart run -d --bundle "/run/user/$USER_ID/$ID" "$ID" </dev/null >out 2>err || { cat err; false; }
	[ "$(user_unit ActiveState)" = active ]
	[ "$(user_unit Slice)" = user.slice ]
	pid=$(user_hart state "$ID" | jq .pid)
	grep -qx "0::/user.slice/user-$USER_ID.slice/user@$USER_ID.service/user.slice/hart-$ID.scope" "/proc/$pid/cgroup"
	user_hart delete --force "$ID"
	[ "$(user_unit LoadState)" = not-found ]
}

@test "over the user's bus" {
	[ -S /run/user/$USER_ID/bus ] || skip "no session bus (package dbus-user-session)"
	user_bundle
	mv /run/user/$USER_ID/systemd/private /run/user/$USER_ID/systemd/away
	user_hart run -d --bundle "/run/user/$USER_ID/$ID" "$ID" </dev/null >out 2>err || { cat err; false; }
	user_hart delete --force "$ID"
	mv /run/user/$USER_ID/systemd/away /run/user/$USER_ID/systemd/private
	[ "$(user_unit LoadState)" = not-found ]
}

# outside COMMAND...: not below the user's systemd, as a session by ssh or su.
outside() {
	timeout -k 5 "$COMMAND_TIMEOUT_S" setpriv --reuid $USER_ID --regid $USER_ID --clear-groups \
		env HOME=/tmp XDG_RUNTIME_DIR=/run/user/$USER_ID "$@" </dev/null 3>&- 4>&-
}

in_unit_of_user() {
	grep -q "^0::/user.slice/user-$USER_ID.slice/user@$USER_ID.service/user.slice/hart-$ID.scope${2:-\$}" "/proc/$1/cgroup"
}

@test "outside the user's systemd it moves the container's processes, and those of exec" {
	user_bundle
	for change in . '.linux.namespaces |= map(select(.type != "cgroup"))'; do
		jq "$change" "/run/user/$USER_ID/$ID/config.json" >config.new
		cat config.new >"/run/user/$USER_ID/$ID/config.json"
		outside "$HART" --systemd-cgroup run -d --bundle "/run/user/$USER_ID/$ID" "$ID" >out 2>err || { cat err; false; }
		in_unit_of_user "$(outside "$HART" state "$ID" | jq .pid)"
		outside "$HART" exec -d --pid-file "/run/user/$USER_ID/$ID/pid" "$ID" /probe sleep >out 2>err || { cat err; false; }
		in_unit_of_user "$(cat "/run/user/$USER_ID/$ID/pid")"
		outside "$HART" pause "$ID"
		outside "$HART" resume "$ID"
		refuses 'systemd-run --user --scope' outside env -u XDG_RUNTIME_DIR "$HART" --root "/run/user/$USER_ID/hart" exec "$ID" /bin/true
		outside "$HART" delete --force "$ID"
		eventually '[ "$(user_unit LoadState)" = not-found ]'
	done
}

@test "outside the user's systemd: a service with a standby, and a takeover" {
	user_bundle
	active() { outside "$HART" status --json "$ID" | jq -r "$1"; }
	outside "$HART" --systemd-cgroup run -d --standby self --bundle "/run/user/$USER_ID/$ID" "$ID" >out 2>err || { cat err; false; }
	eventually '[ "$(active ".members[] | select(.name == \"standby-1\").state")" = warm ]'
	in_unit_of_user "$(active '.members[] | select(.name == "primary").pid')" /
	kill -KILL "$(active '.members[] | select(.name == "primary").pid')"
	eventually '[ "$(active .active)" = standby-1 ]'
	in_unit_of_user "$(active '.members[] | select(.name == "standby-1").pid')" /
	outside "$HART" delete --force "$ID"
	eventually '[ "$(user_unit LoadState)" = not-found ]'
}

@test "without the user's systemd it is refused in words, and nothing is left" {
	user_bundle
	refuses 'XDG_RUNTIME_DIR' outside env -u XDG_RUNTIME_DIR -u DBUS_SESSION_BUS_ADDRESS "$HART" --root "/run/user/$USER_ID/state" \
		--systemd-cgroup run --bundle "/run/user/$USER_ID/$ID" "$ID"
	[ -z "$(outside "$HART" --root "/run/user/$USER_ID/state" list -q)" ]
	[ "$(user_unit LoadState)" = not-found ]
}
