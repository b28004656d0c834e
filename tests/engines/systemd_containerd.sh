#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# containerd told to use the systemd cgroup driver, on a host that systemd manages: with hart's own shim, and with its own
# that calls hart. Run on tests/hosts/systemdhost. TAP.
# shellcheck disable=SC2154 # lib.bash sets work
set -u
export engine=containerd
# shellcheck source=tests/engines/lib.bash
. "$(dirname "$0")/lib.bash"
# shellcheck source=tests/engines/containerd.bash
. "$(dirname "$0")/containerd.bash"
: "${SHIM:?the folder of the shim under test}"
PATH=$SHIM:$PATH
cd "$work" || exit 1
trap 'containerd_end; cd /; rm -rf "$work"' EXIT

in_unit() { # ID OPTION...
	c run --cgroup "system.slice:ctr:$1" --cpu-shares 0 --snapshotter native "${@:2}"
}
# ctr has the flag for runc's alone; such a path means a unit all the same.
own() { in_unit "$1" --runtime io.containerd.hart.v2 "${@:2}"; }
its() { in_unit "$1" --runc-systemd-cgroup --runc-binary "$HART" "${@:2}"; }

is_in() { # ID: its process is in its scope, or in a cgroup below
	grep -q "^0::/system.slice/ctr-$1.scope" "/proc/$(pid_of "$1")/cgroup"
}
is_active() { [ "$(systemctl show -P ActiveState "ctr-$1.scope")" = active ]; }
no_unit() { [ -z "$(systemctl list-units --all --no-legend "ctr-$1.scope")" ]; }
sleepers() { pgrep -f "^/bin/sleep $1\$"; }
is_another() { # PID
	[ -n "$(sleepers 1002)" ] && [ "$(sleepers 1002)" != "$1" ]
}
has_standby() { grep -q 'populated 1' "/sys/fs/cgroup/system.slice/ctr-$1.scope/"*standby-1*/cgroup.events; }
ends() { # ID
	c tasks kill -s KILL "$1" && eventually is "$1" STOPPED && c tasks rm "$1"
	c containers rm "$1" && eventually no_unit "$1"
}

containerd_begin
for how in own its; do
	words="$how shim"
	check "$words: run" prints hello $how r0 --rm $image r0 /bin/echo hello
	check "$words: run detached" $how t1 -d $image t1 /bin/sleep 1001
	check "$words: its cgroup is a unit" eval 'is_in t1 && is_active t1'
	check "$words: exec" prints inside ex t1 echo inside
	check "$words: pause, daemon-reload, resume" eval 'c tasks pause t1 && systemctl daemon-reload && is t1 PAUSED &&
		c tasks resume t1 && prints on ex t1 echo on'
	check "$words: nothing is left of the unit" ends t1
	check "$words: a standby" $how s1 -d --annotation org.hart.standby=self $image s1 /bin/sleep 1002
	check "$words: in one unit" eval 'eventually is_active s1 && [ "$(systemctl list-units --no-legend "ctr-*" | wc -l)" = 1 ]'
	check "$words: the standby is there" eventually has_standby s1
	check "$words: a takeover" eval 'old=$(sleepers 1002) && kill -KILL $old && eventually is_another "$old" &&
		eventually prints ok ex s1 echo ok && is s1 RUNNING &&
		grep -q "^0::/system.slice/ctr-s1.scope/" "/proc/$(sleepers 1002)/cgroup"'
	check "$words: nothing is left of the service's unit" ends s1
done
