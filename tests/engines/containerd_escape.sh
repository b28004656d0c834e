#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The attacks of tests/e2e/escape_*.bats through containerd's shim: its create, exec, standbys. Each is also made on a
# shim whose defence is off (tests/e2e/probe/weak.c): there it works. TAP; called by run.
# shellcheck disable=SC2154 # lib.bash sets work, containerd.bash image
set -u
export engine=containerd-escape
# shellcheck source=tests/engines/lib.bash
. "$(dirname "$0")/lib.bash"
# shellcheck source=tests/engines/containerd.bash
. "$(dirname "$0")/containerd.bash"
: "${SHIM:?the folder of containerd-shim-hart-v2}" "${PROBE:?the probe}"
tools=$(dirname "$PROBE")
# Only the weak one reads it.
export PATH=$SHIM:$tools:$PATH HART_WEAK=cloexec,null,annotations,aside,lock,rate,late
cd "$work" || exit 1

clean_up() {
	containerd_end
	umount /dev/null own-dev 2>/dev/null
	cd /
	rm -rf "$work"
}
trap clean_up EXIT

run() { run_by "$RT" "$@"; }
strongly() { RT=io.containerd.hart.v2 "$@"; }
weakly() { RT=io.containerd.weak.v2 "$@"; }
ends() { c tasks kill -s KILL "$1"; eventually is "$1" STOPPED && { c tasks rm "$1"; c containers rm "$1"; } >/dev/null 2>&1; ! c tasks ls -q | grep -qx "$1"; }
gone() { c tasks rm -f "$1"; c containers rm "$1"; } >/dev/null 2>&1 # ID
rootfs() { echo "state/io.containerd.runtime.v2.task/default/$1/rootfs"; }

# -- the image: programs whose names, interpreters, loaders are looked up through a descriptor -------------------

FDS="3 4 5 6 7 8 9 10 11 12 13 14 15 16 61 62 63"
out_through() { echo "/proc/self/fd/$1/../../../../../../../../../../../../../..$work/host-program"; }
make_image() {
	local fd

	make_rootfs rootfs
	cp "$PROBE" rootfs/probe
	cp "$tools/../../service/hostile" rootfs/hostile
	cp "$tools/outside" host-program
	for fd in $FDS; do
		ln -s "$(out_through "$fd")" "rootfs/bin/link$fd"
		echo "#!$(out_through "$fd")" >"rootfs/bin/script$fd"
		"$PROBE" make-elf "rootfs/bin/elf$fd" "$(out_through "$fd")"
	done
	printf '#!/bin/sh\nexec sleep 1000\n' >rootfs/bin/wait
	ln -s wait rootfs/bin/app
	chmod 755 rootfs/bin/script* rootfs/bin/wait
	containerd_image
}

# A /dev/null of the test's own: a defence that is off harms nobody.
own_null() {
	mkdir own-dev && mount -t tmpfs -o mode=755 tmpfs own-dev && mknod -m 666 own-dev/null c 1 3 &&
		mount --bind own-dev/null /dev/null
}
is_untouched() {
	[ "$(stat -c %a own-dev/null)" = 666 ] || { chmod 666 own-dev/null; return 1; }
}

mkdir host && echo secret >host/host-secret
containerd_config
check "an image that leads out" make_image
check "a null device of the test's own" own_null
check "containerd starts" containerd_start
check "the image is taken" containerd_take --index-name "$image"

# -- what is open when a name of the image is looked up --------------------------------------------------------

# led_out KIND COMMAND...: the descriptors through which it did, with NAME set to each program of the kind.
led_out() {
	local kind=$1 fd

	shift
	for fd in $FDS; do
		! NAME=/bin/$kind$fd "$@" 2>&1 | grep -q ESCAPED || echo "$kind$fd"
	done
}
stays() { # COMMAND...
	local out

	out=$(led_out link "$@"; led_out script "$@"; led_out elf "$@")
	[ -z "$out" ] || { echo "led out: $out" && return 1; }
}
leaves() { # KIND COMMAND...
	[ -n "$(led_out "$@")" ]
}
entry() {
	run --rm "$image" e0 "$NAME"
	gone e0
}
by_exec() { ex e1 "$NAME"; }

check "the entry point does not lead out" strongly stays entry
for kind in link script elf; do
	check "... without the defence a $kind does" weakly leaves $kind entry
