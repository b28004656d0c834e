#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# hart logs of several services.
load lib
load service

# talker ID WORD: a service that says WORD once a generation, and what is written into ID.say from then on.
talker() {
	mkdir -p "$1.d"
	BUNDLE=$PWD/$1.b bundle "$(shell "echo $2 of generation \$HART_GENERATION; sleep 1000")"
	hart run -d --restarts 10 --bundle "$PWD/$1.b" "$1" </dev/null >out 2>err
}

@test "logs of several services: in the order of time, each line with its ID" {
	talker one first
	eventually 'hart logs one | grep -q first'
	talker two second
	eventually 'hart logs two | grep -q second'
	hart fail one
	eventually 'hart logs one | grep -q "generation 2"'
	hart logs two one >shown
	[ "$(awk '{ print $1, $NF }' shown | tr '\n' ' ')" = "one 1 two 1 one 2 " ]
	[ "$(awk '{ print $2 }' shown | sort | tr -d '\n')" = "$(awk '{ print $2 }' shown | tr -d '\n')" ]
	[ "$(hart logs -n 1 one two | wc -l)" = 2 ]
	! hart logs one | grep -q '^one'
	refuses 'does not exist' hart logs one three
	hart delete --force one
	hart delete --force two
}

@test "logs --follow of several goes on until all are deleted" {
	talker one first
	talker two second
	timeout 60 "$HART" --root "$STATE" logs -f one two >shown 2>&1 3>&- 4>&- &
	local follower=$!
	eventually 'grep -q "^one.*first" shown && grep -q "^two.*second" shown'
	hart fail one
	hart fail two
	eventually 'grep -q "^one.*generation 2" shown && grep -q "^two.*generation 2" shown'
	hart delete --force one
	kill -0 $follower
	hart delete --force two
	wait $follower
}
