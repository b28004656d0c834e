#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# hart status without a container, and hart list: all services at a glance.
load lib
load service

# A second service, with a socket of its own.
other() {
	hart run -d --listen "unix:$PWD/other" "$@" --bundle "$BUNDLE" other </dev/null >out 2>err
}

# line ID: of the table.
line() {
	awk -v id="$1" '$1 == id' all
}

@test "all is well: a line a service, containers left out" {
	up
	hart status >all
	[ "$(wc -l <all)" = 1 ]
	ID=web serve --standby self
	ID=web eventually is_warm
	other
	hart status >all
	[ "$(wc -l <all)" = 3 ]
	[[ $(line web) =~ ^web\ +active\ +primary\ +[0-9]+s\ +0\ +last:\ (start|standby)$ ]]
	[[ $(line other) =~ ^other\ +active\ +primary\  ]]
	hart status --json >all.json
	[ "$(jq -s 'map(.id) == ["other", "web"] and all(.state == "active")' all.json)" = true ]
	hart fail web
	ID=web eventually is_warm
	hart status | awk '$1 == "web" { exit !($3 == "standby-1" && $5 == 1) }'
	[ "$(hart status --json web | jq -r '.takeovers[0].time' | cut -c1-2)" = 20 ]
}

@test "nobody serves: when is the next try, and why" {
	serve --backoff 20s:20s --standby self
	eventually is_warm
	hart fail "$ID"
	served_by standby-1
	kill_active
	eventually '[ "$(of .waiting.ms)" != null ]'
	exits 1 hart status >all
	[[ $(line "$ID") =~ next\ try\ in\ [0-9]+\ ms\ by\ .*:\ it\ failed\ soon\ after\ its\ start ]]
}

@test "a service without a shim, or given up, is not well: one that was stopped is" {
	serve
	other
	hart kill other
	until_status other stopped
	hart status >all
	[[ $(line other) =~ ^other\ +stopped\ .*it\ has\ ended:\ stop, ]]
	kill_shim
	exits 1 hart status >all
	[[ $(line "$ID") =~ its\ shim\ has\ died:\ \"hart\ adopt\ $ID\" ]]
}

@test "a shim that stands still is told of, and waited for no longer than the bound" {
	local shim
	serve
	shim=$(shim_pid)
	kill -STOP "$shim"
	exits 1 hart status >all
	kill -CONT "$shim"
	[[ $(line "$ID") =~ its\ shim\ does\ not\ answer ]]
}

@test "list tells that a service is degraded" {
	serve --standby self
	eventually is_warm
	hart list >all
	[[ $(grep "^$ID" all) =~ running\ + ]]
	! grep -q 'running (' all
	broken bad
	hart run -d --listen "unix:$PWD/poor" --standby "$PWD/bad" --bundle "$BUNDLE" poor </dev/null >out 2>err
	ID=poor eventually service_is degraded
	hart list | grep -q '^poor .*running (degraded)'
}
