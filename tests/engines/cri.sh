#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Kubernetes' way to hart: containerd's CRI plugin with the runtime io.containerd.hart.v2, called as a kubelet does.
# TAP; called by run. Needs HART, PROBE and SHIM. HANDLER=runc runs the same with runc's shim, but for the standby.
# With the argument `limits`, on a host that has the controllers, it ends after what needs them.
# shellcheck disable=SC2154,SC2016,SC2034,SC2119 # lib.bash sets work; tests are evaluated
set -u -o pipefail
export engine=cri
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/engines/lib.bash
. "$here/lib.bash"
# shellcheck source=tests/engines/containerd.bash
. "$here/containerd.bash"
# shellcheck source=tests/engines/ports.bash
. "$here/ports.bash"
: "${SHIM:?the folder of containerd-shim-hart-v2}" "${HANDLER:=hart}"
export PATH=$SHIM:$PATH

clean_up() {
	containerd_stop
	pkill -KILL -f "containerd-shim.*$work"
	for p in $(pgrep -x -f '(/bin/)?sleep 10[0-9][0-9]'); do kill -KILL "$p"; done
	awk -v w="$work/" 'index($2, w) == 1 || $2 ~ "^/run/netns/cni-" { print $2 }' /proc/self/mounts | tac | xargs -r umount -l
	cd /
	rm -rf --one-file-system "$work"
}
leave() {
	skip "pods" "$*"
	exit
}
if [ -z "${IN_NET-}" ]; then
	/usr/bin/python3 -c 'import grpc, google.protobuf' 2>/dev/null || leave "no python3-grpcio"
	command -v protoc >/dev/null || leave "no protobuf-compiler"
	[ -x /usr/lib/cni/ptp ] || leave "no containernetworking-plugins"
	IN_NET=1 unshare --net --mount "$here/${0##*/}" "$@"
	exit
fi
grep -qw cpu /sys/fs/cgroup/cgroup.controllers || [[ $(containerd --version) = *' 1.'* ]] ||
	leave "a pod of containerd 2's asks for the cpu controller, which is missing here; done in uml"
trap clean_up EXIT
cd "$work" || exit 1
ip link set lo up && mount -t tmpfs tmpfs /var/lib || exit 1 # of CNI: its own

# Without the cpu controller a pod, which asks for shares, could not be; then it has no cgroup at all.
config() {
	local no_cgroup=true

	! grep -qw cpu /sys/fs/cgroup/cgroup.controllers || no_cgroup=false
	mkdir net
	cat >net/10-pods.conflist <<-'EOT'
		{"cniVersion": "0.4.0", "name": "pods", "plugins": [{"type": "ptp",
		  "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.88.0.0/24"}]], "dataDir": "ipam"}}]}
	EOT
	sed -i "s#\"ipam\"}}#\"$work/ipam\"}}#" net/10-pods.conflist
	cat >config.toml <<-EOT
		version = 2
		root = "$work/root"
		state = "$work/state"
		disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
		  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs", "io.containerd.internal.v1.opt"]
		[grpc]
		  address = "$work/sock"
		[ttrpc]
		  address = "$work/sock.ttrpc"
		[debug]
		  level = "info"
		[plugins."io.containerd.grpc.v1.cri"]
		  sandbox_image = "localhost/hart:pause"
		  disable_cgroup = $no_cgroup
		  restrict_oom_score_adj = true
		  stream_server_port = "0"
		[plugins."io.containerd.grpc.v1.cri".cni]
		  bin_dir = "/usr/lib/cni"
		  conf_dir = "$work/net"
		[plugins."io.containerd.grpc.v1.cri".containerd]
		  snapshotter = "native"
		  default_runtime_name = "hart"
		[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
		  runtime_type = "io.containerd.runc.v2"
		[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.hart]
		  runtime_type = "io.containerd.hart.v2"
		  pod_annotations = ["org.hart.*"]
		  container_annotations = ["org.hart.*"]
	EOT
}

