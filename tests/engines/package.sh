#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The Debian package: built, looked at by lintian, installed, used by systemd, Docker and Podman, upgraded over a service
# that runs, and removed. Run on tests/hosts/systemdhost, whose root is thrown away. TAP.
# shellcheck disable=SC2154 # lib.bash sets work
set -u
export engine=package HART=/usr/bin/hart
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/engines/lib.bash
. "$here/lib.bash"
# shellcheck source=tests/engines/docker.bash
. "$here/docker.bash"
mount -t tmpfs tmpfs "$work" && cd "$work" || exit 1
made=$work/made
mkdir "$made"

p() { timeout -k 5 60 podman --root "$work/root" --runroot "$work/podman" --storage-driver=vfs --runtime /usr/bin/hart "$@" </dev/null; }
clean() { # COMMAND...: no line of output
	local said

	said=$("$@" 2>&1 | grep -v "root privileges is not recommended") || true
	[ -z "$said" ] || { echo "$said" && return 1; }
}
answers() { [ "$(curl -s --max-time 5 http://127.0.0.1:8099/)" = hello ]; }
make_bundle() {
	mkdir -p /var/lib/hart/web/rootfs && "$here/../../contrib/base-image" | tar -C /var/lib/hart/web/rootfs -x &&
		echo hello >/var/lib/hart/web/rootfs/srv/index.html &&
		hart spec --bundle /var/lib/hart/web --host-network --args 'httpd -f -p 8099 -h /srv' &&
		mkdir -p /etc/hart && echo 'HART_FLAGS=--port tcp:8099 --standby self' >/etc/hart/web.env
}
# What dpkg-query lists is there, and is a file of the package's.
is_whole() { dpkg --verify hart && dpkg-query -L hart | while read -r file; do [ -e "$file" ] || exit 1; done; }
is_removed() { [ ! -e /usr/bin/hart ] && [ ! -e /lib/systemd/system/hart@.service ] && ! dpkg-query -L hart 2>/dev/null; }

check "dpkg-buildpackage" "$here/../../contrib/debian/package" "$made"
check "lintian" clean lintian --fail-on error,warning --suppress-tags unstripped-static-library "$made"/*.changes
check "dpkg -i" eval 'dpkg -i "$made"/hart_*.deb && is_whole'
check "the binaries start" eval 'hart --version && containerd-shim-hart-v2 -v'
check "the manual is found" eval 'man -w hart && man -w hart-failover && man -w 8 containerd-shim-hart-v2'
check "a bundle" make_bundle
check "systemctl start hart@web" eval 'systemctl daemon-reload && systemctl start hart@web && eventually answers'
check "a takeover" eval 'hart fail web && answers'
check "installed over itself: the service runs on" eval 'dpkg -i "$made"/hart_*.deb && answers && systemctl is-active hart@web'
check "systemctl stop" eval 'systemctl stop hart@web && ! answers'
check "dockerd knows it by its name alone" eval 'HART=hart start_docker_with_defaults && make_image bb'
check "docker run --runtime hart" prints hello run --runtime hart bb /bin/echo hello
engine=podman
unset DOCKER_CONFIG
check "podman --runtime /usr/bin/hart" eval 'write_containers_conf && tar -C rootfs -cf image.tar . && p import image.tar bb:1 &&
	prints hello p run --rm --network=none bb:1 /bin/echo hello'
engine=package
check "dpkg -P leaves nothing but what an administrator made" eval 'dpkg -P hart && is_removed && [ -e /etc/hart/web.env ]'
remove_all >/dev/null 2>&1
stop_docker
cd / && umount -R "$work"
