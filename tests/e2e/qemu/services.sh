#!/usr/bin/env bash
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

idmapped() {
	mkdir -p "$WORK/disk"
	mount /dev/vdb "$WORK/disk"
	mapped_bind "$WORK/disk/data"
	says 5000:6000 run || return 1
	umount "$WORK/disk"
}

not_idmapped() {
	mapped_bind "$WORK/data"
	refuses 'idmap .*file system cannot.*at /data: Invalid argument' run
}

check "standbys take over and clients notice nothing" takeover
check "a standby takes over from one that the memory limit killed" after_oom
check "who serves goes on without its shim" shim_killed
check "a device that is moved is renamed and keeps address and state" dummy
check "the end of a wire" veth
check "a user without privileges" user_without_privileges
check "a bind with its own mapping on ext4" idmapped
check "a file system that cannot do that is named" not_idmapped
finish
