#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Docker and Podman with their defaults on a host that systemd manages: nothing but hart as the runtime. Run on
# tests/hosts/systemdhost. TAP.
# shellcheck disable=SC2154 # lib.bash sets work
set -u
export engine=docker
# shellcheck source=tests/engines/lib.bash
. "$(dirname "$0")/lib.bash"
# shellcheck source=tests/engines/docker.bash
. "$(dirname "$0")/docker.bash"
: "${SHIM:?the folder of the shim under test}"
PATH=$SHIM:$PATH
cd "$work" || exit 1
trap 'p rm -fa >/dev/null 2>&1; clean_up_docker' EXIT

p() { timeout -k 5 60 podman --root "$work/root" --runroot "$work/podman" --storage-driver=vfs --runtime "$HART" "$@" </dev/null; }

units() { systemctl list-units --all --no-legend --plain "$1" | awk '$3 == "active" { print $1 }'; }
is_unit() { # WANT COMMAND...: what names the cgroup of a process
	local want=$1

	shift
	[ "$(sed -n 's/^0:://p' "/proc/$("$@")/cgroup")" = "$want" ]
}
no_unit() { [ -z "$(systemctl list-units --all --no-legend "$1")" ]; }

check "dockerd starts, and its driver is systemd" eval 'start_docker_with_defaults && [ "$(d info -f "{{.CgroupDriver}}")" = systemd ]'
check "an image" make_image bb
check "run" prints hello run --runtime hart bb /bin/echo hello
check "run detached" d run -d --name c1 --runtime hart --network none bb sleep 1000
id=$(d inspect -f '{{.Id}}' c1)
check "its cgroup is Docker's unit" is_unit "/system.slice/docker-$id.scope" state c1 .State.Pid
check "exec" prints ok d exec c1 echo ok
check "pause and unpause" eval 'd pause c1 && is c1 .State.Status paused && d unpause c1'
check "daemon-reload" eval 'systemctl daemon-reload && prints ok d exec c1 echo ok'
check "stop, start again" eval 'd stop -t 1 c1 && d start c1 && is_unit "/system.slice/docker-$id.scope" state c1 .State.Pid'
check "rm leaves no unit" eval 'd rm -f c1 && eventually no_unit "docker-$id.scope"'
# Docker sends that no options: the path alone says whose it is.
if [ "$(docker_version)" -ge 23 ]; then
	check "hart's own shim" d run -d --name c2 --runtime io.containerd.hart.v2 --network none bb sleep 1000
	id=$(d inspect -f '{{.Id}}' c2)
	check "its cgroup is Docker's unit" is_unit "/system.slice/docker-$id.scope" state c2 .State.Pid
	check "exec" prints ok d exec c2 echo ok
	check "rm leaves no unit" eval 'd rm -f c2 && eventually no_unit "docker-$id.scope"'
else
	skip "hart's own shim" "Docker 23 and later run shims by their names"
fi
mkdir -p /etc/hart
echo 'policy hostname=standby: standby=self' >/etc/hart/hart.conf
check "a standby by hart.conf" d run -d --name s1 -h standby --runtime hart --network none bb sleep 1000
id=$(d inspect -f '{{.Id}}' s1)
check "its unit is Docker's" eval '[ "$(units "docker-*")" = "docker-$id.scope" ]'
check "a takeover" eval 'kill -KILL "$(pgrep -f "^sleep 1000" | head -n 1)" && sleep 1 && prints ok d exec s1 echo ok && is s1 .State.Running true'
check "rm of a service leaves no unit" eval 'd rm -f s1 && eventually no_unit "docker-$id.scope"'

engine=podman
unset DOCKER_CONFIG
write_containers_conf
check "an image" eval 'tar -C rootfs -cf image.tar . && p import image.tar bb:1'
check "its manager is systemd" prints systemd p info -f '{{.Host.CgroupManager}}'
check "run" prints hello p run --rm --network=none bb:1 /bin/echo hello
check "run detached" p run -d --name c1 --network=none bb:1 sleep 1000
id=$(p inspect -f '{{.Id}}' c1)
check "its cgroup is Podman's unit" is_unit "/machine.slice/libpod-$id.scope" p inspect -f '{{.State.Pid}}' c1
check "exec" prints ok p exec c1 echo ok
check "pause and unpause" eval 'p pause c1 && [ "$(p inspect -f "{{.State.Status}}" c1)" = paused ] && p unpause c1'
check "stop, start again" eval 'p stop -t 1 c1 && p start c1 && is_unit "/machine.slice/libpod-$id.scope" p inspect -f "{{.State.Pid}}" c1'
check "rm leaves no unit" eval 'p rm -f -t 1 c1 && eventually no_unit "libpod-$id.scope"'
check "a standby by annotation" p run -d --name s1 --network=none --annotation org.hart.standby=self bb:1 sleep 1000
id=$(p inspect -f '{{.Id}}' s1)
check "its unit is Podman's" eval '[ "$(units "libpod-$id.scope")" = "libpod-$id.scope" ]'
check "a takeover" eval 'kill -KILL "$(pgrep -f "^sleep 1000" | head -n 1)" && sleep 1 && prints ok p exec s1 echo ok && [ "$(p inspect -f "{{.State.Running}}" s1)" = true ]'
check "rm of a service leaves no unit" eval 'p rm -f -t 1 s1 && eventually no_unit "libpod-$id.scope"'
check "nothing of hart's is left" eventually nothing_left
