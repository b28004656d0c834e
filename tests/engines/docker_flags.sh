#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a container sees under docker's flags, as the probe reports it: the same with hart as with
# runc. TAP; called by run.
# shellcheck disable=SC2154,SC2016 # lib.bash sets work; $ is for the container's shell
set -u
export engine="docker flags"
# shellcheck source=tests/engines/lib.bash
. "$(dirname "$0")/lib.bash"
# shellcheck source=tests/engines/docker.bash
. "$(dirname "$0")/docker.bash"
# shellcheck source=tests/engines/compare.bash
. "$(dirname "$0")/compare.bash"
trap clean_up_docker EXIT

run_with() { run --runtime "$@"; }
prepare() { prepare_folders && make_image bb:1; }
check "it starts" start_docker
check "image, volume, profile" prepare
v=$work/vol

same -h h1 --domainname example.org
same -e A=x -e B --env-file env.list -w /not/there
same -u 5
same -u 5:77
same -u user
same -u user:more --group-add 9
same --label a=b --stop-signal INT
same -t
same -i
same --init
same --cap-add NET_ADMIN --cap-drop CHOWN
same --cap-drop all
same --cap-drop all --cap-add SYS_PTRACE -u user
# To later versions "all" is what root has, and nothing else may be named.
if run --cap-drop SYS_RESOURCE bb:1 true 2>&1 | grep -q "not available in the current environment"; then
	same --cap-add all
else
	same --cap-add all --cap-drop SYS_RESOURCE
fi
same --security-opt no-new-privileges
same --security-opt seccomp=unconfined
same --security-opt seccomp=profile.json
same --security-opt systempaths=unconfined
same --security-opt apparmor=unconfined --security-opt label=disable
same --read-only
same --read-only --tmpfs /tmp
same --tmpfs /t:size=1m,mode=700,noexec
same --mount type=tmpfs,destination=/t,tmpfs-size=1m,tmpfs-mode=1770
for propagation in private rprivate slave rslave shared rshared; do
	same -v "$v:/v:$propagation"
done
same -v "$v:/v:ro"
same -v "$v:/data:ro,rslave"
same -v "$work/passwd:/etc/passwd:ro" -v "$v/file:/new/file" -u 9
same -v "$v:/v" -v "$v/sub:/v/sub:ro"
same -v "$v:/v:z"
same -v named:/data
same -v named:/data:ro,nocopy
same -v /anonymous
same --mount "type=bind,source=$v,destination=/v,bind-nonrecursive"
same --mount "type=bind,source=$v,destination=/v,readonly,bind-propagation=rslave"
same --device /dev/fuse --device /dev/null:/dev/zilch:r
same --device-cgroup-rule 'c 1:11 r'
same --ulimit nofile=100:200 --ulimit core=0 --ulimit nproc=50
same --sysctl net.ipv4.ip_forward=1 --sysctl kernel.msgmax=9000
same --ipc private --shm-size 1m
same --ipc host
same --ipc none
same --uts host
same --pid host
network=host same
network=host same --uts host --ipc host --pid host
same --cgroupns host
same --cgroupns private --cgroup-parent /parent
same --oom-score-adj 500
same --add-host there:192.0.2.1 --dns 192.0.2.2
same --log-driver none
if setpriv --dump | grep -q '^Capability bounding set:.*sys_resource'; then
	same --privileged
	same --privileged --pid host -u user
else
	skip "--privileged" "root lacks CAP_SYS_RESOURCE here; done in docker_limits.sh"
fi

says bb:1 cat /proc/1/cmdline /etc/hosts
says --entrypoint /probe bb:1 try-syscall 165
says --security-opt seccomp=profile.json bb:1 /probe try-open /tmp/x create
says --security-opt seccomp=profile.json bb:1 busybox sh -c 'busybox mkdir /tmp/x 2>&1; echo $?'
says --tmpfs /t:noexec bb:1 sh -c 'cp /probe /t/p; /t/p exit 0 2>&1; echo $?'
says --tmpfs /data bb:1 busybox stat -c %a /data
says --read-only bb:1 /probe try-open /x create
says -v "$v:/v:ro" bb:1 /probe try-open /v/x create
says -v named:/data bb:1 cat /data/file
says --device /dev/fuse:/dev/fuse:r bb:1 /probe try-open /dev/fuse r
says --device /dev/fuse:/dev/fuse:r bb:1 /probe try-open /dev/fuse rw
says bb:1 /probe try-mknod /tmp/kmsg c 1 11
says bb:1 /probe try-mknod /tmp/loop b 7 0
says --device-cgroup-rule 'c 1:11 r' bb:1 sh -c 'busybox mknod /tmp/k c 1 11; /probe try-open /tmp/k r; /probe try-open /tmp/k w'
says --sysctl kernel.msgmax=9000 bb:1 cat /proc/sys/kernel/msgmax
says --ulimit nofile=100:200 bb:1 sh -c 'ulimit -n; ulimit -Hn'
says --init bb:1 sh -c 'cat /proc/1/cmdline; (sleep 0.1 &); kill -0 1 && echo alive'
says --security-opt no-new-privileges -u user bb:1 grep NoNewPrivs /proc/self/status
says -w /data bb:1 cat file
says --oom-score-adj 500 bb:1 cat /proc/self/oom_score_adj
says --cgroup-parent /parent --cgroupns private bb:1 grep 0:: /proc/self/cgroup

refused bb:1 nosuch
refused bb:1 /etc/passwd
refused bb:1 /data
refused bb:1 ./file
refused -u nosuch bb:1 true
refused -w /etc/passwd bb:1 true
refused -v "$v:/etc/passwd" bb:1 true
refused -v "$v/file:/data" bb:1 true
refused --mount "type=bind,source=$v/nosuch,destination=/v" bb:1 true
refused --device /dev/nosuch bb:1 true
refused --cap-add NO_SUCH bb:1 true
refused --security-opt seccomp=env.list bb:1 true
refused --ulimit nofile=2000000000 bb:1 true
refused --ipc container:nosuch bb:1 true
refused --pid container:nosuch bb:1 true
refused --sysctl kernel.nosuch=1 bb:1 true
refused --cgroupns nosuch bb:1 true
