#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# containerd's own integration tests of its client, built from Debian's source package of the containerd that is
# installed, with io.containerd.hart.v2. What fails is tried with io.containerd.runc.v2 as well: not ok
# where that passes. Images come from a registry on the loopback. TAP; called by run, by itself it builds too.
# Needs HART and SHIM. Sources, binary and logs stay in build/containerd-client.
# shellcheck disable=SC2154 # lib.bash sets work
set -u
export engine=containerd-client
here=$(dirname "$(readlink -f "$0")")
keep=$here/../../build/containerd-client
# shellcheck source=tests/engines/lib.bash
. "$here/lib.bash"
: "${SHIM:?the folder of containerd-shim-hart-v2}"
package=github.com/containerd/containerd
port=5000

clean_up() {
	cd /
	rm -rf --one-file-system "$work"
}
trap clean_up EXIT
leave() {
	skip "the tests of the client" "$*"
	exit
}

fetch_source() {
	local version

	version=$(dpkg-query -W -f '${source:Version}' containerd) &&
		"$here/../hosts/debsource" "containerd=$version" "$keep/go/src/$package"
}

# A hundred times seven megabytes through a terminal are ten times enough. On a busy machine what is killed may need more
# than 100 ms to end, and a shell some time to fork: tests do not wait for that.
patch_source() {
	local tests=$keep/go/src/$package/integration/client

	sed -Ei "s#\"(ghcr.io|k8s.gcr.io|registry.k8s.io)/#\"localhost:$port/#" "$tests"/*_test.go &&
		sed -i -e '/^func TestContainerExecLargeOutputWithTTY/,/^}/s/i < 100/i < 10/' \
			-e '/^func initContainerAndCheckChildrenDieOnKill/,/^}/s/100 \* time.Millisecond/10 * time.Second/' \
			-e '/^func TestContainerPids/,/^}/s/^\tprocesses, err := task.Pids(ctx)/&\
	for try := 0; err == nil \&\& len(processes) == 1 \&\& try < 1000; try++ {\
		time.Sleep(10 * time.Millisecond)\
		processes, err = task.Pids(ctx)\
	}/' "$tests/container_test.go"
}

build() {
	export GOPATH=$keep/go:/usr/share/gocode GO111MODULE=off GOFLAGS='' GOCACHE=$keep/gocache
	[ ! -x "$keep/client.test" ] || return 0
	rm -rf "$keep" && mkdir -p "$keep/go/src/${package%/*}" && fetch_source && patch_source &&
		cd "$keep/go/src/$package" && go test -c -o "$keep/client.test" ./integration/client
}

# With the users that the tests name. As PID 1 its nc has to heed SIGTERM itself.
make_image() {
	make_rootfs rootfs && rm rootfs/bin/[!b]* && mkdir -p rootfs/{dev,home,proc,root,run,sys,usr/bin} || return 1
	for applet in $(busybox --list); do
		[ "$applet" = busybox ] || ln -sf busybox "rootfs/bin/$applet"
	done
	printf '%s:x:%d:%d:::/bin/sh\n' root 0 0 daemon 1 1 bin 2 2 sys 3 3 www-data 33 33 nobody 65534 65534 >rootfs/etc/passwd
	printf '%s:x:%d:\n' root 0 daemon 1 bin 2 sys 3 www-data 33 nobody 65534 >rootfs/etc/group
	rm rootfs/bin/nc
	# shellcheck disable=SC2016 # the container's shell is meant
	printf '#!/bin/sh\ntrap "exit 143" TERM\nbusybox nc "$@" &\nwait $!\n' >rootfs/bin/nc
	chmod +x rootfs/bin/nc
	umoci init --layout layout && umoci new --image layout:1.32 && umoci insert --image layout:1.32 rootfs / &&
		umoci config --image layout:1.32 --config.cmd /bin/sh
}

# One test deletes a container behind its shim's back, by a runc in the PATH.
make_runc() {
	mkdir -p "$work/bin" && cat >"$work/bin/runc" <<-EOF
		#!/bin/sh
		[ "\$TEST_RUNTIME \$2" != "io.containerd.hart.v2 /tmp/runc-test/testing" ] || {
			shift 2
			exec "$HART" --root /run/containerd/hart/testing "\$@"
		}
		exec $(command -v runc) "\$@"
	EOF
	chmod +x "$work/bin/runc"
}

# Those of images, contents, leases and checkpoints have nothing to do with a runtime.
list_tests() {
	"$keep/client.test" -test.short -test.list . | grep '^Test' |
		grep -Ev '^Test(Image|Content|Lease|Import|Export|Snapshot|Convert|Fetch|Checkpoint|ClientTTRPC|OCIExport)'
}

# try RUNTIME TESTS: RUNTIME.log goes on.
try() {
	export TEST_RUNTIME=io.containerd.$1.v2 TMPDIR=$work/tmp PATH=$work/bin:$SHIM:$PATH
	cd "$keep/go/src/$package/integration/client" &&
		timeout -k 5 300 "$keep/client.test" -test.v -test.root -no-criu -test.timeout 280s \
			-test.run "^(${2//$'\n'/|})\$" >>"$keep/$1.log" 2>&1
}

# What others print may stand before it on its line. Those with a slash are parts of tests.
said() { grep -oE -e "--- $2: [^ /]+ \\(" "$keep/$1.log" | cut -d ' ' -f 3; } # RUNTIME WORD
failed_ones() { comm -23 <(sort <<<"$tests") <((said hart PASS && said hart SKIP) | sort -u); }
why() { # TEST
	awk -v t="$1" '/^=== /  { on = $3 ~ "^" t "($|/)" } /^ *--- / { on = 0 } on' "$keep/hart.log" |
		grep -E '_test.go:[0-9]+:' | head -n 15
}

judge() { # TEST
	n=$((n + 1))
	if said hart PASS | grep -qx "$1"; then
		echo "ok $n - $engine: $1"
	elif said hart SKIP | grep -qx "$1"; then
		echo "ok $n - $engine: $1 # skip by itself"
	elif said runc FAIL | grep -qx "$1"; then
		echo "ok $n - $engine: $1 # skip runc fails it here too"
	else
		echo "not ok $n - $engine: $1"
		why "$1" | sed 's/^/# /'
	fi
}

# Name spaces of its own have a free port, nobody else's loopback, and no "sleep 1" but the tests'; /var/lib is the tests' containerd's.
if [ -z "${IN_NET-}" ]; then
	command -v go >/dev/null || leave "no go: install golang-go"
	[ -d /usr/share/gocode/src/github.com/containerd/ttrpc ] || leave "no Go packages: see tests/run"
	(build) >"$work/build.log" 2>&1 || leave "not built: $(tail -n 1 "$work/build.log")"
	IN_NET=1 unshare --net --mount --pid --fork --kill-child=KILL --mount-proc "$here/${0##*/}"
	exit
fi
keep=$(readlink -f "$keep")
ip link set lo up && mount -t tmpfs tmpfs /var/lib || exit 1
cd "$work" && mkdir tmp && mount -t tmpfs tmpfs tmp || exit 1
check "an image" make_image
make_runc
python3 "$here/registry.py" layout $port &
registry=$!
check "a registry" eventually eval "(exec 3<>/dev/tcp/127.0.0.1/$port) 2>/dev/null"
rm -f "$keep"/*.log
tests=$(list_tests)
try hart "$tests"
# Some have races of their own: once more, then.
failed=$(failed_ones)
[ -z "$failed" ] || (try hart "$failed")
failed=$(failed_ones)
[ -z "$failed" ] || (try runc "$failed")
for test in $tests; do
	judge "$test"
done
kill $registry
umount "$work/tmp"