# The same folder twice: with a program that does nothing, and with none.
images() {
	make_rootfs rootfs && umoci init --layout layout && umoci new --image layout:bb &&
		umoci insert --image layout:bb rootfs / && umoci tag --image layout:bb pause &&
		umoci config --image layout:pause --config.entrypoint /bin/sleep --config.cmd 1099 &&
		umoci config --image layout:bb --config.entrypoint /bin/sh && tar -C layout -cf image.tar .
}
take_images() { CONTAINERD_NAMESPACE=k8s.io containerd_take --base-name localhost/hart; }

declare -A ids=([web]='' [sb]='' [one]='' [two]='' [three]='' [four]='' [shop]='') # of pods and containers
cri() { timeout -k 5 60 "$here/cri.py" sock "$@"; }
field() { jq -r "$1"; }

ready() { cri Status '{}' | jq -e '[.status.conditions[] | select(.type | IN("RuntimeReady", "NetworkReady")).status] == [true, true]'; }
pod_config() { # NAME ANNOTATIONS
	printf '{"metadata": {"name": "%s", "uid": "u-%s", "namespace": "default"}, "hostname": "%s",
		"log_directory": "%s", "annotations": %s,
		"linux": {"security_context": {"namespace_options": {"pid": 1}}}}' "$1" "$1" "$1" "$work/logs/$1" "${2:-{\}}"
}
run_pod() { # NAME [ANNOTATIONS]: its ID is ids[NAME]
	local answer

	mkdir -p "logs/$1"
	answer=$(cri RunPodSandbox "{\"config\": $(pod_config "$@"), \"runtime_handler\": \"$HANDLER\"}") &&
		ids[$1]=$(field .podSandboxId <<<"$answer")
}
# run_in POD NAME SCRIPT [ANNOTATIONS]: its ID is ids[NAME].
run_in() {
	local answer

	answer=$(cri CreateContainer "$(jq -n --arg pod "${ids[$1]-}" --arg name "$2" --arg script "$3" \
		--argjson annotations "${4:-{\}}" --argjson sandbox "$(pod_config "$1" "${4-}")" \
		'{pod_sandbox_id: $pod, sandbox_config: $sandbox, config: {metadata: {name: $name},
		  linux: {security_context: {namespace_options: {pid: 1}}},
		  image: {image: "localhost/hart:bb"}, command: ["/bin/sh", "-c", $script], log_path: ($name + ".log"),
		  annotations: $annotations}}')") &&
		ids[$2]=$(field .containerId <<<"$answer") && cri StartContainer "$(of "$2")"
}
of() { printf '{"container_id": "%s"}' "${ids[$1]-}"; }
state() { cri ContainerStatus "$(of "$1")" | field .status.state; }
is() { [ "$(state "$1")" = "$2" ]; }
exit_code() { cri ContainerStatus "$(of "$1")" | field .status.exitCode; }
pid_of() { cri ContainerStatus "{\"container_id\": \"${ids[$1]-}\", \"verbose\": true}" | field '.info.info | fromjson.pid'; }
ex() { # NAME SCRIPT [TIMEOUT]
	cri ExecSync "$(jq -n --arg id "${ids[$1]-}" --arg script "$2" --argjson timeout "${3:-10}" \
		'{container_id: $id, cmd: ["/bin/sh", "-c", $script], timeout: $timeout}')"
}
says() { ex "$1" "$2" | jq -j '.stdout, .stderr, .exitCode'; }
stop() { cri StopContainer "{\"container_id\": \"${ids[$1]-}\", \"timeout\": ${2:-0}}"; }
remove() { cri RemoveContainer "$(of "$1")"; }
pod_state() { cri PodSandboxStatus "{\"pod_sandbox_id\": \"${ids[$1]-}\"}" | field .status.state; }
end_pod() { cri StopPodSandbox "{\"pod_sandbox_id\": \"${ids[$1]-}\"}" && cri RemovePodSandbox "{\"pod_sandbox_id\": \"${ids[$1]-}\"}"; }
log_has() { grep -Eqx "[0-9TZ:.+-]+ $2" "logs/$1.log"; } # POD/NAME LINE

