# SPDX-License-Identifier: Apache-2.0
# containerd: a containerd of the test's own, with an image of a busybox folder. Sourced after lib.bash.
# shellcheck shell=bash disable=SC2154 # lib.bash sets work
image=docker.io/library/bb:1
daemon=

containerd_config() {
	cat >"$work/config.toml" <<-EOT
		version = 2
		root = "$work/root"
		state = "$work/state"
		disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs",
		  "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper",
		  "io.containerd.snapshotter.v1.aufs", "io.containerd.internal.v1.opt"]
		[grpc]
		  address = "$work/sock"
		[ttrpc]
		  address = "$work/sock.ttrpc"
		[debug]
		  level = "warn"
	EOT
}

containerd_image() {
	umoci init --layout layout && umoci new --image layout:1 &&
		umoci insert --image layout:1 rootfs / && tar -C layout -cf image.tar .
}

containerd_start() {
	containerd -c "$work/config.toml" >>"$work/containerd.log" 2>&1 &
	daemon=$!
	eventually c version >/dev/null 2>&1
}

# image.tar, by the names that the options give. Since 1.7 the daemon would do it, by snapshotters of its own choice.
containerd_take() { # OPTION...
	local by_client=()

	[[ $(ctr image import --help) != *--local* ]] || by_client=(--local)
	c image import "${by_client[@]}" --snapshotter native "$@" image.tar
}

# With the image, of busybox alone: three lines of TAP.
containerd_begin() {
	containerd_config
	make_rootfs rootfs
	check "an image of a folder" containerd_image
	check "containerd starts" containerd_start
	check "the image is taken" containerd_take --index-name "$image"
}

# With -KILL it has no chance to say good-bye to its shims.
containerd_stop() { # [SIGNAL]
	[ -n "$daemon" ] || return 0
	kill "${1:--TERM}" "$daemon"
	wait "$daemon" 2>/dev/null
	daemon=
}

# Ends all that runs, and unmounts what containerd has mounted below the work folder, which stays.
containerd_end() {
	for t in $(c tasks ls -q 2>/dev/null); do c tasks kill -s KILL "$t"; done >/dev/null 2>&1
	containerd_stop
	pkill -KILL -f "containerd-shim.*$work"
	umount -R state root 2>/dev/null
	find state -name rootfs -exec umount {} \; 2>/dev/null
}

run_by() { c run --runtime "$1" --cpu-shares 0 --snapshotter native "${@:2}"; } # RUNTIME ARGUMENTS
ex() { c tasks exec --exec-id "x$RANDOM$RANDOM" "$@"; }
is() { c tasks ls | grep -q "^$1 .*$2"; } # ID STATE
pid_of() { c tasks ls | awk -v id="$1" '$1 == id { print $2 }'; } # ID
another() { local now; now=$(pid_of "$1") && [ "${now:-0}" -gt 1 ] && [ "$now" != "$2" ]; } # ID PID
kill_active() { local old; old=$(pid_of "$1") && kill -KILL "$old" && eventually another "$1" "$old"; } # ID: of a task with a standby

c() { timeout -k 5 60 ctr -a "$work/sock" "$@" </dev/null; }
