#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Switching by hand: failover, upgrade and its rollback, failback; and that clients do not notice.
load lib
load service

# under_load COMMAND...: 8 clients ask all the while; what became of them is in load.json.
under_load() {
	load_on -c 8 -d 3 >load.json &
	local load=$!
	sleep 0.5
	"$@"
	wait $load
	cat load.json
}

@test "failover: the standby serves, the former primary stands by again" {
	serve --standby self
	eventually is_warm
	hart failover "$ID"
	[ "$(of .active)" = standby-1 ]
	served_by standby-1
	[ "$(of '.takeovers[-1].cause')" = manual ]
	eventually is_warm
	[ "$(member primary state)" = warm ]
	hart failover "$ID"
	served_by primary
	[ "$(ask_of generation)" = 3 ]
	[ "$(of .failures)" = 0 ]
}

@test "failover lets the one before end in its own time: its requests are answered" {
	serve --standby self
	eventually is_warm
	ask '/slow?700' >slow &
	sleep 0.2
	hart failover "$ID"
	wait $!
	[ "$(jq -r .member slow)" = primary ]
	served_by standby-1
}

@test "failover kills one that does not heed the stop signal" {
	bundle "$(shell 'trap "" TERM; /web & wait; while :; do sleep 1; done')"
	run_service --standby self --stop-timeout 300ms
	eventually is_warm
	hart failover "$ID"
	[ "$(of .active)" = standby-1 ]
}

@test "failover of a service that ends meanwhile is told so" {
	bundle "$(shell 'trap "" TERM; /web & wait; while :; do sleep 1; done')"
	run_service --standby self --stop-timeout 60s
	eventually is_warm
	hart failover "$ID" >out 2>err &
	eventually '[ "$(of .state)" = fencing ]'
	hart kill "$ID" KILL
	wait $! || true
	grep 'has ended' err
}

@test "a failover that was refused is not counted with the upgrade after it" {
	standby next
	serve --backoff 30s --window 300ms --standby "$PWD/next"
	eventually is_warm
	echo '{' >next/config.json
	kill -KILL "$(member standby-1 pid)"
	eventually '[ "$(member standby-1 state)" = quarantined ]'
	refuses 'failed' hart failover "$ID"
	standby new
	hart upgrade "$ID" --bundle "$PWD/new"
	served_by upgrade-1
	[ "$(of '.takeovers | length')" = 0 ]
}

@test "failover --to chooses, refuses the unknown, the active and a service without standby" {
	serve --standby self --standby self
	eventually "[ \"\$(of '[.members[] | select(.state == \"warm\")] | length')\" = 2 ]"
	hart failover --to standby-2 "$ID"
	served_by standby-2
	refuses 'standby-9|no member' hart failover --to standby-9 "$ID"
	refuses 'active' hart failover --to standby-2 "$ID"
	served_by standby-2
}

@test "failover of a service without a standby is refused, and it serves on" {
	serve --max-failures 5
	refuses standby hart failover "$ID"
	served_by primary
	[ "$(ask_of generation)" = 1 ]
}

@test "failover --overlap under load: nobody is refused, nobody is reset" {
	serve --ready notify --standby self
	eventually is_warm
	under_load hart failover --overlap "$ID"
	[ "$(jq -c '[.refused, .reset, .timeouts, .broken]' load.json)" = '[0,0,0,0]' ]
	[ "$(jq .generation load.json)" = 2 ]
	served_by standby-1
}

@test "failover without overlap under load: nobody is refused or reset either" {
	serve --ready notify --standby self
	eventually is_warm
	under_load hart failover "$ID"
	[ "$(jq -c '[.refused, .reset, .timeouts, .broken]' load.json)" = '[0,0,0,0]' ]
}

@test "kill -9 under load: nobody is refused" {
	serve --standby self
	eventually is_warm
	under_load kill_active
	[ "$(jq -c '[.refused, .timeouts, .broken]' load.json)" = '[0,0,0]' ]
	[ "$(jq .generation load.json)" = 2 ]
}

@test "upgrade under load: the new bundle serves, nobody is refused or reset" {
	serve --ready notify --window 300ms --standby self -- '.hostname = "box"'
	eventually is_warm
	standby new '.process.env += ["VERSION=2"]'
	under_load hart upgrade "$ID" --bundle "$PWD/new"
	[ "$(jq -c '[.refused, .reset, .timeouts, .broken]' load.json)" = '[0,0,0,0]' ]
	served_by upgrade-1
	[ "$(member upgrade-1 bundle)" = "$PWD/new" ]
	hart exec "$ID" /bin/sh -c 'busybox tr "\0" "\n" </proc/1/environ' | grep -q VERSION=2
}

@test "upgrade to what never gets ready: it is told, and the old one serves on" {
	serve --ready notify --ready-timeout 400ms --standby self
	eventually is_warm
	standby new "$(web -n)"
	refuses '' hart upgrade "$ID" --bundle "$PWD/new"
	served_by primary
	[ "$(ask_of generation)" = 1 ]
	eventually is_warm
}

