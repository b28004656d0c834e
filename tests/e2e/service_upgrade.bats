#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What `hart upgrade` says is true: of its own member, that it serves and is well, or why not and who serves instead. With
# servers as they are.
load lib
load service
load ports

SERVERS=$BATS_TEST_DIRNAME/../service

# server NAME PROGRAM ARG...: $PWD/NAME, a bundle that runs it, out of a root filesystem of the host's.
server() {
	local name=$1
	shift
	BUNDLE=$PWD/$name bundle "$(args "$@")" '.root.readonly = false' \
		'.process.capabilities |= map_values(. + ["CAP_SETUID", "CAP_SETGID", "CAP_CHOWN"])'
	"$SERVERS/host_rootfs" "$PWD/$name/rootfs" "$1"
	rm -rf "$BUNDLE"
	ln -sfn "$PWD/$name" "$BUNDLE"
}

# haproxy VERSION [SECONDS]: $PWD/VERSION answers with it, after so long a start. Two of them can listen on one port.
haproxy() {
	server "$1" haproxy -db -f /etc/haproxy.cfg
	BUNDLE=$PWD/$1 config "$(shell "sleep ${2:-0}; exec /bin/haproxy -db -f /etc/haproxy.cfg")"
	cat >"$1/rootfs/etc/haproxy.cfg" <<-END
		defaults
		  mode http
		  timeout client 5s
		frontend f
		  bind :8080
		  http-request return status 200 content-type text/plain string $1
	END
}

answers() {
	[ "$(inside "$SERVICE_BIN/ask" tcp:127.0.0.1:8080)" = "$1" ]
}

@test "a bundle that dies at once: it is told, who served before serves, not another standby" {
	standby older
	serve --standby "$PWD/older" --window 500ms
	eventually is_warm
	standby new "$(shell 'exit 9')"
	refuses 'upgrade-1 failed: exit status 9; primary serves' hart upgrade "$ID" --bundle "$PWD/new"
	served_by primary
	eventually is_warm
}

@test "one that dies after a while, or ends well: the same" {
	serve --standby self --window 2s
	eventually is_warm
	standby new "$(shell '/web & sleep 0.3; exit 9')"
	refuses 'exit status 9; primary serves' hart upgrade "$ID" --bundle "$PWD/new"
	served_by primary
	standby new "$(shell 'exit 0')"
	refuses 'exit status 0; primary serves' hart upgrade "$ID" --bundle "$PWD/new"
	served_by primary
}

@test "a probe is not answered for the new one by the old one: haproxy, slow to start" {
	haproxy v1
	run_it --ready probe --probe http://127.0.0.1:8080/ --probe-interval 50ms --window 500ms
	answers v1
	haproxy v2 2
	hart upgrade "$ID" --bundle "$PWD/v2"
	eventually answers v2 # the old one may have the last word
	[ "$(journal '([.[] | select(.to == "active" and .cause == "upgrade")][0].ns -
		[.[] | select(.to == "promoting")][0].ns) > 1900000000')" = true ]
}

@test "one that never listens is not ready, though the old one answers" {
	haproxy v1
	run_it --ready probe --probe tcp:8080 --probe-interval 50ms --ready-timeout 1s --window 500ms
	haproxy v2 100
	refuses 'not ready within 1000 ms.*primary serves' hart upgrade "$ID" --bundle "$PWD/v2"
	answers v1
	[ "$(of .generation)" = 2 ]
}

@test "a probe that nobody can tell whose answer it got: the old one is stopped first" {
	serve --standby self --ready probe --probe exec:/bin/true --window 500ms
	eventually is_warm
	refuses 'both members could answer' hart failover --overlap "$ID"
	standby new
	hart upgrade "$ID" --bundle "$PWD/new"
	served_by upgrade-1
	[ "$(journal '[.[] | select(.from == "fencing" and .cause == "upgrade")] | length')" = 1 ]
}

@test "--stop-first: redis, whose file only one may write" {
	mkdir data
	redis() {
		server "$1" redis-server --dir /data --appendonly yes --save '' --unixsocket /data/sock --port 0
		mkdir -p "$1/rootfs/data"
		BUNDLE=$PWD/$1 config ".mounts += [{destination: \"/data\", type: \"bind\", source: \"$PWD/data\", options: [\"rbind\"]}]" "${@:2}"
	}
	redis v1
	run_it --ready probe --probe unix:/data/sock --probe-interval 20ms --window 500ms --standby self
	[ "$(redis-cli -s data/sock set a 1)" = OK ]
	redis v2
	hart upgrade --stop-first "$ID" --bundle "$PWD/v2"
	[ "$(of .active)" = upgrade-1 ]
	[ "$(redis-cli -s data/sock get a)" = 1 ]
	redis-cli -s data/sock set b 2
	redis v3 '.process.args += ["--no-such-option"]'
	refuses 'upgrade-2 failed: exit status 1; upgrade-1 serves' hart upgrade --stop-first "$ID" --bundle "$PWD/v3"
	[ "$(redis-cli -s data/sock get b)" = 2 ]
	[ "$(journal '[.[] | select(.from == "fencing" and .cause == "upgrade")] | length')" = 2 ]
}

@test "a member that takes its time to get ready: node, whose failed probes do not end it" {
	server app node -e 'setTimeout(() => require("http").createServer((q, a) => a.end("hello")).listen(8080), 1500)'
	run_it --ready probe --probe tcp:8080 --probe-interval 20ms --probe-retries 2 --ready-timeout 60s
	[ "$(of .generation)" = 1 ]
	get
}

@test "while all wait an upgrade does not, and it ends the loop" {
	bundle "$(shell 'exit 1')"
	run_service --standby self --backoff 1h --window 500ms
	eventually '[ "$(of .waiting.ms)" -gt 1000 ]'
	standby new
	hart upgrade "$ID" --bundle "$PWD/new"
	served_by upgrade-1
}

@test "while all wait a failover does not" {
	bundle "$(shell '[ -e /ok ] || exit 1; exec /web')" '.root.readonly = false'
	run_service --standby self --backoff 1h
	eventually '[ "$(of .waiting.ms)" -gt 1000 ]'
	touch "$BUNDLE/rootfs/ok"
	hart failover "$ID"
	eventually 'served_by primary || served_by standby-1'
}

@test "it waits until the new one is there to stay when that is asked for; a switch away from it is told" {
	serve --standby self --window 5s
	eventually is_warm
	standby new
	hart upgrade --wait "$ID" --bundle "$PWD/new"
	served_by upgrade-1
	eventually '[ "$(member primary state)" = gone ] && is_warm'
	hart upgrade --wait "$ID" --bundle "$PWD/new" 2>err &
	local upgrade=$!
	eventually '[ "$(of .active)" = upgrade-2 ] && is_warm'
	hart failover "$ID" --to standby-1
	status=0
	wait $upgrade || status=$?
	[ $status != 0 ]
	grep -q 'upgrade-2 was switched away from; standby-1 serves' err
}

@test "twenty upgrades under load, half of them bad in ten ways" {
	HART=$HART SERVICE_BIN=$SERVICE_BIN FAULTS_INSIDE=1 "$BATS_TEST_DIRNAME/../faults/upgrades" 20
}
