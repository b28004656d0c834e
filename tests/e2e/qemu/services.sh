#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# services: what takes over what on a stock Debian host, devices of the network, mounts with a mapping of
# their own, callers without privileges. Run by tests/hosts/qemuhost. TAP.
cd "$(dirname "$0")" || exit 1
# shellcheck source=tests/e2e/qemu/lib.bash
source ./lib.bash
SERVICE=$(dirname "$PROBE")/../../service
cp "$SERVICE/web" "$WORK/template/"

serve() {
	bundle "$(args /web)" "$1"
	shift
	rt run -d --listen "unix:$WORK/sock" --standby self --bundle "$BUNDLE" "$@" "$ID" </dev/null >"$WORK/up.log" 2>&1 || {
		cat "$WORK/up.log"
		return 1
	}
	eventually is_warm
}

status() {
	rt status --json "$ID" | jq -r "$1"
}

is_warm() {
	rt status --json "$ID" | jq -e '.state == "active" and any(.members[]; .state == "warm")'
}

ask() {
	timeout 30 "$SERVICE/ask" "unix:$WORK/sock" "$@"
}

# Clients that connect meanwhile wait, none is refused.
takeover() {
	serve .
	says primary jq -r .member < <(ask)
	kill -KILL "$(status .pid)"
	says standby-1 jq -r .member < <(ask)
	eventually is_warm
	kill -KILL "$(status .pid)"
	says 3 jq -r .generation < <(ask)
}

after_oom() {
	serve '.linux.resources.memory = {limit: 33554432, swap: 33554432}'
	ask /leak >/dev/null 2>&1 || :
	eventually "[ \"\$(ask | jq -r .member)\" = standby-1 ]"
	jq -se 'any(.[]; .cause == "oom")' "$WORK/state/hart/$ID/journal" >/dev/null
}

shim_killed() {
	local pid

	serve .
	pid=$(status .pid)
	kill -KILL "$(status .shim.pid)"
	says "$pid" eval "rt state $ID | jq .pid"
}

dummy() {
	ip link add q0 type dummy
	ip addr add 10.11.12.13/24 dev q0
	ip link set q0 up mtu 1234
	bundle '.linux.netDevices = {q0: {name: "eth7"}}' "$(shell 'ip -o addr show eth7; ip -o link show eth7')"
	run >"$WORK/out"
	grep -q '10.11.12.13/24' "$WORK/out"
	grep -q 'UP.*mtu 1234\|mtu 1234.*UP' "$WORK/out"
}

# A real wire: the host's end reaches the container.
veth() {
	ip link add q1 type veth peer name q2
	ip addr add 10.11.13.1/24 dev q1
	ip link set q1 up
	ip addr add 10.11.13.2/24 dev q2
	ip link set q2 up
	up '.linux.netDevices = {q2: {name: "eth0"}}'
	eventually ping -c 1 -W 1 10.11.13.2
	rt delete --force "$ID"
	eventually ! ip link show q1
}

user_without_privileges() {
	mkdir -p "$WORK/rootless"
	cp -r "$WORK/template" "$WORK/rootless/rootfs"
	cp "$HART" "$WORK/rootless/hart"
	chown -R 1000:1000 "$WORK/rootless"
	says 0 setpriv --reuid 1000 --regid 1000 --clear-groups env HOME=/ XDG_RUNTIME_DIR="$WORK/rootless" \
		bash -c "cd $WORK/rootless && ./hart spec --rootless && jq '.process.terminal = false
		| .process.args = [\"/bin/id\", \"-u\"]' config.json >new.json && mv new.json config.json &&
		./hart --root $WORK/rootless/state run $ID </dev/null"
}

# owner FOLDER: of a file in a bind of it whose mapping makes 5000 of 1000.
mapped_bind() {
	bundle "$(shell 'stat -c %u:%g /data/file')" ".mounts += [{destination: \"/data\", type: \"bind\",
		source: \"$1\", options: [\"bind\"], uidMappings: [{containerID: 1000, hostID: 5000, size: 1}],
		gidMappings: [{containerID: 1000, hostID: 6000, size: 1}]}]"
	mkdir -p "$1"
	touch "$1/file"
	chown 1000:1000 "$1/file"
}

# Until the test is over.
use_disk() {
	mkdir -p "$WORK/disk"
	mount /dev/vdb "$WORK/disk"
	trap '[ -z "${init-}" ] || kill -KILL $init; umount -l "$WORK/disk"' EXIT
}

