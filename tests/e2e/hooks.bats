#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Hooks: order, state on stdin, environment, where they run, what a failure does.
load lib

HOST_HOOKS='prestart createRuntime poststart poststop'

# hook KIND SCRIPT [TIMEOUT]: a filter that adds a hook that runs a shell script.
hook() {
	jq -rn --arg kind "$1" --arg script "$2" --argjson timeout "${3:-null}" \
		'".hooks[\($kind | @json)] += [\({path: "/bin/sh", args: ["sh", "-c", $script]}
		+ (if $timeout then {timeout: $timeout} else {} end))]"'
}

# Mounts the test's folder at /trace, so that hooks in the container can write there as well.
trace() {
	mkdir -p "$PWD/trace"
	printf '.mounts += [{destination: "/trace", type: "bind", source: "%s", options: ["rbind"]}]' \
		"$PWD/trace"
}

@test "hooks run in the spec's order" {
	local filters=() kind
	for kind in $HOST_HOOKS; do
		filters+=("$(hook "$kind" "echo $kind >>$PWD/trace/order")")
	done
	# In the container's mount namespace, before pivot_root: host paths still work.
	filters+=("$(hook createContainer "echo createContainer >>$PWD/trace/order")")
	filters+=("$(hook startContainer 'echo startContainer >>/trace/order')")
	bundle "$(trace)" "$(shell 'echo program >>/trace/order; exec /probe sleep')" "${filters[@]}"
	create "$ID"
	[ "$(cat trace/order)" = $'prestart\ncreateRuntime\ncreateContainer' ]
	hart start "$ID"
	eventually grep -q program trace/order
	# The program and the poststart hooks run at the same time.
	[ "$(sort trace/order)" = "$(printf '%s\n' prestart createRuntime createContainer \
		startContainer program poststart | sort)" ]
	[ "$(sed -n 4p trace/order)" = startContainer ]
	hart delete --force "$ID"
	[ "$(tail -n 1 trace/order)" = poststop ]
}

@test "hooks of one kind run in their order" {
	bundle "$(trace)" "$(hook prestart "echo 1 >>$PWD/trace/order")" \
		"$(hook prestart "echo 2 >>$PWD/trace/order")" \
		"$(hook prestart "echo 3 >>$PWD/trace/order")"
	run_bundle
	[ "$(cat trace/order)" = $'1\n2\n3' ]
}

@test "hooks get the state on stdin" {
	local filters=() kind
	for kind in $HOST_HOOKS createContainer; do
		filters+=("$(hook "$kind" "cat >$PWD/trace/$kind")")
	done
	filters+=("$(hook startContainer 'cat >/trace/startContainer')")
	bundle "$(trace)" "$(args /probe sleep)" '.annotations = {k: "v"}' "${filters[@]}"
	create "$ID"
	local pid
	pid=$(init_pid)
	hart start "$ID"
	hart delete --force "$ID"
	for kind in prestart createRuntime createContainer startContainer poststart poststop; do
		cp "trace/$kind" report.json
		check ".id == \"$ID\"" ".bundle == \"$BUNDLE\"" '.annotations.k == "v"' '.ociVersion'
	done
	for kind in prestart createRuntime; do
		cp "trace/$kind" report.json
		check '.status == "creating" or .status == "created"' ".pid == $pid"
	done
	cp trace/poststart report.json
	check '.status == "running"' ".pid == $pid"
	cp trace/poststop report.json
	check '.status == "stopped"'
}

@test "host hooks run in the host's namespaces, container hooks in the container's" {
	bundle "$(trace)" "$(args /probe sleep)" \
		"$(hook createRuntime "for n in mnt net; do readlink /proc/self/ns/\$n; done >$PWD/trace/runtime")" \
		"$(hook createContainer "readlink /proc/self/ns/net >$PWD/trace/container")" \
		"$(hook startContainer 'for n in mnt net; do readlink /proc/self/ns/$n; done >/trace/start')"
	create "$ID"
	hart start "$ID"
	local pid
	pid=$(init_pid)
	[ "$(cat trace/runtime)" = "$(readlink /proc/self/ns/mnt /proc/self/ns/net)" ]
	[ "$(cat trace/container)" = "$(readlink "/proc/$pid/ns/net")" ]
	[ "$(cat trace/start)" = "$(readlink "/proc/$pid/ns/mnt" "/proc/$pid/ns/net")" ]
}

@test "a hook has its own environment and arguments only" {
	LEAK=leaked bundle "$(trace)" '.hooks.prestart = [{path: "/bin/sh",
		args: ["zero", "-c", "echo $0; env", "name"], env: ["A=1", "B=two words"]}]' \
		'.hooks.prestart[0].args[2] |= "{ " + . + "; } >'"$PWD"'/trace/env"'
	run_bundle
	grep -qx A=1 trace/env
	grep -qx 'B=two words' trace/env
	! grep -q LEAK trace/env
	[ "$(head -n 1 trace/env)" = name ]
}

