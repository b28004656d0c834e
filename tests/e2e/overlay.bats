#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Root file systems that hart assembles with overlayfs.
load lib
load hostconf

file_setup() {
	own_etc "allow = $BATS_RUN_TMPDIR:/no"
}

teardown_file() {
	no_own_etc
}

@test "--overlay makes the rootfs writable and leaves the image alone" {
	bundle "$(shell 'echo new >/made; rm /etc/group; ls /made /etc')" '.root.readonly = false'
	run_bundle --overlay=tmpfs
	grep -qx /made out
	! grep -qx group out
	[ ! -e "$BUNDLE/rootfs/made" ]
	[ -e "$BUNDLE/rootfs/etc/group" ]
}

@test "the root is an overlay with a bounded tmpfs as its upper" {
	report '.root.readonly = false' '.annotations = {"org.hart.overlay": "tmpfs:64k"}'
	check_mount / '.type == "overlay"'
	bundle "$(shell 'dd if=/dev/zero of=/big bs=1k count=200 2>&1 || echo full')" \
		'.root.readonly = false'
	run_bundle --overlay=tmpfs:64k
	grep -q full out
}

@test "an upper folder is used and removed with the container" {
	mkdir upper
	bundle "$(shell 'echo x >/made; exec /probe sleep')" '.root.readonly = false'
	create "$ID" --overlay="$PWD/upper"
	hart start "$ID"
	eventually "find upper -name made | grep -q ."
	hart delete --force "$ID"
	[ -z "$(find upper -mindepth 1)" ]
}

@test "lower layers are listed topmost first" {
	mkdir low high
	echo low >low/which
	echo low >low/only-low
	echo high >high/which
	report "$(shell 'cat /which /only-low')" ".annotations = {\"org.hart.overlay\": \"tmpfs\",
		\"org.hart.overlay.lower\": \"$PWD/high:$PWD/low:rootfs\"}"
	[ "$(cat out)" = $'high\nlow' ]
}

@test "a hundred lower layers with long names" {
	local i lower=''
	for i in {1..100}; do
		mkdir -p "layers/$(printf 'a-rather-long-name-of-a-layer-%.0s' 1 2 3 4)$i"
		lower+="$PWD/layers/$(printf 'a-rather-long-name-of-a-layer-%.0s' 1 2 3 4)$i:"
	done
	echo deepest >"${lower##*/}" 2>/dev/null || true
	bundle "$(shell 'ls /probe')" ".annotations = {\"org.hart.overlay\": \"tmpfs\",
		\"org.hart.overlay.lower\": \"${lower}rootfs\"}"
	run_bundle
	[ "$(cat out)" = /probe ]
}

@test "two containers share an image, each with its own changes" {
	bundle "$(shell 'echo $0 >/made; exec /probe sleep')" '.root.readonly = false'
	create one --overlay=tmpfs
	create two --overlay=tmpfs
	hart start one
	hart exec two /bin/test ! -e /made </dev/null
	hart delete --force one
	hart delete --force two
	same_host
}

@test "a killed runtime's overlay goes with delete --force" {
	mkdir upper
	bundle "$(args /probe sleep)" '.root.readonly = false'
	create "$ID" --overlay="$PWD/upper"
	kill -9 "$(init_pid)"
	until_status "$ID" stopped
	hart delete --force "$ID"
	[ -z "$(find upper -mindepth 1)" ]
}

@test "a lower layer or upper that is not there is named" {
	bundle '.annotations = {"org.hart.overlay": "tmpfs", "org.hart.overlay.lower": "/no/layer"}'
	refuses '/no/layer' hart run --bundle "$BUNDLE" "$ID"
	bundle
	refuses '/no/upper' hart run --overlay=/no/upper --bundle "$BUNDLE" "$ID"
	refuses 'rubbish|overlay' hart run --overlay=tmpfs:rubbish --bundle "$BUNDLE" "$ID"
}
