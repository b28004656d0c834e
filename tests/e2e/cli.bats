#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The command line as people and engines use it.
load lib

@test "features has what runc's has" {
	command -v runc >/dev/null || skip "no runc to compare with"
	hart features >ours.json
	runc features >theirs.json
	# acl is the file system's own option; runc dropped it later for the same reason.
	jq -e -s '[.[1].mountOptions - .[0].mountOptions - ["acl", "noacl"],
		.[1].hooks - .[0].hooks,
		.[1].linux.namespaces - .[0].linux.namespaces,
		.[1].linux.capabilities - .[0].linux.capabilities,
		.[1].linux.seccomp.actions - .[0].linux.seccomp.actions,
		.[1].linux.seccomp.operators - .[0].linux.seccomp.operators,
		.[1].linux.seccomp.archs - .[0].linux.seccomp.archs] | add == []' ours.json theirs.json
}

@test "run takes a folder, and names the container after it" {
	bundle "$(args /probe print hello)"
	[ "$(hart run bundle/)" = hello ]
	[ "$(hart run ./bundle web)" = hello ]
	cd bundle
	[ "$(hart run .)" = hello ]
	cd ..
	config "$(args /probe sleep)"
	hart run -d bundle </dev/null >out 2>err
	hart run -d bundle </dev/null >>out 2>>err
	[ "$(xargs <out)" = "bundle bundle-2" ]
	[ "$(hart list -q | xargs)" = "bundle bundle-2" ]
}

@test "many at once get names of their own" {
	local pids=() pid

	bundle "$(args /probe print hello)" 'del(.linux.cgroupsPath)'
	for _ in {1..16}; do
		hart run --keep bundle/ </dev/null >/dev/null 2>>err &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || { cat err; return 1; }
	done
	[ "$(hart list -q | wc -l)" = 16 ]
}

@test "the log file gets the error as JSON, stderr the plain line" {
	refuses '^container .*does not exist' hart --log log.json --log-format json state none
	[ "$(jq -r 'select(.level == "error").msg' log.json)" = "$(cat refuses.err)" ]
}

@test "what spec writes is valid and runs" {
	mkdir new
	cp -al "$TEMPLATE" new/rootfs
	(cd new && hart spec && hart validate)
	refuses 'exists' hart spec --bundle new
	jq '.process.terminal = false' new/config.json >new/config.new
	mv new/config.new new/config.json
	[ "$(echo 'echo $((6 * 7))' | hart run new/)" = 42 ]
}

@test "an option of create that cannot be is refused before anything is made" {
	bundle
	jq '.linux.cgroupsPath = "/a/path"' "$BUNDLE/config.json" >c && mv c "$BUNDLE/config.json"
	refuses 'slice:prefix:name' hart --systemd-cgroup create --bundle "$BUNDLE" "$ID"
	refuses 'not supported' hart restore --bundle "$BUNDLE" "$ID"
	[ -z "$(hart list -q)" ]
}

@test "spec writes what is wished for: program, environment, the host's network, a root that may be written" {
	mkdir new plain
	hart spec --bundle plain
	hart spec --bundle new --args '/probe "two words"' --env A=b --env TERM=dumb --host-network --readonly=false
	jq -e '.process.args == ["/probe", "two words"] and (.process.terminal | not) and (.root.readonly | not)
		and ([.linux.namespaces[].type] | index("network") | not)
		and (.process.env | (index("A=b") and index("TERM=dumb")) and (index("TERM=xterm") | not))' new/config.json
	jq -e '.process.args == ["sh"] and .process.terminal and .root.readonly
		and ([.linux.namespaces[].type] | index("network"))' plain/config.json
	rm new/config.json
	refuses -- '--env A: expected NAME=VALUE' hart spec --bundle new --env A
	refuses -- '--args: ' hart spec --bundle new --args '"open'
	[ ! -e new/config.json ]
}