shims() { pgrep -f "containerd-shim-$HANDLER.*$work"; }
worker() { pgrep -P "$(pgrep -o -f "containerd-shim-hart-v2.*$work")" -f containerd-shim-hart-v2; }
new_worker() { local now; now=$(worker) && [ "$now" != "$1" ]; }
no_shim_left() { ! shims; }
nothing_of_pods() {
	! grep "$work/state/.*rootfs" /proc/self/mounts && ! pgrep -x -f '(/bin/)?sleep 10[0-9][0-9]' &&
		[ -z "$(find /run/containerd/hart/k8s.io -mindepth 1 -maxdepth 1 -not -name 'seccomp~cache' 2>/dev/null)" ] &&
		[ -z "$(ip -o link show type veth)" ]
}

config
check "messages of CRI" protoc --proto_path="$here" --python_out=. "$here/cri.proto"
check "images" images
check "containerd starts" containerd_start
check "the images are taken" take_images
check "the runtime and its network are ready" eventually ready

# -- a pod ---------------------------------------------------------------------------------------

check "a pod" run_pod web
check "it has an address" eval 'cri PodSandboxStatus "{\"pod_sandbox_id\": \"${ids[web]}\"}" | jq -e ".status.network.ip | startswith(\"10.88.0.\")"'
check "a container in it" run_in web one 'echo to the log; echo and aside >&2; sleep 1001'
check "another" run_in web two 'trap "exit 4" TERM; sleep 1002 & wait'
check "they run" eval 'is one RUNNING && is two RUNNING'
[ "$HANDLER" = runc ] || check "in one shim: guardian and worker" eval '[ "$(shims | wc -l)" = 2 ]'
check "they share the pod's network and its name" eval '[ "$(says one "cat /proc/net/fib_trie; echo \$(cat /etc/hostname)")" = "$(says two "cat /proc/net/fib_trie; echo \$(cat /etc/hostname)")" ] && [ "$(says two "cat /etc/hostname")" = "web
0" ]'
check "the log, in the format of CRI" eval 'eventually log_has web/one "stdout F to the log" && eventually log_has web/one "stderr F and aside"'
check "ExecSync: output, errors, status" prints 'out
err
7' says one 'echo out; echo err >&2; exit 7'
check "ExecSync: a time limit" eval '! ex one "sleep 1003" 1 2>words && grep -q DEADLINE_EXCEEDED words && eventually eval "! pgrep -x -f \"sleep 1003\""'
check "ExecSync: no such program" eval '! cri ExecSync "{\"container_id\": \"${ids[one]}\", \"cmd\": [\"nosuch\"]}" 2>words && grep -q "executable file not found in" words'
check "the log is opened anew" eval 'mv logs/web/two.log logs/web/two.log.1 && cri ReopenContainerLog "$(of two)" && eventually test -e logs/web/two.log'
if grep -qw memory /sys/fs/cgroup/cgroup.controllers; then
	check "statistics" eval 'cri ContainerStats "$(of one)" | jq -e ".stats | (.cpu.usageCoreNanoSeconds.value | tonumber) > 0 and (.memory.workingSetBytes.value | tonumber) > 0"'
	check "a new memory limit" eval 'cri UpdateContainerResources "{\"container_id\": \"${ids[one]}\", \"linux\": {\"memory_limit_in_bytes\": 67108864}}" && grep -rqx 67108864 /sys/fs/cgroup --include=memory.max'
fi
if [ "${1-}" = limits ]; then
	check "the pod ends" end_pod web
	exit
fi
check "a container that ends" eval 'run_in web three "exit 3" && eventually is three EXITED && [ "$(exit_code three)" = 3 ]'

# -- containerd is killed, its shim is killed ----------------------------------------------------

