#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The beginning of an ID, where exactly one begins so, for commands that people type.
load lib
load service

@test "status, logs and failover take the beginning of an ID" {
	ID=shop-front serve --standby self
	ID=shop-front eventually is_warm
	[ "$(hart status --json shop | jq -r .id)" = shop-front ]
	hart logs sho
	hart failover shop-f
	[ "$(hart status --json shop | jq -r .active)" = standby-1 ]
	ID=shop-cart up
	refuses 'beginning of several IDs' hart status shop
	refuses 'does not exist' hart status shopping
}

@test "what engines call, and stop, take whole IDs alone" {
	local command
	ID=web-1 up
	for command in state kill start delete 'delete --force' pause; do
		# shellcheck disable=SC2086 # words
		hart $command web >out 2>err || true
	done
	[ "$(status_of web-1)" = running ]
	refuses 'does not exist' hart state web
	refuses 'does not exist' hart kill web
	refuses 'does not exist' hart delete web
	refuses 'does not exist' hart stop web
}

@test "an ID that is the beginning of another one is itself" {
	ID=a serve
	hart run -d --listen "unix:$PWD/other" --bundle "$BUNDLE" ab </dev/null >out 2>err
	[ "$(hart status --json a | jq -r .id)" = a ]
}
