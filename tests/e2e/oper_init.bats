#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# contrib/init run by those who read it: inittab by busybox init, as PID 1 of a PID namespace; the script of OpenRC by its
# rc-service and supervise-daemon, out of Debian's packages, which are unpacked into a root of their own.
load lib
load service

test_teardown() {
	[ -z "${init-}" ] || kill -KILL "$init" 2>/dev/null || :
	! mountpoint -q up || umount -l root/proc root/sys/fs/cgroup root/tmp root/run root up
}

# boot FLAG...: init with the line of inittab for $BUNDLE; $init is its process.
boot() {
	mkdir -p etc
	sed -n '/^::respawn:/s,/usr/local/bin/hart run --replace .* web;,'"$HART --root $STATE run --replace $* --bundle $BUNDLE $ID;,p" \
		"$BATS_TEST_DIRNAME/../../contrib/init/inittab" >etc/inittab
	[ "$(wc -l <etc/inittab)" = 1 ]
	unshare --mount --propagation private --pid --fork --kill-child=KILL \
		sh -c "mount -t proc proc /proc && mount --bind '$PWD/etc' /etc && exec busybox init" >init.log 2>&1 3>&- 4>&- </dev/null &
	eventually "[ -n \"\$(pgrep -P $!)\" ]"
	init=$(pgrep -P $!)
}

# hart as init's world sees it.
hart_inside() {
	timeout -k 5 "$COMMAND_TIMEOUT_S" nsenter --target "$init" --pid --mount "$HART" --root "$STATE" "$@" 3>&- 4>&-
}

of_inside() {
	hart_inside status --json "$ID" | jq -r "$1"
}

@test "busybox init: the shim is killed, the service serves on and is adopted" {
	command -v busybox >/dev/null || skip "no busybox"
	bundle "$(web)"
	boot --standby self --listen "unix:$PWD/sock"
	eventually 'ask >/dev/null'
	eventually '[ "$(of_inside .state)" = active ]'
	local before after
	before=$(of_inside .shim.pid)
	load_on -c 2 -d 3 >load.json &
	load=$!
	nsenter --target "$init" --pid --mount kill -KILL "$before"
	eventually 'after=$(of_inside .shim.pid 2>/dev/null) && [ -n "$after" ] && [ "$after" != "$before" ]'
	wait $load
	cat load.json
	[ "$(jq '.refused + .reset + .timeouts + .broken' load.json)" = 0 ]
	[ "$(ask_of generation)" = 1 ]
	hart_inside fail "$ID"
	served_by standby-1
	kill -KILL "$init"
	eventually "! grep -q 'populated 1' /sys/fs/cgroup/$ID/cgroup.events"
	hart delete --force "$ID"
}

# openrc_root: this system with OpenRC unpacked over it, in root/; what is written there stays in memory.
openrc_root() {
	local folder node

	mkdir up root unpacked
	"$BATS_TEST_DIRNAME/../hosts/openrc" unpacked 2>openrc.log || skip "no openrc: $(tail -n 1 openrc.log)"
	mount -t tmpfs tmpfs up
	mkdir up/upper up/work
	mount -t overlay overlay -o lowerdir=/,upperdir=up/upper,workdir=up/work root || skip "no overlay of this root"
	cp -a unpacked/etc unpacked/usr root/
	for folder in bin sbin lib; do
		[ -d unpacked/$folder ] || continue # all is below usr
		cp -a unpacked/$folder/. root/$folder/
	done
	mkdir -p root/dev root/proc root/sys/fs/cgroup
	for node in 'null c 1 3' 'tty c 5 0' 'urandom c 1 9'; do
		# shellcheck disable=SC2086
		[ -e "root/dev/${node%% *}" ] || mknod -m 666 root/dev/${node%% *} ${node#* }
	done
	mount -t proc proc root/proc
	mount --rbind /sys/fs/cgroup root/sys/fs/cgroup
	mount --bind /tmp root/tmp
	mount -t tmpfs tmpfs root/run
	# What `openrc sysinit` and `openrc boot` leave.
	mkdir -p root/run/lock root/run/openrc/{starting,started,stopping,stopped,inactive,wasinactive,failed,hotplugged,daemons,options} \
		root/run/openrc/{exclusive,scheduled,init.d,tmp}
	: >root/run/openrc/softlevel
}

rc() {
	timeout -k 5 60 chroot root /sbin/rc-service --nodeps "hart.$ID" "$@" </dev/null >>rc.log 2>&1 3>&- 4>&-
}

@test "OpenRC: start, the shim is killed, the service serves on and is adopted, stop" {
	openrc_root
	bundle "$(web)"
	mkdir -p root/etc/conf.d
	sed "s,@bindir@/hart,$HART,; s,run --replace,--root $STATE &," "$BATS_TEST_DIRNAME/../../contrib/init/hart.openrc.in" \
		>"root/etc/init.d/hart.$ID"
	chmod +x "root/etc/init.d/hart.$ID"
	echo "flags='--standby self --listen unix:$PWD/sock'; bundle=$BUNDLE" >"root/etc/conf.d/hart.$ID"
	rc start
	eventually 'ask >/dev/null'
	eventually is_warm
	local before
	before=$(shim_pid)
	load_on -c 2 -d 4 >load.json &
	load=$!
	kill -KILL "$before"
	eventually 'after=$(shim_pid 2>/dev/null) && [ -n "$after" ] && [ "$after" != "$before" ]'
	wait $load
	cat load.json
	[ "$(jq '.refused + .reset + .timeouts + .broken' load.json)" = 0 ]
	[ "$(ask_of generation)" = 1 ]
	rc status
	rc stop
	eventually '! hart state "$ID" 2>/dev/null || [ "$(status_of "$ID")" = stopped ]'
}
