#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What users of other runtimes rely on in a container's life: limits, hooks and their environment.
load lib

# leaves KIND: a filter that adds a hook which notes that it ran.
leaves() {
	printf '.hooks.%s += [{path: "/bin/sh", args: ["sh", "-c", "echo %s >>%s/ran"]}]' "$1" "$1" "$PWD"
}

# tells KIND FOLDER [ENV]: a filter that adds a hook which writes its environment to FOLDER/KIND.
tells() {
	printf '.hooks.%s += [{path: "/bin/sh", args: ["sh", "-c", "env >>%s/%s"]%s}]' \
		"$1" "$2" "$1" "${3:+, env: $3}"
}

@test "pids.limit 0 is no limit in configs older than 1.3, also without a pids controller" {
	local version

	for version in 1.0.2 1.2.1; do
		bundle ".ociVersion = \"$version\" | .linux.resources.pids.limit = 0" \
			"$(shell 'true & true & true & wait; cat /proc/self/cgroup')"
		run_bundle
	done
	up '.ociVersion = "1.0.2" | .linux.resources.pids.limit = 0'
	! has_controller pids || [ "$(cat "$(cgroup_of)/pids.max")" = max ]
}

@test "update --pids-limit 0 lifts the limit of a container older than 1.3" {
	has_controller pids || skip 'no pids controller'
	up '.ociVersion = "1.0.2" | .linux.resources.pids.limit = 20'
	[ "$(cat "$(cgroup_of)/pids.max")" = 20 ]
	hart update --pids-limit 0 "$ID"
	[ "$(cat "$(cgroup_of)/pids.max")" = max ]
	hart update --pids-limit 20 "$ID"
	echo '{"pids": {"limit": 0}}' | hart update --resources - "$ID"
	[ "$(cat "$(cgroup_of)/pids.max")" = max ]
}

@test "poststop hooks run when hart run fails after createRuntime" {
	bundle "$(leaves createRuntime)" "$(leaves poststop)" "$(args /not-there)"
	refuses 'no such file' hart run --bundle "$BUNDLE" "$ID"
	[ "$(cat ran)" = $'createRuntime\npoststop' ]
	rm ran
	config "$(args /bin/bad)"
	printf 'no program' >"$BUNDLE/rootfs/bin/bad"
	chmod 755 "$BUNDLE/rootfs/bin/bad"
	refuses 'exec' hart run --bundle "$BUNDLE" "$ID"
	[ "$(cat ran)" = $'createRuntime\npoststop' ]
	rm ran
	config "$(args /probe sleep)"
	refuses 'pid' hart run -d --pid-file "$PWD/none/pid" --bundle "$BUNDLE" "$ID"
	[ "$(cat ran)" = $'createRuntime\npoststop' ]
	refuses 'does not exist' hart state "$ID"
}

@test "a failed poststart hook ends the container: destroyed, poststop hooks run" {
	bundle "$(args /probe sleep)" "$(leaves poststop)" '.hooks.poststart = [{path: "/bin/false"}]'
	refuses 'poststart hook 0' hart run -d --bundle "$BUNDLE" "$ID"
	[ "$(cat ran)" = poststop ]
	refuses 'does not exist' hart state "$ID"
	rm ran
	create "$ID"
	refuses 'poststart hook 0' hart start "$ID"
	[ "$(cat ran)" = poststop ]
	refuses 'does not exist' hart state "$ID"
}

@test "hooks without env have the runtime's environment, in the container the process's" {
	local kind

	mkdir seen
	bundle '.process.env += ["OF_PROCESS=1"]' "$(args /bin/true)" "$(tells startContainer /trace)" \
		".mounts += [{destination: \"/trace\", type: \"bind\", source: \"$PWD/seen\", options: [\"rbind\"]}]"
	for kind in prestart createRuntime createContainer poststart poststop; do
		config "$(tells "$kind" "$PWD/seen")"
	done
	OF_RUNTIME=1 run_bundle
	for kind in prestart createRuntime poststart poststop; do
		grep -qx OF_RUNTIME=1 "seen/$kind"
		! grep -q OF_PROCESS "seen/$kind"
	done
	for kind in createContainer startContainer; do
		grep -qx OF_PROCESS=1 "seen/$kind"
		! grep -q OF_RUNTIME "seen/$kind"
	done
}

@test "hooks with an env have that alone, and none with an empty one" {
	mkdir seen
	bundle "$(args /bin/true)" "$(tells prestart "$PWD/seen" '["A=1"]')" \
		"$(tells createRuntime "$PWD/seen" '[]')" "$(tells poststop "$PWD/seen" '[]')"
	OF_RUNTIME=1 run_bundle
	grep -qx A=1 seen/prestart
	! grep -q OF_RUNTIME seen/*
}
