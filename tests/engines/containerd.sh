#!/usr/bin/env bash
# Debian's containerd, its own runc shim told to call hart (BinaryName). TAP; called by run.
# shellcheck disable=SC2154 # lib.bash sets work
set -u
export engine=containerd
# shellcheck source=tests/engines/lib.bash
. "$(dirname "$0")/lib.bash"
cd "$work" || exit 1
daemon=
trap 'c tasks kill -s KILL t1 >/dev/null 2>&1; [ -n "$daemon" ] && kill "$daemon" && wait "$daemon" 2>/dev/null; umount -R state root 2>/dev/null; cd /; rm -rf "$work"' EXIT

c() { timeout -k 5 60 ctr -a "$work/sock" "$@" </dev/null; }
run() { c run --runc-binary "$HART" --cpu-shares 0 --snapshotter native "$@"; }

cat >config.toml <<EOF
version = 2
root = "$work/root"
state = "$work/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs", "io.containerd.internal.v1.opt"]
[grpc]
  address = "$work/sock"
[ttrpc]
  address = "$work/sock.ttrpc"
[debug]
  level = "warn"
EOF
make_rootfs rootfs
umoci init --layout layout >log 2>&1 && umoci new --image layout:1 >>log 2>&1 &&
	umoci insert --image layout:1 rootfs / >>log 2>&1 && tar -C layout -cf image.tar . || cat log
containerd -c config.toml >containerd.log 2>&1 &
daemon=$!

check "it starts" eventually c version
check "an image" c image import --snapshotter native --index-name docker.io/library/bb:1 image.tar
image=docker.io/library/bb:1
check "run" prints hello run --rm $image t0 /bin/echo hello
check "the exit status passes through" exits 7 run --rm $image t0 /bin/sh -c 'exit 7'
check "a command that is not there" eval '! run --rm $image t0 nosuch 2>words && grep -q "executable file not found in" words'
check "run detached" run -d $image t1 /bin/sleep 1000
check "tasks ls" eval 'c tasks ls | grep -q "t1.*RUNNING"'
check "exec" prints inside c tasks exec --exec-id e1 t1 echo inside
check "exec's exit status" exits 3 c tasks exec --exec-id e2 t1 sh -c 'exit 3'
check "ps" eval 'c tasks ps t1 | grep -q "[0-9]"'
check "metrics" c tasks metrics t1
check "pause and resume" eval 'c tasks pause t1 && c tasks ls | grep -q "t1.*PAUSED" && c tasks resume t1 && prints on c tasks exec --exec-id e3 t1 echo on'
check "a terminal" eval 'timeout 30 script -qec "ctr -a $work/sock run --rm -t --runc-binary $HART --cpu-shares 0 --snapshotter native $image t2 tty" /dev/null </dev/null | grep -q /dev/pts'
check "kill" eval 'c tasks kill -s KILL t1 && eventually eval "c tasks ls | grep -q \"t1.*STOPPED\""'
check "delete" eval 'exits 137 c tasks rm t1; c containers rm t1'
check "nothing is left" eval '! find /run/containerd/runc -mindepth 2 2>/dev/null | grep .'