@test "a failing hook before start fails create and leaves nothing" {
	for kind in prestart createRuntime createContainer; do
		bundle "$(hook $kind 'echo why it failed >&2; exit 3')"
		refuses "$kind|hook" hart create --bundle "$BUNDLE" "$ID"
		refuses 'does not exist' hart state "$ID"
		same_host
	done
}

@test "a failing hook stops the ones after it" {
	bundle "$(trace)" "$(hook prestart "false")" "$(hook prestart "touch $PWD/trace/second")" \
		"$(hook createRuntime "touch $PWD/trace/runtime")"
	refuses 'hook|prestart' hart create --bundle "$BUNDLE" "$ID"
	[ -z "$(ls trace)" ]
}

@test "poststop hooks run after a create that failed" {
	bundle "$(trace)" "$(hook createRuntime 'exit 1')" "$(hook poststop "touch $PWD/trace/stop")"
	refuses 'hook|createRuntime' hart create --bundle "$BUNDLE" "$ID"
	[ -e trace/stop ]
}

@test "a failing startContainer hook fails start and the program does not run" {
	bundle "$(trace)" "$(shell 'touch /trace/ran')" "$(hook startContainer 'exit 1')"
	create "$ID"
	refuses 'startContainer|hook' hart start "$ID"
	[ ! -e trace/ran ]
}

@test "a failing poststart hook is an error" {
	bundle "$(args /probe sleep)" "$(hook poststart 'exit 1')"
	create "$ID"
	refuses 'poststart|hook' hart start "$ID"
}

@test "a poststart hook may ask hart for what takes the container's lock" {
	bundle "$(args /probe sleep)" "$(hook poststart \
		"exec timeout 20 $HART --root $STATE exec $ID /bin/echo ran >$PWD/hook.out 2>&1 3>&- 4>&-")"
	run_bundle --detach
	[ "$(cat hook.out)" = ran ]
	hart delete --force "$ID"
	rm hook.out
	create "$ID"
	hart start "$ID"
	[ "$(cat hook.out)" = ran ]
	# Also to be deleted: that is not undone.
	hart delete --force "$ID"
	bundle "$(args /probe sleep)" "$(hook poststart "timeout 20 $HART --root $STATE delete --force $ID; exit 1")"
	create "$ID"
	refuses 'poststart hook 0' hart start "$ID"
	refuses 'does not exist' hart state "$ID"
}

@test "a failing poststop hook does not keep the container" {
	bundle "$(args /probe sleep)" "$(hook poststop 'exit 1')"
	create "$ID"
	hart start "$ID"
	hart delete --force "$ID" 2>err
	refuses 'does not exist' hart state "$ID"
	grep -Eq 'poststop|hook' err
}

@test "a hook that takes longer than its timeout is killed and fails create" {
	bundle "$(hook prestart 'sleep 77' 1)"
	refuses 'prestart|hook|time' hart create --bundle "$BUNDLE" "$ID"
	same_host
}

@test "nor does it help a hook to leave its process group" {
	bundle ".hooks.prestart = [{path: \"$PROBE\", args: [\"probe\", \"regroup\"], timeout: 1}]"
	refuses 'prestart hook 0.*timed out' hart create --bundle "$BUNDLE" "$ID"
	same_host
}

@test "a hook that closes stdin without reading it is no error" {
	bundle "$(hook prestart 'exec <&-; exit 0')" \
		".annotations = {long: \"$(printf 'x%.0s' {1..100})\" }" '.annotations.long |= . * 2000'
	run_bundle
}

@test "a hook that does not exist is named" {
	bundle '.hooks.prestart = [{path: "/nowhere/hook"}]'
	refuses '/nowhere/hook' hart create --bundle "$BUNDLE" "$ID"
	bundle '.hooks.prestart = [{path: "relative"}]'
	refuses 'hooks|path' hart create --bundle "$BUNDLE" "$ID"
}

@test "what a hook leaves in the background does not hold up create" {
	bundle "$(trace)" "$(args /probe sleep)" \
		"$(hook prestart "sleep 60 >/dev/null 2>&1 </dev/null & echo \$! >$PWD/trace/pid")"
	create "$ID"
	kill "$(cat trace/pid)"
}

@test "a createRuntime hook can set up the network namespace" {
	bundle "$(shell 'ip -o link show dummy7')" \
		"$(hook createRuntime "pid=\$(jq .pid); nsenter -t \$pid -n ip link add dummy7 type dummy")"
	ip link add probe0 type dummy 2>/dev/null && ip link del probe0 ||
		skip "the kernel has no dummy interfaces"
	run_bundle
	grep -q dummy7 out
}