done
check "a container to exec in" strongly run -d "$image" e1 /bin/sleep 1000
check "exec's program does not lead out" strongly stays by_exec
check "its end" ends e1
check "a container to exec in, without the defence" weakly run -d "$image" e1 /bin/sleep 1000
check "... there it does" weakly leaves elf by_exec
check "its end" ends e1

# promoted_through FD: a standby waits, its program is swapped for a way out, and it takes over.
promoted_through() {
	local pid escaped=1

	run -d --annotation org.hart.standby=self --annotation org.hart.max-failures=1 "$image" sb /bin/app || return 2
	eventually eval '[ "$(find /sys/fs/cgroup -path "*/sb/standby-1/cgroup.procs" -exec cat {} + | wc -l)" -ge 1 ]'
	rm "$(rootfs sb)/bin/app" && ln -s "$(out_through "$1")" "$(rootfs sb)/bin/app"
	pid=$(c tasks ls | awk '$1 == "sb" {print $2}')
	kill -KILL "$pid"
	eventually is sb STOPPED
	[ ! -e "$(rootfs sb)/escaped" ] || escaped=0
	gone sb
	return $escaped
}
through=
for fd in 8 3 5 4 6 7 9 10 11 12; do
	[ -n "$through" ] || ! weakly promoted_through $fd >promoted.log 2>&1 || through=$fd
done
check "a promoted standby's program leads out without the defence" [ -n "$through" ]
check "... and with it does not" eval "! strongly promoted_through ${through:-8} && ! strongly promoted_through 3"

# -- what is lent ------------------------------------------------------------------------------------------------

changed() { run --rm "$image" n0 /probe change 0 /proc/keys; }
detached() { # what the process did to its stdin, which nobody has
	run -d --null-io "$image" n1 /bin/sh -c '/probe change 0 >/changed; exec sleep 1000' && eventually [ -s "$(rootfs n1)/changed" ] &&
		cat "$(rootfs n1)/changed"
	gone n1
}
check "masks are no inodes that the container could change" eval 'strongly changed | grep -qx "/proc/keys EROFS" && is_untouched'
check "nor is a detached container's stdin" eval 'strongly detached | grep -qx "0 EROFS" && is_untouched'
check "... without the defence they are the host's" eval 'weakly detached | grep -qx "0 0"; ! is_untouched'

# -- annotations ---------------------------------------------------------------------------------------------------

lower() {
	run --rm --annotation org.hart.overlay=tmpfs --annotation "org.hart.overlay.lower=$work/host:$work/rootfs" "$image" a0 cat /host-secret
	gone a0
}
check "an image's annotations do not read the host" eval 'strongly lower >said 2>&1; ! grep -q secret$ said && grep -q "is not below a folder" said'
check "... without the defence they do" eval '[ "$(weakly lower)" = secret ]'

# -- who may trace, who stops, who makes others wait ---------------------------------------------------------------

peek() {
	run -d --cap-add CAP_SYS_PTRACE "$image" w0 /bin/sh -c 'exec /probe watch >/seen' || return 1
	eventually grep -q watching "$(rootfs w0)/seen"
	for _ in {1..20}; do ex w0 true || return 1; done
	c tasks kill -s TERM w0
	eventually is w0 STOPPED
	cp "$(rootfs w0)/seen" seen
	gone w0
	[ "$(cat seen)" = $'watching\ndone' ] || { cat seen && return 1; }
}
check "a container that may trace sees nothing of the host in what exec starts" strongly peek
check "... without the defence it sees what is to be closed by execve" eval '! weakly peek >peek.log 2>&1 && grep -q "^fd " seen'

# A shim that hangs says no pid any more.
note_pid() { # ID
	c tasks ls | awk '$1 == "'"$1"'" { print $2 }' >"$1.pid" && [ "$(cat "$1.pid")" -gt 1 ]
}

