#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# podman and buildah with hart as their runtime. TAP; called by run.
# shellcheck disable=SC2154 # lib.bash sets work
set -u
export engine=podman
# shellcheck source=tests/engines/lib.bash
. "$(dirname "$0")/lib.bash"
# shellcheck source=tests/engines/podman.bash
. "$(dirname "$0")/podman.bash"

b() {
	timeout -k 5 100 buildah --root "$work/root" --runroot "$work/run" --storage-driver=vfs "$@" </dev/null
}
run() { p run --rm --network=none "$@"; }

write_containers_conf
make_rootfs rootfs
tar -C rootfs -c . >image.tar
check "an image from a folder" p import image.tar bb:1
check "run" prints hello run bb:1 /bin/echo hello
check "the exit status passes through" exits 7 run bb:1 /bin/sh -c 'exit 7'
check "a command that is not there is 127" exits 127 run bb:1 nosuch
check "a command that is not executable is 126" exits 126 run bb:1 /etc/passwd
check "user and working directory" prints "7 8 /tmp" run -u 7:8 -w /tmp bb:1 /bin/sh -c 'echo $(id -u) $(id -g) $PWD'
check "a read-only root, a tmpfs" exits 0 run --read-only --tmpfs /tmp bb:1 /bin/sh -c '! echo >/x && echo >/tmp/x'
check "a volume" prints volume run -v "$work/containers.conf:/v:ro" bb:1 /bin/sh -c 'cat /v >/dev/null && ! echo 2>/dev/null >/v && echo volume'
check "capabilities, no seccomp" exits 0 run --cap-drop all --security-opt seccomp=unconfined bb:1 /bin/true
check "privileged" exits 0 run --privileged bb:1 /bin/true
check "run detached" p run -d --name c1 --network=none bb:1 /bin/sh -c 'echo out; sleep 1000'
check "logs" eventually prints out p logs c1
check "exec" prints ok p exec c1 echo ok
check "exec's exit status" exits 3 p exec c1 sh -c 'exit 3'
check "top" p top c1
check "pause and unpause" eval 'p pause c1 && [ "$(p inspect -f "{{.State.Status}}" c1)" = paused ] && p unpause c1'
check "exec after unpause" prints again p exec c1 echo again
check "kill" eval 'p kill -s KILL c1 && prints 137 p wait c1'
check "start again" eval 'p start c1 && prints yes p exec c1 echo yes'
check "stop and rm" eval 'p stop -t 1 c1 && p rm c1'
check "a terminal" eval 'timeout 30 script -qec "podman --root $work/root --runroot $work/run --runtime $HART --cgroup-manager=cgroupfs --events-backend=file --storage-driver=vfs run --rm -t --network=none bb:1 tty" /dev/null </dev/null | grep -q /dev/pts'
check "shared namespaces" eval 'p run -d --name a --network=none bb:1 sleep 1000 && [ "$(run --ipc container:a --uts container:a --pid container:a bb:1 ps | grep -c "sleep 1000")" = 1 ] && p rm -f -t 0 a'

# A standby by annotation: podman sees one container, whose process is the service's stand-in.
active() { "$HART" status --json "$id" | jq .pid; }
serves() { [ "$("$HART" status --json "$id" | tr -d ' \n' | grep -o '"generation":[0-9]*' | head -n 1)" = "\"generation\":$1" ]; }
check "a container with a standby" eval 'id=$(p run -d --name sb --network=none --annotation org.hart.standby=self bb:1 /bin/sh -c "echo generation \$HART_GENERATION; sleep 1000")'
id=$(p inspect -f '{{.Id}}' sb)
check "it is active" eventually serves 1
check "its process is killed: the standby serves, the container runs on" eval 'kill -KILL "$(active)" && eventually serves 2 && [ "$(p inspect -f "{{.State.Status}}" sb)" = running ]'
check "exec goes to who serves" eval 'p exec sb cat /proc/1/environ | grep -aq HART_GENERATION=2'
check "logs have the output of both" eventually prints $'generation 1\ngeneration 2' p logs sb
check "stop: no takeover" eval 'p stop -t 2 sb && [ "$(p inspect -f "{{.State.Status}}" sb)" = exited ]'
check "start again" eval 'p start sb && eventually serves 1'
check "kill, and its exit status" eval 'p kill -s KILL sb && prints 137 p wait sb && p rm sb'
check "a crash loop ends with the last status" exits 3 run --annotation org.hart.standby=self --annotation org.hart.max-failures=1 bb:1 /bin/sh -c 'exit 3'

