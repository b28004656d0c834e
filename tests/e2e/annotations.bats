#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What annotations may do to the host: nothing that its hart.conf does not allow, whoever starts the container; and
# what has no effect is told.
load lib
load service
load hostconf

more_setup() {
	own_etc
}

teardown_file() {
	no_own_etc
}

setup_secret() {
	host_allows
	mkdir -p forbidden/rootfs allowed/there
	echo secret >forbidden/secret
}

started() {
	hart run --bundle "$BUNDLE" "$@" "$ID" </dev/null
}

# annotated KEY VALUE [FILTER...]
annotated() {
	local key=$1 value=$2

	shift 2
	bundle "$(args /bin/cat /secret)" ".annotations[\"$key\"] = \"$value\"" "$@"
}

# hostile KEY: a value that names the forbidden folder in the way of that annotation.
hostile() {
	case $1 in
	org.hart.listen) echo "tcp::1 x=unix:$PWD/forbidden/sock" ;;
	org.hart.log-file | org.hart.journal) echo "$PWD/forbidden/file" ;;
	*) echo "$PWD/forbidden" ;;
	esac
}

@test "no annotation of the table takes a path that is not allowed: create, run, service, standby's own" {
	local key keys more

	setup_secret
	keys=$(hart features | jq -r '.potentiallyUnsafeConfigAnnotations[]')
	[ "$(wc -l <<<"$keys")" -ge 30 ]
	for key in $keys; do
		more='.annotations["org.hart.standby"] //= "self"'
		[ "$key" != org.hart.overlay.lower ] || more+=' | .annotations["org.hart.overlay"] = "tmpfs"'
		annotated "$key" "$(hostile "$key")" "$more"
		refuses "$key" hart create --bundle "$BUNDLE" "$ID"
		refuses "$key" hart run --bundle "$BUNDLE" "$ID"
	done
	[ "$(find forbidden | sort | tr '\n' ' ')" = "forbidden forbidden/rootfs forbidden/secret " ]
}

@test "an image's annotations do not read the host by an overlay; allowed folders and the bundle's own do" {
	setup_secret
	annotated org.hart.overlay tmpfs ".annotations[\"org.hart.overlay.lower\"] = \"$PWD/forbidden:rootfs\""
	refuses 'org.hart.overlay.lower: .*/forbidden is not below a folder that' started
	[ "$(weakly annotations started)" = secret ]
	host_allows "allow = $PWD/allowed"
	refuses 'is not below' started
	ln -s ../forbidden allowed/link
	config ".annotations[\"org.hart.overlay.lower\"] = \"$PWD/allowed/link:rootfs\""
	refuses 'is not below' started
	config ".annotations[\"org.hart.overlay.lower\"] = \"$PWD/allowed/../forbidden:rootfs\""
	refuses 'lower' started
	ln -s "$PWD/forbidden" "$BUNDLE/out"
	config '.annotations["org.hart.overlay.lower"] = "out:rootfs"'
	refuses 'org.hart.overlay.lower: out in the bundle' started
	host_allows "allow = $PWD/allowed:$PWD/forbidden"
	config ".annotations[\"org.hart.overlay.lower\"] = \"$PWD/forbidden:rootfs\""
	[ "$(started)" = secret ]
}

@test "a standby's own config has no more rights" {
	setup_secret
	bundle "$(web)"
	standby other ".annotations = {\"org.hart.overlay\": \"tmpfs\", \"org.hart.overlay.lower\": \"$PWD/forbidden:rootfs\"}"
	run_service --standby "$PWD/other"
	eventually "member standby-1 why | grep -q 'is not below a folder'"
}

@test "delete follows no symlink that has come into the way of an overlay's folder" {
	setup_secret
	host_allows "allow = $PWD/allowed"
	bundle "$(args /probe sleep)" ".annotations[\"org.hart.overlay\"] = \"$PWD/allowed/there\""
	create "$ID"
	[ -d "allowed/there/$ID/upper" ]
	mkdir -p "forbidden/$ID/upper"
	echo precious >"forbidden/$ID/upper/file"
	mv allowed/there allowed/moved
	ln -s "$PWD/forbidden" allowed/there
	hart delete --force "$ID" >out 2>err || true
	[ "$(cat "forbidden/$ID/upper/file")" = precious ]
	rm allowed/there
	mv allowed/moved allowed/there
	hart delete --force "$ID" || true
	rm -rf forbidden
}

@test "what weakens is allowed by its name alone" {
	setup_secret
	bundle "$(args /bin/true)" '.annotations["run.oci.keep_original_groups"] = "1"'
	refuses 'keep_original_groups: it loosens' started
	host_allows 'allow-annotation = org.hart.log-size run.oci.keep_original_groups'
	started
}

@test "a word in hart.conf that nobody knows is an error, not a missing protection" {
	setup_secret
	bundle "$(args /bin/true)"
	for line in 'polcy hostname=x: standby=self' 'allows = /' 'allow /srv' 'allow-annotations = x' '= /'; do
		host_allows "$line"
		refuses 'hart.conf: not understood: ' hart run --bundle "$BUNDLE" --standby self --restarts 1 "$ID"
		refuses 'hart.conf: not understood: ' hart create --bundle "$BUNDLE" "$ID"
	done
}

@test "a standby that is not there is an error at the start" {
	setup_secret
	bundle "$(web)"
	mkdir empty
	refuses 'standby .*/nowhere: No such file' started -d --standby "$PWD/nowhere"
	refuses 'standby .*/empty: it contains neither config.json' started -d --standby "$PWD/empty"
	host_allows "allow = $PWD"
	config ".annotations[\"org.hart.standby\"] = \"$PWD/nowhere\""
	refuses 'org.hart.standby: .*/nowhere: No such file' hart create --bundle "$BUNDLE" "$ID"
}

@test "flags that nothing makes effective are an error" {
	setup_secret
	bundle "$(args /bin/true)"
	refuses '--window has no effect: nothing makes this a supervised service' hart run --window 5s --bundle "$BUNDLE" "$ID"
	refuses '--log-file has no effect' hart run --log-file "$PWD/log" --bundle "$BUNDLE" "$ID"
	started
}

@test "a misspelt annotation is an error to who runs the bundle, and a warning where an engine does" {
	setup_secret
	bundle "$(web)" '.annotations = {"org.hart.standbye": "self"}'
	refuses 'annotation org.hart.standbye: it is not known' started
	refuses 'annotation org.hart.standbye has no effect: it is not known' started -d --standby self
	create "$ID"
	grep -q 'org.hart.standbye has no effect' err
	hart delete --force "$ID"
	config '.annotations["org.hart.standby"] = "self"'
	create "$ID"
	hart start "$ID"
	of '.warnings[0]' | grep -q 'org.hart.standbye has no effect'
	hart status "$ID" | grep -q '^warning: annotation org.hart.standbye'
	journal '[.[].text]' | grep -q 'org.hart.standbye has no effect'
}

@test "validate checks what asks for a service" {
	setup_secret
	bundle '.annotations = {"org.hart.standbye": "self", "org.hart.window": "5s"}'
	exits 1 hart validate "$BUNDLE" >faults
	grep -q '/annotations/org.hart.standbye: not known' faults
	grep -q '/annotations/org.hart.window: has no effect' faults
	config '.annotations = {"org.hart.standby": "self", "org.hart.window": "5x"}'
	exits 1 hart validate "$BUNDLE" >faults
	grep -q 'org.hart.window "5x": not a duration' faults
	config '.annotations = {"org.hart.standby": "self", "org.hart.window": "5s"}'
	hart validate "$BUNDLE"
}
