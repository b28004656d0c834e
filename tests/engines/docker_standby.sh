#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Docker 20.10 has no --annotation: /etc/hart/hart.conf gives its containers a standby, by hostname or environment. To
# Docker it is one container, whose process is the service's stand-in. TAP; called by run.
# shellcheck disable=SC2154 # lib.bash sets work
set -u
export engine=docker-standby
# shellcheck source=tests/engines/lib.bash
. "$(dirname "$0")/lib.bash"
# shellcheck source=tests/engines/docker.bash
. "$(dirname "$0")/docker.bash"
cd "$work" || exit 1
trap clean_up_docker EXIT

serves() { h status --json "$id" | tr -d ' \n' | grep -q "\"generation\":$1,\"active\""; } # GENERATION
active() { h status --json "$id" | jq .pid; }

check "the host's policies" own_etc 'policy hostname=web-*: standby=self max-failures=9' 'policy env.KEEP=yes: standby=self max-failures=2 backoff=10ms:20ms'
check "dockerd starts" start_docker
check "an image of a folder" make_image bb:1
check "a container with a standby" eval 'd run -d --name web --hostname web-1 --network none bb:1 /bin/sh -c "echo generation \$HART_GENERATION; sleep 1000"'
id=$(state web .Id)
check "its primary serves" eventually serves 1
check "its process is killed: the standby serves, the container runs on and was not restarted" eval 'kill -KILL "$(active)" && eventually serves 2 && is web .State.Status running && is web .RestartCount 0'
check "exec goes to who serves" eval 'd exec web cat /proc/1/environ | grep -aq HART_GENERATION=2'
check "logs have the output of both" eventually prints $'generation 1\ngeneration 2' d logs web
check "stop: no takeover, the status is that of the signal" eval 'd stop -t 2 web && is web .State.Status exited && ! d exec web true 2>/dev/null'
check "start again" eval 'd start web && eventually serves 1'
check "kill" eval 'd kill web && eventually is web .State.Status exited && is web .State.ExitCode 137 && d rm web'
check "a crash loop ends within its budget, with the last status" exits 3 run -e KEEP=yes bb:1 /bin/sh -c 'exit 3'
check "a container that no line names is a plain one" eval 'd run -d --name plain --hostname db-1 --network none bb:1 sleep 1000; id=$(state plain .Id); ! h status "$id"; d rm -f plain'
remove_all >/dev/null 2>&1
check "nothing is left" nothing_left
stop_docker
leave_etc