up() { p run -d --network=none "$@"; }
# podman attach, its standard input the pipe at descriptor 5, its output the file got.
attach() {
	up -i --name at bb:1 cat && mkfifo in || return 1
	timeout -k 5 20 podman --root "$work/root" --runroot "$work/run" --runtime "$HART" --cgroup-manager=cgroupfs \
		--storage-driver=vfs attach at <in >got 2>&1 &
	local client=$! status=1

	exec 5>in
	echo sent >&5 && eventually grep -q sent got && status=0
	exec 5>&-
	wait $client
	return $status
}
# shares KIND WANT: whether two containers of the pod are in one namespace.
shares() { [ "$([ "$(p exec a readlink "/proc/self/ns/$1")" = "$(p exec b readlink "/proc/self/ns/$1")" ] && echo yes || echo no)" = "$2" ]; }
write_kube() {
	cat >kube.yaml <<-EOT
		apiVersion: v1
		kind: Pod
		metadata:
		  name: kube
		spec:
		  hostNetwork: true
		  containers:
		    - name: one
		      image: localhost/bb:cmd
		      env: [{name: A, value: x}]
		      securityContext: {readOnlyRootFilesystem: true, runAsUser: 5, capabilities: {drop: [ALL]}}
		    - name: two
		      image: localhost/bb:cmd
		      command: ["sh", "-c", "echo two; sleep 1000"]
		      volumeMounts: [{name: v, mountPath: /v}]
		  volumes:
		    - name: v
		      hostPath: {path: $work/kubevol}
	EOT
	mkdir -p kubevol && echo volume >kubevol/f
	printf '[engine]\ninfra_image="localhost/bb:cmd"\n' >>containers.conf
}
check "attach" attach
check "stats" eval 'p stats --no-stream --format "{{.Name}}" at | grep -qx at'
check "restart" eval 'p restart -t 0 at && prints running p inspect -f "{{.State.Status}}" at && p rm -f -t 0 at'
check "restart policy: on-failure" eval 'up --name r --restart on-failure:2 bb:1 sh -c "exit 4" && eventually eval "[ \"\$(p inspect -f \"{{.RestartCount}} {{.State.Status}}\" r)\" = \"2 exited\" ]"; p rm r'
check "init, cp, diff" eval 'up --init --name i bb:1 sleep 1000 && p exec i ps | grep -q "1 root.*-- sleep" && p cp image.tar i:/tmp/t && p diff i | grep -q "A /tmp/t" && p rm -f -t 0 i'
check "checkpoint is refused with words" eval 'up --name k bb:1 sleep 1000; ! p container checkpoint k 2>words && grep -qi "checkpoint\|criu" words; p rm -f -t 0 k'
check "healthcheck: healthy" eval 'up --name h --health-cmd "cat /tmp/ok" bb:1 sh -c "echo >/tmp/ok; sleep 1000" && eventually p healthcheck run h'
check "healthcheck: unhealthy" eval 'p exec h rm /tmp/ok && exits 1 p healthcheck run h && p rm -f -t 0 h'
check "an image with a command" p import -c 'CMD ["sleep", "1000"]' image.tar bb:cmd
check "a pod" eval 'p pod create --name pod --network none --infra-image bb:cmd && p run -d --pod pod --name a bb:cmd && p run -d --pod pod --name b bb:cmd'
for kind in ipc uts net; do
	check "a pod shares $kind" shares $kind yes
