#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Debian's containerd, its own runc shim told to call hart (BinaryName). TAP; called by run.
# shellcheck disable=SC2154 # lib.bash sets work
set -u
export engine=containerd
# shellcheck source=tests/engines/lib.bash
. "$(dirname "$0")/lib.bash"
# shellcheck source=tests/engines/containerd.bash
. "$(dirname "$0")/containerd.bash"
cd "$work" || exit 1
trap 'c tasks kill -s KILL t1 >/dev/null 2>&1; containerd_stop; umount -R state root 2>/dev/null; cd /; rm -rf "$work"' EXIT

run() { c run --runc-binary "$HART" --cpu-shares 0 --snapshotter native "$@"; }

containerd_begin
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
check "delete" eval 'c tasks rm t1 2>&1 | grep -q "non-zero exit code 137" && c containers rm t1'
check "nothing is left" eval '! find /run/containerd/runc -mindepth 2 2>/dev/null | grep .'
