# SPDX-License-Identifier: Apache-2.0
# ports: what the tests of engines' containers with held ports have in common. `h` is hart with the engine's state root, `id` the
# container's. Sourced after lib.bash.
# shellcheck shell=bash disable=SC2154

service_bin=$(dirname "$PROBE")/../../service
# shellcheck disable=SC2034 # a server that opens its port itself, in the container
server='echo hello >/tmp/index.html; exec busybox httpd -f -p 8080 -h /tmp'

is_hot() { h status --json "$id" | jq -e '.state == "active" and any(.members[]; .state == "hot")' >/dev/null; }
generation_is() { [ "$(h status --json "$id" | jq .generation)" = "$1" ]; }
serves_at() { [ "$("$service_bin/ask" -t 30000 "tcp:$1" /index.html)" = hello ]; } # ADDRESS

# survives ADDRESS: two kills under load, and nobody is refused. The load ends when both are over.
survives() {
	local load generation kill

	generation=$(h status --json "$id" | jq .generation)
	"$service_bin/load" -c 8 -d 120 -p 1000 -t 30000 "tcp:$1" /index.html >load.json &
	load=$!
	for kill in 1 2; do
		sleep 0.5
		kill -KILL "$(h status --json "$id" | jq .pid)"
		eventually generation_is $((generation + kill)) && eventually is_hot || { kill $load && return 1; }
	done
	kill $load
	wait $load
	jq -e '.ok > 50 and .refused == 0 and .timeouts == 0' load.json || { cat load.json && return 1; }
}
