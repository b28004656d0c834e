# SPDX-License-Identifier: Apache-2.0
# podman.bash: Podman with folders of its own below $work, where the script is then. Sourced after lib.bash.
# shellcheck shell=bash disable=SC2154 # lib.bash sets work
cd "$work" || exit 1
trap 'p rm -fa -t 0 >/dev/null 2>&1; p pod rm -fa >/dev/null 2>&1; umount -R root/vfs run 2>/dev/null; cd /; rm -rf "$work"' EXIT

p() {
	timeout -k 5 60 podman --root "$work/root" --runroot "$work/run" --runtime "$HART" \
		--cgroup-manager=cgroupfs --events-backend=file --storage-driver=vfs "$@" </dev/null
}
