# SPDX-License-Identifier: Apache-2.0
# docker: Debian's dockerd with its data in the work folder, hart as default runtime and runc beside it.
# shellcheck shell=bash disable=SC2154 # lib.bash sets work

# Another docker may come first in PATH.
docker=/usr/bin/docker
daemon=
export DOCKER_HOST=unix://$work/sock DOCKER_CONFIG=$work/config DOCKER_BUILDKIT=0

d() { timeout -k 5 60 $docker "$@" </dev/null; }
# run ARGUMENTS...: to the end, in the foreground.
run() { d run --rm --pull never --network "${network:-none}" "$@"; }

# Overlayfs needs a folder that is none itself.
start_docker_with_networks() { # ARGUMENTS...
	mountpoint -q "$work" || { mount -t tmpfs tmpfs "$work" && cd "$work" || return 1; }
	# shellcheck disable=SC2046 # an option and its value
	dockerd --exec-opt native.cgroupdriver=cgroupfs $(keep_oom_score) --add-runtime "hart=$HART" --default-runtime hart \
		--data-root "$work/data" --exec-root "$work/exec" --pidfile "$work/pid" -H "$DOCKER_HOST" \
		--shutdown-timeout 5 --log-level warn "$@" >>"$work/dockerd.log" 2>&1 &
	daemon=$!
	eventually d version >/dev/null 2>&1 || { tail "$work/dockerd.log" && return 1; }
}

start_docker() { # ARGUMENTS...
	start_docker_with_networks --iptables=false --ip6tables=false --bridge=none "$@"
}

# With systemd's driver, where the host has it; hart is one of its runtimes.
start_docker_with_defaults() {
	mount -t tmpfs tmpfs "$work" && cd "$work" || return 1
	dockerd --add-runtime "hart=$HART" --data-root "$work/data" --exec-root "$work/exec" --pidfile "$work/pid" \
		-H "$DOCKER_HOST" --shutdown-timeout 5 --iptables=false --bridge=none >"$work/dockerd.log" 2>&1 &
	daemon=$!
	eventually d version >/dev/null 2>&1 || { tail "$work/dockerd.log" && return 1; }
}

# Own network namespace: what docker needs of the kernel for bridges.
has_networks() {
	ip link set lo up && ip link add probe type bridge && ip link del probe && iptables -w -t nat -L -n
}

# own_etc LINE...: an /etc of the test's own, with these lines in hart.conf. To be undone by leave_etc.
own_etc() {
	etc=$(mktemp -d) && mount -t tmpfs etc "$etc" && mkdir "$etc"/{upper,work} &&
		mount -t overlay -o "lowerdir=/etc,upperdir=$etc/upper,workdir=$etc/work" etc /etc && mkdir -p /etc/hart &&
		printf '%s\n' "$@" >/etc/hart/hart.conf
}
leave_etc() { umount /etc "$etc" && rmdir "$etc"; }
# The state root of the container $id is a folder below dockerd's.
root_of_states() { find "$work/exec" /run/docker -path "*/$id/service.json" -printf '%h\n' 2>/dev/null | head -n 1 | xargs -r dirname; }
h() { "$HART" --root "$(root_of_states)" "$@"; }

docker_version() { d version -f '{{.Server.Version}}' | cut -d . -f 1; } # the first number of it

stop_docker() {
	[ -n "$daemon" ] && kill "$daemon" && wait "$daemon" 2>/dev/null
	daemon=
}

remove_all() {
	# shellcheck disable=SC2046 # IDs
	set -- $(d ps -aq 2>/dev/null)
	[ $# = 0 ] || d rm -f "$@"
}

clean_up_docker() {
	{ remove_all; stop_docker; } >/dev/null 2>&1
	cd / && umount -R "$work" && rm -rf --one-file-system "$work"
}

# state NAME TEMPLATE: a field of docker inspect.
state() { d inspect -f "{{$2}}" "$1"; }
is() { # NAME TEMPLATE WANT
	[ "$(state "$1" "$2")" = "$3" ]
}

make_image() { # NAME: of the folder rootfs
	{ [ -d rootfs ] || make_rootfs rootfs; } && tar -C rootfs -c . | timeout 30 $docker import - "$1"
}