# joined COMMAND...: what a container that may trace finds of the host in what the command makes in its PID namespace, as
# the containers of a pod with shareProcessNamespace are made.
joined() {
	run -d --cap-add CAP_SYS_PTRACE "$image" p0 /bin/sh -c "exec /probe peek $work/host/host-secret >/seen" && note_pid p0 || return 1
	eventually grep -q watching "$(rootfs p0)/seen"
	"$@" || return 1
	c tasks kill -s TERM p0
	eventually is p0 STOPPED
	cp "$(rootfs p0)/seen" seen
	gone p0
	[ "$(cat seen)" = $'watching\ndone' ] || { cat seen && return 1; }
}
in_p0() { run --with-ns "pid:/proc/$(cat p0.pid)/ns/pid" "$@"; }
joiners() {
	for _ in {1..15}; do in_p0 --rm "$image" j0 true || return 1; done
}
execs_in_joiner() {
	in_p0 -d "$image" j1 sleep 1000 || return 1
	for _ in {1..20}; do ex j1 true || return 1; done
	gone j1
}
is_another() { note_pid j2 && [ "$(cat j2.pid)" != "$1" ]; } # PID
service_in_joiner() {
	local last i

	in_p0 -d --annotation org.hart.standby=self --annotation org.hart.backoff=1ms:1ms "$image" j2 sleep 1000 && note_pid j2 || return 1
	for i in 1 2 3 4 5 6; do
		last=$(cat j2.pid)
		kill -KILL "$last"
		eventually is_another "$last" || return 1
	done
	gone j2
}
check "a container that joins the PID namespace of one that may trace is seen with nothing of the host" strongly joined joiners
check "nor is what exec starts in it" strongly joined execs_in_joiner
check "nor are members of a service in it" strongly joined service_in_joiner
check "... without the defence the first is" eval '! weakly joined joiners >peek.log 2>&1 && grep -q "^host" seen'
check "... without the defence the last are" eval '! weakly joined service_in_joiner >peek.log 2>&1 && grep -q "^host" seen'
# Its PID 1 dies by the test's hand, and all that waits goes on.
freed() { # ID
	kill -KILL "$(cat "$1.pid")"
	eventually is "$1" STOPPED
	gone "$1"
}
has_stopped() { # ID [NAME]: something in its cgroup is stopped, but is not called that
	local cgroup

	cgroup=$(sed -n 's/^0:://p' "/proc/$(cat "$1.pid")/cgroup")
	sed 's|.*|/proc/&/status|' "/sys/fs/cgroup$cgroup/cgroup.procs" | xargs grep -Esh '^(Name|State):' |
		awk -v but="${2-}" '/^Name/ { name = $2 } /^State:.T/ && name != but { found = 1 } END { exit !found }'
}
exec_over_and_over() { # ID: until it has ended, or makes who asks wait
	local i=0

	while timeout 60 ctr -a "$work/sock" tasks exec --detach --exec-id "stopped$((++i))" "$1" /bin/true; do :; done
}
stopped_exec() { # [NAME]: not what is called that
	run -d "$image" s0 /probe stop-all && note_pid s0 || return 1
	exec_over_and_over s0 </dev/null >/dev/null 2>&1 &
	eventually has_stopped s0 "$@" || return 1
	timeout 10 ctr -a "$work/sock" tasks kill -s KILL s0 && ends s0
}
check "a container that stops what exec starts can be killed and removed" strongly stopped_exec
# Which is so as long as it has not become its program.
check "... not when exec holds the lock, and kill waits for it" eval '! weakly stopped_exec true && has_stopped s0 true'
check "its end" freed s0

blocked() { # HOW: a member that makes whoever closes its descriptors wait
	run -d --annotation org.hart.standby=self --annotation org.hart.stop-timeout=200ms "$image" h0 /hostile "$1" && note_pid h0 || return 1
	sleep 2
	timeout 10 ctr -a "$work/sock" tasks ls | grep -q h0 && timeout 10 ctr -a "$work/sock" tasks kill -s KILL h0 && ends h0
}
check "parked connections whose close would wait do not stop the shim" strongly blocked linger-store
check "... which they do when it closes them itself" eval '! weakly blocked linger-store'
check "its end" freed h0
check "nor does a flood of messages" strongly blocked flood
journals() { find /run/containerd/hart -path '*/h0/*' -name 'journal*' -type f 2>/dev/null; }
said() { journals | xargs cat | grep -q "$1"; }
flooded() { run -d --annotation org.hart.standby=self "$image" h0 /hostile flood && eventually said starting; }
check "a flood of messages" strongly flooded
sleep 5
check "does not push its start out of the journal" said starting
gone h0
check "... without a bound on their rate" weakly flooded
check "it does" eventually eval '! said starting'
gone h0

no_shim_left() { ! pgrep -af "containerd-shim-.*$work"; }
check "nothing is left" eventually no_shim_left