idmapped() {
	use_disk
	mapped_bind "$WORK/disk/data"
	says 5000:6000 run
}

not_idmapped() {
	mapped_bind "$WORK/data"
	refuses 'idmap .*file system does not support it.*at /data: Invalid argument' run
}

# A root of busybox and hart alone, read-only, with busybox' init for PID 1.
make_appliance() {
	mkdir -p "$1"/{bin,sbin,dev,etc,proc,run,srv,sys}
	cp "$HART" "$1/bin/hart"
	cp "$(command -v busybox)" "$1/bin/busybox"
	for d in sh mount echo; do ln -s busybox "$1/bin/$d"; done
	ln -s ../bin/busybox "$1/sbin/init"
	cp -r "$WORK/template" "$1/srv/template"
	bundle "$(args /bin/echo once)" && cp -r "$BUNDLE" "$1/srv/once"
	bundle "$(args /bin/sleep 1000)" && cp -r "$BUNDLE" "$1/srv/app"
	bundle "$(args /web)" && cp -r "$BUNDLE" "$1/srv/web"
	echo '::sysinit:/etc/rc' >"$1/etc/inittab"
	sed -n '/^::respawn:/s,/usr/local\(/bin/hart run --replace\) .* --bundle /var/lib/hart/web,\1 --standby self --listen unix:/run/sock --bundle /srv/web,p' \
		../../../contrib/init/inittab >>"$1/etc/inittab"
	cat >"$1/etc/rc" <<-'END'
		#!/bin/sh
		mount -t proc proc /proc
		mount -t sysfs sysfs /sys
		mount -t cgroup2 cgroup2 /sys/fs/cgroup
		mount -t devtmpfs devtmpfs /dev
		mount -t tmpfs tmpfs /run
		exec >/run/log 2>&1
		hart run --bundle /srv/once once
		hart run -d --standby self --bundle /srv/app app
		hart exec app echo inside
		echo done
	END
	chmod 755 "$1/etc/rc"
}

# in_appliance ARGUMENT...: of hart, in the namespaces and the root of the appliance's init.
in_appliance() {
	nsenter -t "$init" -m -p -r -w /bin/hart "$@"
}

appliance() {
	local init=

	use_disk
	make_appliance "$WORK/disk"
	mount -o remount,ro "$WORK/disk"
	env -i PATH=/bin unshare --mount --pid --fork chroot "$WORK/disk" /sbin/init &
	eventually "init=\$(cat /proc/$!/task/$!/children) && [ -n \"\$init\" ]"
	init=${init% }
	eventually grep -q 'done' "/proc/$init/root/run/log"
	says $'once\ninside\ndone' cat "/proc/$init/root/run/log"
	eventually "in_appliance status --json app | jq -e '.members[] | select(.state == \"warm\")'"
	nsenter -t "$init" -m -p -r -w /bin/busybox kill -KILL "$(in_appliance status --json app | jq .pid)"
	eventually "[ \"\$(in_appliance status --json app | jq -r .active)\" = standby-1 ]"
	in_appliance delete --force app
	survives_its_shim
	kill -KILL "$init"
	eventually "! grep -q 'populated 1' /sys/fs/cgroup/web/cgroup.events"
	init=
}

# The line of contrib/init/inittab: the members serve on when hart is killed, and init's next hart adopts them.
survives_its_shim() {
	local shim

	eventually "in_appliance status --json web | jq -e '.members[] | select(.state == \"warm\")'"
	shim=$(in_appliance status --json web | jq .shim.pid)
	nsenter -t "$init" -m -p -r -w /bin/busybox kill -KILL "$shim"
	says 'primary 1' asked "unix:/proc/$init/root/run/sock"
	eventually "shim=\$(in_appliance status --json web | jq \".shim.pid | select(. != $shim)\") && [ -n \"\$shim\" ]"
	says 'primary 1' asked "unix:/proc/$init/root/run/sock"
}

asked() { # ADDRESS
	timeout 30 "$SERVICE/ask" "$1" | jq -r '"\(.member) \(.generation)"'
}

check "standbys take over and clients notice nothing" takeover
check "a standby takes over from one that the memory limit killed" after_oom
check "who serves goes on without its shim" shim_killed
check "a device that is moved is renamed and keeps address and state" dummy
check "the end of a wire" veth
check "a user without privileges" user_without_privileges
check "a bind with its own mapping on ext4" idmapped
check "an appliance: busybox' init and hart on a read-only root" appliance
check "a file system that cannot do that is named" not_idmapped
finish
