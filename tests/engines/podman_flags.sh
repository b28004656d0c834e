#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a container sees under podman's flags, as the probe reports it: the same with hart as with
# runc. TAP; called by run.
# shellcheck disable=SC2154,SC2016 # lib.bash sets work; $ is for the container's shell
set -u
export engine="podman flags"
# shellcheck source=tests/engines/lib.bash
. "$(dirname "$0")/lib.bash"
# shellcheck source=tests/engines/compare.bash
. "$(dirname "$0")/compare.bash"
chmod 755 "$work" && cd "$work" || exit 1
trap 'umount -R vol root/vfs run 2>/dev/null; cd /; rm -rf "$work"' EXIT

declare -A binary=([hart]=$HART [runc]=$(command -v runc))
p() {
	timeout -k 5 60 podman --root "$work/root" --runroot "$work/run" --cgroup-manager=cgroupfs \
		--events-backend=file --storage-driver=vfs "$@" </dev/null
}
run_with() {
	local runtime=$1

	shift
	p --runtime "${binary[$runtime]}" run --rm --network "${network:-none}" "$@"
}
prepare() { write_containers_conf && prepare_folders && tar -C rootfs -c . >image.tar && p import image.tar bb:1; }

check "image, volume, profile" prepare
v=$work/vol

same -h h1
same -e A=x -e B --env-file env.list
same -u 5:77
same -u user
same -u user:more --group-add 9
same -t
same --init
same --cap-add NET_ADMIN --cap-drop CHOWN
same --cap-drop all
same --cap-drop all --cap-add SYS_PTRACE -u user
same --security-opt no-new-privileges
same --security-opt seccomp=unconfined
same --security-opt seccomp=profile.json
same --security-opt mask=/proc/stat:/proc/cpuinfo
same --security-opt unmask=ALL
same --privileged
same --read-only
same --read-only --read-only-tmpfs=false
same --tmpfs /t:size=1m,mode=700,noexec
for propagation in private rprivate slave rslave shared rshared; do
	same -v "$v:/v:$propagation"
done
same -v "$v:/v:ro,noexec,nodev,nosuid"
same -v "$v:/v" -v "$v/sub:/v/sub:ro"
same -v "$v:/v:bind"
same -v named:/data
same --mount "type=bind,source=$v,destination=/v,readonly,bind-propagation=rslave"
same --mount type=tmpfs,destination=/t,tmpfs-size=1m,notmpcopyup
same --mount type=devpts,destination=/pts
same --device /dev/fuse --device /dev/null:/dev/zilch:r
same --ulimit nofile=100:200 --ulimit nproc=100:100
same --sysctl net.ipv4.ip_forward=1 --sysctl kernel.msgmax=9000
same --ipc host
same --ipc none
same --ipc private --shm-size 1m
same --uts host
same --pid host
same --pid private
network=host same
same --cgroupns host
same --cgroup-parent /parent
same --oom-score-adj 500
same --umask 0077
same --userns host
# Two podmans at once change the folders above each other's rootfs, which runc looks up as a mapped root.
export one_by_one=1
same --uidmap 0:100000:1000 --gidmap 0:200000:1000
same --uidmap 0:100000:1000 --gidmap 0:200000:1000 -u user --read-only
says --uidmap 0:100000:1000 -v "$v:/v:ro" bb:1 busybox stat -c %u /v/file /data/file
export one_by_one=
same --tz UTC
same --systemd always

says bb:1 /probe try-syscall 165
says --security-opt seccomp=profile.json bb:1 busybox sh -c 'busybox mkdir /tmp/x 2>&1; echo $?'
says --read-only --read-only-tmpfs=false bb:1 /probe try-open /tmp/x create
says -v "$v:/v:O" bb:1 sh -c 'echo new >/v/file; cat /v/file'
says --device /dev/fuse:/dev/fuse:r bb:1 /probe try-open /dev/fuse rw
says bb:1 /probe try-mknod /tmp/kmsg c 1 11
says --tmpfs /data bb:1 cat /data/file
says --cgroup-parent /parent --cgroupns private bb:1 grep 0:: /proc/self/cgroup
says --preserve-fds 0 bb:1 ls /proc/self/fd
says --hostuser games bb:1 cat /etc/passwd

refused bb:1 nosuch
refused bb:1 /etc/passwd
refused bb:1 /data
refused -w /etc/passwd bb:1 true
refused -v "$v/file:/data" bb:1 true
refused -v "$v:/etc/passwd" bb:1 true
refused -v "$v/nosuch:/v" bb:1 true
refused --device /dev/nosuch bb:1 true
refused --security-opt seccomp=env.list bb:1 true
refused --sysctl net.nosuch=1 bb:1 true
refused --ulimit nofile=2000000000 bb:1 true
refused -u nosuch bb:1 true
