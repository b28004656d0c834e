#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# All that Podman, and who looks at its containers, does with the pid of a container that has a standby. TAP; called by
# run.
# shellcheck disable=SC2154,SC2016 # lib.bash sets work; $ is for the container's shell
set -u
export engine=podman-standin
# shellcheck source=tests/engines/lib.bash
. "$(dirname "$0")/lib.bash"
# shellcheck source=tests/engines/standin.bash
. "$(dirname "$0")/standin.bash"
# shellcheck source=tests/engines/podman.bash
. "$(dirname "$0")/podman.bash"

h() { "$HART" "$@"; }
run() { p run --rm "$@"; }
pid() { p inspect -f '{{.State.Pid}}' sb; }
up() {
	p run -d --name sb --hostname box --network none --ipc shareable --tmpfs /t -v "$work/volume:/v" --annotation org.hart.standby=self "$@" \
		bb:1 /bin/sh -c 'echo generation $HART_GENERATION; sleep 1000' &&
		id=$(p inspect -f '{{.Id}}' sb) && eventually serves 1 && eventually is_warm
}
# While conmon's own `podman container cleanup` is at it, rm leaves the unmounting to that and may be the faster one:
# "userdata/shm: device or resource busy". It is not mounted any more a moment later.
removed() { p rm -f -t 0 sb || { sleep 1 && p rm -f sb; }; }
has_exited() { # STATUS
	prints "$1" p wait sb
}
in_sb() { p exec sb readlink "/proc/self/ns/$1"; } # KIND

write_containers_conf
make_rootfs rootfs
mkdir volume
tar -C rootfs -c . >image.tar
check "an image from a folder" p import image.tar bb:1
check "a container with a standby" up
check "its pid is in none of the host's namespaces" is_inside "$(pid)"
check "its cgroup is the container's" cgroup_is_below "$(pid)" "$id"
for kind in "net:--network" "ipc:--network none --ipc" "uts:--network none --uts"; do
	check "${kind%:*} of another container's" eval '[ "$(run '"${kind#*:}"' container:sb bb:1 readlink /proc/self/ns/'"${kind%:*}"')" = "$(in_sb '"${kind%:*}"')" ]'
done
check "a PID namespace of another container's: sees its program, and nothing of the host" eval 'run --network none --pid container:sb bb:1 ps >seen && [ "$(grep -c "sleep 1000" seen)" -ge 1 ] && ! grep -E "conmon|podman" seen'
check "cp into and out of it" eval 'echo in >file && p cp file sb:/tmp/file && prints in p exec sb cat /tmp/file && p cp sb:/tmp/file back && [ "$(cat back)" = in ]'
check "cp into a tmpfs of its own, which the host does not get" eval 'p cp file sb:/t/file && prints in p exec sb cat /t/file && p cp sb:/t/file - >/dev/null && [ ! -e /t/file ]'
check "cp into a volume" eval 'p cp file sb:/v/file && [ "$(cat volume/file)" = in ]'
check "top shows its program and nothing of the host" eval 'p top sb >seen && grep -q "sleep 1000" seen && ! grep -E "conmon|podman" seen'
check "top with descriptors" eval 'p top sb pid args user capeff >seen && grep -q "sleep 1000" seen'
check "statistics" eval 'p stats --no-stream --format "{{.Name}}" sb | grep -qx sb'
check "exec" prints box p exec sb cat /proc/sys/kernel/hostname
check "nsenter" eval '[ "$(nsenter -t "$(pid)" -n -i -u -m -p /bin/busybox cat /proc/sys/kernel/hostname)" = box ]'
check "its root in /proc is the container's" eval '[ -e "/proc/$(pid)/root/bin/busybox" ] && [ ! -e "/proc/$(pid)/root$work" ]'
check "pause and unpause" eval 'p pause sb && p unpause sb && p exec sb true'

check "its program is killed: the pid stays, and goes to who serves" eval 'was=$(pid) && kill -KILL "$(active)" && eventually serves 2 && eventually follows && [ "$(pid)" = "$was" ]'
check "cp into the tmpfs of who serves now" eval 'p cp file sb:/t/again && prints in p exec sb cat /t/again'
check "top of who serves now" eval 'p top sb | grep -q "sleep 1000"'
check "the pid gets SIGKILL: it has ended, and rm comes back" eval 'kill -KILL "$(pid)" && has_exited 137 && nothing_runs && p rm sb'
check "the same without a shim" eval 'up && kill_shim && kill -KILL "$(pid)" && has_exited 137 && nothing_runs && p rm sb'
check "the pid gets SIGTERM: the service ends" eval 'up && kill -TERM "$(pid)" && p wait sb && [ "$(p logs sb)" = "generation 1" ] && p rm sb'
check "its shim dies and another one takes it up" eval 'up && was=$(pid) && kill_shim && h adopt "$id" && eventually is_warm && kill -KILL "$(active)" && eventually serves 2 && eventually follows && [ "$(pid)" = "$was" ] && p rm -f -t 0 sb'
check "the host's PID namespace" eval 'up --pid host && kill -KILL "$(pid)" && has_exited 137 && nothing_runs && p rm sb'
check "user namespaces" eval 'up --uidmap 0:100000:65536 --gidmap 0:100000:65536 && is_inside "$(pid)" user && p cp file sb:/tmp/file && prints in p exec sb cat /tmp/file && kill -KILL "$(active)" && eventually serves 2 && eventually follows && p exec sb true && removed'
check "nothing is left" nothing_left
