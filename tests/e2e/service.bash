# SPDX-License-Identifier: Apache-2.0
# service: what the tests of supervised services have in common (hart-failover(7)). A test starts a service:
#
#	serve [FLAG...] [-- FILTER...]    # `web` behind a unix socket, detached
#	served_by standby-1               # who answers
#
# and afterwards the host must be as before, as in every test. Load after lib.
# shellcheck shell=bash disable=SC2154 # HART and the like come from lib

file_setup() {
	: "${SERVICE_BIN:=$(dirname "$PROBE")/../../service}"
	export SERVICE_BIN
	cp "$SERVICE_BIN/web" "$SERVICE_BIN/ask" "$TEMPLATE/"
	if declare -F more_setup >/dev/null; then
		more_setup
	fi
}

# --- making a service -----------------------------------------------------------------------------

# web FLAG...: a filter that runs the server.
web() {
	args /web "$@"
}

# serve [FLAG...] [-- FILTER...]: a detached service $ID that runs web, listening at $PWD/sock.
serve() {
	local flags=()

	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		flags+=("$1")
		shift
	done
	[ $# = 0 ] || shift
	bundle "$(web)" "$@"
	run_service "${flags[@]}"
}

# run_service FLAG...: $BUNDLE as a detached service, listening at $PWD/sock.
run_service() {
	local status=0

	hart run -d --listen "unix:$PWD/sock" "$@" --bundle "$BUNDLE" "$ID" </dev/null >out 2>err ||
		status=$?
	[ "$status" = 0 ] || echo "hart run: status $status: $(cat err)" >&2
	return "$status"
}

# in_foreground FLAG...: $BUNDLE as a service in the foreground until it ends; its output in out and err.
in_foreground() {
	hart run "$@" --bundle "$BUNDLE" "$ID" </dev/null >out 2>err
}

# standby NAME FILTER...: a bundle of its own in $PWD/NAME, made like $BUNDLE.
standby() {
	local name=$1

	shift
	BUNDLE=$PWD/$name bundle "$(web)" "$@"
}

# broken NAME: a bundle in $PWD/NAME of which no member can be built.
broken() {
	mkdir -p "$1"
	echo '{"ociVersion": ' >"$1/config.json"
}

# patch NAME JSON: $PWD/NAME holds a config.patch.json.
patch() {
	mkdir -p "$1"
	echo "$2" >"$1/config.patch.json"
}

# --- asking it ------------------------------------------------------------------------------------

# ask [PATH]: the answer's body; see tests/service/ask.c for the exit status.
ask() {
	timeout -k 5 "$COMMAND_TIMEOUT_S" "$SERVICE_BIN/ask" "unix:$PWD/sock" "$@" 3>&- 4>&-
}

# ask_of FIELD: generation, member, pid (in its PID namespace), hostname.
ask_of() {
	ask | jq -r ".$1"
}

served_by() {
	[ "$(ask_of member)" = "$1" ]
}

# load FLAG...: closed-loop clients; prints JSON.
load_on() {
	timeout -k 5 "$COMMAND_TIMEOUT_S" "$SERVICE_BIN/load" "$@" "unix:$PWD/sock" 3>&- 4>&-
}

# of FILTER: of the service's status.
of() {
	hart status --json "$ID" | jq -r "$1"
}

service_is() {
	[ "$(of .state)" = "$1" ]
}

# member NAME FIELD
member() {
	of ".members[] | select(.name == \"$1\") | .$2"
}

active_pid() {
	of .pid
}

shim_pid() {
	of .shim.pid
}

# Both members are well: the next failure finds a warm standby.
is_warm() {
	service_is active && [ "$(of '[.members[] | select(.state == "warm")] | length')" -ge 1 ]
}

# Nobody serves, and whoever is next waits for its time; all members are built.
is_waiting() {
	[ "$(of '.waiting != null and ([.members[] | select(.state != "warm")] | length) == 0')" = true ]
}

# journal FILTER: of all records, as an array. A client may be answered before the shim writes down why; it answers us
# when it has.
journal() {
	of . >/dev/null 2>&1 || true
	jq -rs "$1" "$STATE/$ID/journal"
}

# --- doing harm -----------------------------------------------------------------------------------

kill_active() {
	kill -"${1:-KILL}" "$(active_pid)"
}

# The shim dies as by the OOM killer; members stay.
kill_shim() {
	local pid

	pid=$(shim_pid)
	kill -KILL "$pid"
	eventually "! [ -d /proc/$pid ] || grep -q '^State:.Z' /proc/$pid/status"
}

# Processes of the application that are in the service's cgroups: a warm standby has not become one yet.
application_pids() {
	local root p name

	root=/sys/fs/cgroup$(jq -r .cgroup "$STATE/$ID/state.json")
	for p in $(find "$root" -name cgroup.procs -exec cat {} +); do
		{ read -r name <"/proc/$p/comm"; } 2>/dev/null || continue
		[ "$name" = "${1:-web}" ] && echo "$p"
	done
}