done
check "a pod does not share pid, mnt" eval 'shares pid no && shares mnt no'
check "pod top and stats" eval 'p pod top pod | grep -q "sleep 1000" && p pod stats --no-stream pod | grep -q infra'
check "pod pause and unpause" eval 'p pod pause pod && [ "$(p inspect -f "{{.State.Status}}" a)" = paused ] && p pod unpause pod && p exec a true'
check "pod stop and start" eval 'p pod stop -t 0 pod && p pod start pod && eventually p exec b true'
check "pod rm" p pod rm -f -t 0 pod
check "a pod that shares pid" eval 'p pod create --name pod --network none --infra-image bb:cmd --share pid,ipc && p run -d --pod pod --name a bb:cmd && p run -d --pod pod --name b bb:cmd && shares pid yes && shares uts no && p pod rm -f -t 0 pod'
check "play kube" eval 'write_kube && p play kube kube.yaml'
check "play kube: user, environment, volume" eval 'prints "5 x" p exec kube-one sh -c "echo \$(id -u) \$A" && prints volume p exec kube-two cat /v/f'
check "play kube: logs" eventually prints two p logs kube-two
check "play kube: down" eval 'p play kube --down kube.yaml && [ -z "$(p ps -aq)" ]'

export engine=buildah
printf 'FROM bb:1\nRUN echo built >/f && id -u >>/f\nCMD ["cat", "/f"]\n' >Dockerfile
check "bud of a Dockerfile with RUN" b bud --isolation oci --runtime "$HART" --network=none -t made .
check "the image runs" prints $'built\n0' run made
check "a failing RUN fails the build" exits 1 eval 'printf "FROM bb:1\nRUN exit 5\n" >Bad; b bud --isolation oci --runtime "$HART" --network=none -f Bad . || (exit 1)'
bud() { b bud --isolation oci --runtime "$HART" --network=none "$@"; }
cat >Stages <<'EOT'
FROM bb:1 AS one
ARG WHO=nobody
ENV E=env
WORKDIR /w
RUN ["/bin/sh", "-c", "echo $E $WHO >made; echo $PWD >>made"]
RUN --mount=type=tmpfs,target=/t --mount=type=bind,source=.,target=/context sh -c 'echo >/t/x && cat /context/given >>made'
RUN ! ls /t/x 2>/dev/null
FROM bb:1
COPY --from=one /w/made /made
USER 5:6
RUN echo $(id -u) $(id -g) >/tmp/ids && ! echo 2>/dev/null >/made
CMD ["cat", "/made", "/tmp/ids"]
EOT
check "bud: stages, mounts, users" eval 'mkdir context && echo given >context/given && bud --build-arg WHO=me -f Stages -t staged context'
check "bud: the image runs" prints $'env me\n/w\ngiven\n5 6' run staged
check "bud: flags reach RUN" eval 'printf "FROM bb:1\nRUN [ \"\$(ulimit -n)\" = 99 ] && cat /v/given && grep -q \"^CapEff:.0000000000000000\" /proc/self/status\n" >Flags && bud --ulimit nofile=99:99 --cap-drop all -v "$work/context:/v:ro" -f Flags .'
made=$(b from bb:1)
brun() { b run --isolation oci --runtime "$HART" --network=none "$@"; }
check "run" prints inside brun "$made" -- echo inside
check "run: the exit status passes through" exits 7 brun "$made" -- sh -c 'exit 7'
check "run: a command that is not there" eval '! brun "$made" -- nosuch 2>words && grep -q "not found" words'
check "run: user, folder, variable, host name" prints "5 6 /tmp x h1" brun --user 5:6 --workingdir /tmp --env A=x --hostname h1 "$made" -- sh -c 'echo $(id -u) $(id -g) $PWD $A $(busybox hostname)'
check "run: volumes, tmpfs" prints given brun -v "$work/context:/v:ro" --mount type=tmpfs,destination=/t "$made" -- sh -c 'echo >/t/x && ! echo 2>/dev/null >/v/x && cat /v/given'
check "run: a terminal" eval 'timeout 30 script -qec "buildah --root $work/root --runroot $work/run --storage-driver=vfs run --isolation oci --runtime $HART --network=none -t $made -- tty" /dev/null </dev/null | grep -q /dev/pts'
check "run: without capabilities" eval 'brun --cap-drop all "$made" -- grep CapEff /proc/self/status | grep -q 0000000000000000'
check "run: what it wrote is in the image" eval 'brun "$made" -- sh -c "echo kept >/kept" && b commit "$made" kept && prints kept run kept cat /kept'
check "rm" b rm "$made"
check "nothing is left" nothing_left