check "one that ends while containerd is away" run_in web four 'while [ ! -e /tmp/go ]; do sleep 0.1; done; exit 6'
four_pid=$(pid_of four)
check "containerd is killed" containerd_stop -KILL
touch "/proc/$four_pid/root/tmp/go"
eventually eval '! kill -0 $four_pid 2>/dev/null'
check "and starts again" eval 'containerd_start && eventually ready'
check "the pod and its containers are as before" eval '[ "$(pod_state web)" = READY ] && is one RUNNING && is two RUNNING && [ "$(says one "echo back")" = "back
0" ]'
end=6
containerd --version | grep -q ' 1\.6\.' || end=255 # which containerd does not ask for since 1.7
check "and the end is known" eval "eventually is four EXITED && [ \"\$(exit_code four)\" = $end ]"
check "a log goes on" eval 'says one "echo later >/proc/1/fd/1" && eventually log_has web/one "stdout F later"'
if [ "$HANDLER" = hart ]; then
	check "the shim's worker is killed" eval 'old=$(worker) && kill -KILL "$old" && eventually new_worker "$old"'
	check "nothing is lost" eval 'is one RUNNING && is two RUNNING && [ "$(says two "echo still")" = "still
0" ]'
fi

# -- the end -------------------------------------------------------------------------------------

check "a container is stopped: SIGTERM" eval 'stop two 10 && [ "$(exit_code two)" = 4 ]'
check "and another: SIGKILL" eval 'stop one && [ "$(exit_code one)" = 137 ]'
check "they are removed" eval 'remove one && remove two && remove three && remove four'
check "a container in its place" eval 'run_in web one "sleep 1004" && is one RUNNING'
check "the pod ends, with what is in it" end_pod web
check "nothing is left of it" eval 'eventually no_shim_left && eventually nothing_of_pods'

# -- with a standby ------------------------------------------------------------------------------

another() { local now; now=$(pgrep -x -f 'sleep 1005') && [ "$now" != "$1" ]; }
fail_over() { # its program is killed, so the member ends
	local old

	old=$(pgrep -x -f 'sleep 1005') && kill -KILL "$old" && eventually another "$old"
}
standby='{"org.hart.standby": "self", "org.hart.backoff": "10ms:20ms"}'
if [ "$HANDLER" = hart ]; then
	check "a pod with a standby in an annotation" run_pod sb "$standby"
	check "its container" run_in sb shop 'echo generation $HART_GENERATION; exec sleep 1005' "$standby"
	check "the sandbox is a plain container, though it has the pod's annotation" eval '"$HART" --root /run/containerd/hart/k8s.io list | grep -c "^${ids[sb]} .* running" && ! "$HART" --root /run/containerd/hart/k8s.io status "${ids[sb]}" 2>/dev/null | grep generation'
	check "fails: the standby serves, CRI sees one container that runs" eval 'fail_over && is shop RUNNING && eventually log_has sb/shop "stdout F generation 2"'
	check "exec goes to who serves" eval 'ex shop "cat /proc/1/environ" | field .stdout | tr "\0" "\n" | grep -x HART_GENERATION=2'
	check "hart's own commands see it" eval '"$HART" --root /run/containerd/hart/k8s.io status "${ids[shop]}" | grep -q "generation 2"'
	check "a takeover while containerd is away" eval 'containerd_stop -KILL && fail_over && containerd_start && eventually ready && is shop RUNNING && eventually log_has sb/shop "stdout F generation 3"'
	check "it is stopped: one end" eval 'stop shop && is shop EXITED && [ "$(exit_code shop)" = 137 ]'
	check "the pod ends" end_pod sb
	held='{"org.hart.standby": "self", "org.hart.standby-mode": "hot", "org.hart.port": "tcp:8080"}'
	h() { "$HART" --root /run/containerd/hart/k8s.io "$@"; }
	check "a pod with a held port and a hot standby" eval 'run_pod held "$held" && run_in held site "$server" "$held" && id=${ids[site]} && eventually is_hot'
	check "killed twice: nobody is refused at the pod's address, CRI sees one container that runs" eval 'survives "$(cri PodSandboxStatus "{\"pod_sandbox_id\": \"${ids[held]}\"}" | field .status.network.ip):8080" && is site RUNNING'
	check "the pod ends" end_pod held
	check "nothing is left" eval 'eventually no_shim_left && eventually nothing_of_pods'
fi