@test "whoever serves on after a failed overlapping switch is watched as before" {
	serve --ready notify --ready-timeout 400ms --watchdog 300ms --standby self
	eventually is_warm
	standby new "$(web -n)"
	refuses '' hart upgrade "$ID" --bundle "$PWD/new"
	served_by primary
	eventually is_warm
	ask /stop-watchdog
	eventually served_by standby-1
	[ "$(of ".takeovers[-1].cause")" = watchdog ]
}

@test "upgrade to what cannot be built or executed: the same" {
	serve --ready notify --standby self
	eventually is_warm
	standby new "$(args /nonexistent)"
	refuses '' hart upgrade "$ID" --bundle "$PWD/new"
	served_by primary
	echo '{' >new/config.json
	refuses '' hart upgrade "$ID" --bundle "$PWD/new"
	served_by primary
	refuses 'not there|no such|No such' hart upgrade "$ID" --bundle "$PWD/nowhere"
	served_by primary
	eventually is_warm
}

@test "an upgrade that fails within the window is rolled back by itself" {
	serve --ready notify --window 10s --standby self
	eventually is_warm
	standby new
	hart upgrade --no-wait "$ID" --bundle "$PWD/new"
	eventually served_by upgrade-1
	ask /crash || true
	eventually served_by primary
	[ "$(journal '[.[] | select(.cause == "rollback")] | length > 0')" = true ]
	eventually is_warm
	[ "$(member upgrade-1 state)" = gone ]
}

@test "an upgrade that was stable for a window is there to stay" {
	serve --ready notify --window 300ms --standby self
	eventually is_warm
	standby new
	hart upgrade "$ID" --bundle "$PWD/new"
	eventually "[ \"\$(member primary state)\" = gone ]"
	served_by upgrade-1
	eventually is_warm
	kill_active
	eventually served_by standby-1
}

# version: of the program that answers, as its environment tells.
version() {
	hart exec "$ID" /bin/sh -c 'busybox tr "\0" "\n" </proc/1/environ' | sed -n 's/^VERSION=//p'
}

@test "standbys that stand on the primary's bundle are built from an upgrade that is there to stay" {
	patch patched '{"process": {"env": ["PATH=/bin", "VERSION=patched"]}}'
	serve --ready notify --window 300ms --standby self --standby "$PWD/patched" -- '.process.env += ["VERSION=1"]'
	eventually is_warm
	standby new '.process.env += ["VERSION=2"] | .process.cwd = "/tmp"'
	hart upgrade "$ID" --bundle "$PWD/new"
	eventually '[ "$(member primary state)" = gone ] && is_warm'
	kill_shim
	hart adopt "$ID"
	eventually '[ "$(member standby-1 state)" = warm ] && [ "$(member standby-2 state)" = warm ]'
	hart failover "$ID" --to standby-1
	[ "$(version)" = 2 ]
	hart failover "$ID" --to standby-2
	[ "$(version)" = patched ]
	[ "$(hart exec "$ID" /bin/sh -c 'readlink /proc/1/cwd')" = /tmp ]
}

@test "a service can be upgraded more often than it can have members" {
	serve --ready notify --window 50ms --standby self
	standby new '.process.env += ["VERSION=2"]'
	for _ in {1..20}; do
		eventually is_warm
		hart upgrade "$ID" --bundle "$PWD/new"
		eventually '[ "$(of "[.members[] | select(.state != \"gone\")] | length")" = 2 ]'
	done
	served_by upgrade-20
	[ "$(of '.members | length')" = 16 ]
	kill_shim
	hart adopt "$ID"
	eventually is_warm
	hart upgrade "$ID" --bundle "$PWD/new"
	served_by upgrade-21
	kill_active
	eventually '[ "$(of ".takeovers[-1].from")" = upgrade-21 ]'
}

@test "failback auto: the primary comes back when it is well again" {
	serve --failback auto:300ms --standby self
	eventually is_warm
	kill_active
	eventually served_by standby-1
	eventually served_by primary
	[ "$(ask_of generation)" = 3 ]
	[ "$(journal '[.[] | select(.cause == "failback")] | length > 0')" = true ]
}

@test "failback auto to a primary that flaps is made once, and the standby serves on" {
	standby other
	bundle "$(shell 'sleep 0.2; exit 1')"
	run_service --failback auto:100ms --standby "$PWD/other" --backoff 10ms:20ms --max-failures 3 --window 60s
	eventually '[ "$(journal "[.[] | select(.to == \"fencing\" and .cause == \"failback\")] | length")" = 1 ]'
	eventually served_by standby-1
	sleep 1
	served_by standby-1
	[ "$(journal '[.[] | select(.to == "fencing" and .cause == "failback")] | length')" = 1 ]
	[ "$(journal '[.[] | select(.cause == "budget")] | length')" = 0 ]
}

@test "failback manual, the default: it does not" {
	serve --standby self
	eventually is_warm
	kill_active
	eventually served_by standby-1
	eventually is_warm
	sleep 0.5
	served_by standby-1
}
