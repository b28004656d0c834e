#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Images and configs made to break out (security.md 1, 3 to 7).
load lib

# host_canary: a folder of the host that must not change; check_canary tells when it did.
host_canary() {
	mkdir -p canary/sub
	echo untouched >canary/file
	ls -lR --time-style=full-iso canary >canary.before
}

check_canary() {
	ls -lR --time-style=full-iso canary | diff canary.before -
}

# link_into_rootfs NAME TARGET: replaces NAME in the bundle's rootfs by a symlink.
link_into_rootfs() {
	rm -rf "$BUNDLE/rootfs/$1"
	ln -s "$2" "$BUNDLE/rootfs/$1"
}

@test "images whose /dev, /proc, /sys or /tmp are symlinks out of the root change nothing outside" {
	local name target
	host_canary
	for name in dev proc sys tmp dev/pts dev/shm; do
		for target in "$PWD/canary" ../../../../../../../../../../.."$PWD/canary" /canary nowhere \
			. .. /; do
			bundle "$(args /probe print ran)" '.root.readonly = false' \
				'.mounts += [{destination: "/tmp", type: "tmpfs", source: "t"}]' \
				'.linux.devices = [{path: "/dev/net/tun", type: "c", major: 10, minor: 200}]'
			link_into_rootfs "$name" "$target"
			# It runs or is refused: both are fine.
			run_bundle >/dev/null || true
			check_canary
			mv "$BUNDLE" "$BUNDLE.old" && rm -rf "$BUNDLE.old"
			rm -rf state/"$ID"
			same_host
		done
	done
}

@test "the same without a /dev mount" {
	local name target
	host_canary
	for name in dev dev/null dev/console dev/pts dev/ptmx dev/fd dev/stdin; do
		for target in "$PWD/canary/file" "../../../../../../../../../..$PWD/canary/new" /dev/full; do
			bundle "$(args /probe print ran)" '.root.readonly = false' \
				'.mounts |= map(select(.destination | startswith("/dev") | not))'
			mkdir -p "$BUNDLE/rootfs/dev/pts"
			link_into_rootfs "$name" "$target"
			run_bundle >/dev/null || true
			check_canary
		done
	done
}

@test "the same with a terminal" {
	local name target
	host_canary
	for name in dev dev/console dev/pts dev/ptmx dev/null; do
		for target in "$PWD/canary/file" "../../../../../../../../../..$PWD/canary/new"; do
			bundle "$(args /probe print ran)" '.process.terminal = true' '.root.readonly = false' \
				'.mounts |= map(select(.destination | startswith("/dev") | not))'
			mkdir -p "$BUNDLE/rootfs/dev/pts"
			link_into_rootfs "$name" "$target"
			timeout 30 "$PROBE" with-tty 24 80 "$HART" --root "$STATE" run --bundle "$BUNDLE" "$ID" \
				</dev/null >/dev/null 2>&1 3>&- || true
			check_canary
		done
	done
}

@test "masked and read-only paths through symlinks change nothing outside" {
	local target
	host_canary
	for target in "$PWD/canary/sub" "../../../../../../../../../..$PWD/canary/sub"; do
		bundle "$(args /probe print ran)" '.linux.maskedPaths = ["/link", "/var/link/file"]' \
			'.linux.readonlyPaths = ["/link", "/var/link"]'
		ln -s "$target" "$BUNDLE/rootfs/link"
		ln -s "$target" "$BUNDLE/rootfs/var/link"
		run_bundle >/dev/null || true
		check_canary
	done
}

@test "mount targets through symlinks stay inside the root" {
	local target
	host_canary
	for target in "$PWD/canary" "../../../../../../../../../..$PWD/canary"; do
		bundle "$(args /probe print ran)" '.root.readonly = false' \
			'.mounts += [{destination: "/link/made/deep", type: "tmpfs", source: "t"}]'
		ln -s "$target" "$BUNDLE/rootfs/link"
		run_bundle >/dev/null || true
		check_canary
	done
}

test_teardown() {
	! mountpoint -q "$BATS_TEST_TMPDIR/mnt" || umount "$BATS_TEST_TMPDIR/mnt"
}

# steals BINARY ENTRY [FLAG]: a container's process that keeps the exe of what `BINARY exec` runs as
# ENTRY, and writes to it when that has ended; with FLAG when $BUNDLE/rootfs/flag is there. `result`
# waits for what it says. What is run has a full pipe to write to: it waits there to be looked at.
steals() {
	local victim=$1 entry=$2

	bundle "$(args /probe steal-exe ${3:+/flag})"
	printf '#!/proc/self/exe\n' >"$BUNDLE/rootfs/script"
	chmod 755 "$BUNDLE/rootfs/script"
	create "$ID"
	hart start "$ID"
	[ -p full ] || mkfifo full
	: >empty
	exec 7<>full
	dd if=/dev/zero of=full bs=4096 oflag=nonblock 2>/dev/null || true
	timeout 20 "$victim" --root "$STATE" exec "$ID" "$entry" <empty >&7 2>&7 3>&- 7>&- || true
	exec 7>&-
}

result() {
	until_status "$ID" stopped || return 1
	hart delete "$ID"
	cat out
}

needs_static() {
	! readelf -lW "$HART" | grep -q INTERP || skip "the binary is not static"
}

@test "without its seal hart is overwritten by what it runs: the attack works" {
	needs_static
	cp "$(dirname "$PROBE")/unsealed" victim
	steals "$PWD/victim" /script
	[ "$(result)" = won ]
	! cmp -s "$(dirname "$PROBE")/unsealed" victim
}

@test "/proc/self/exe as interpreter does not reach hart's binary" {
	needs_static
	local entry
	cp "$HART" victim
	for entry in /script /script /script; do
		steals "$PWD/victim" $entry
		[ "$(result)" = EROFS ]
		cmp "$HART" victim
	done
}

@test "nor when hart was on a read-only mount that is writable later" {
	needs_static
	mkdir mnt
	mount -t tmpfs tmpfs mnt
	cp "$HART" mnt/victim
	mount -o remount,ro mnt
	steals "$PWD/mnt/victim" /script flag
	mount -o remount,rw mnt
	touch "$BUNDLE/rootfs/flag"
	[ "$(result)" = EROFS ]
	cmp "$HART" mnt/victim
	umount mnt
}

@test "nor where mounts cannot be cloned: a sealed copy runs" {
	needs_static
	cp "$HART" victim
	cat >wrapper <<-END
		#!/bin/sh
		exec strace -f -qq -o /dev/null -e trace=open_tree -e inject=open_tree:error=ENOSYS:when=1 $PWD/victim "\$@"
	END
	chmod 755 wrapper
	steals "$PWD/wrapper" /script
	[ "$(result)" = EPERM ]
	cmp "$HART" victim
}

@test "a process that peeks while exec joins sees none of the host's descriptors" {
	bundle "$(shell 'while :; do for f in /proc/[0-9]*/fd/*; do readlink $f; done 2>/dev/null
		done >/tmp/seen')" '.mounts += [{destination: "/tmp", type: "tmpfs", source: "t"}]'
	# Not the null device: hart opens that by a mount of its own, whose link reads as a folder's does, /.
	: >empty
	hart create --bundle "$BUNDLE" "$ID" <empty >out 2>err
	hart start "$ID"
	for _ in {1..100}; do
		hart exec "$ID" /bin/true <empty >>empty 2>&1
	done
	# What exec's own stdio is (the test's files) is no secret; folders of the host are.
	hart exec "$ID" /bin/grep -E "^($STATE|/sys/fs/cgroup|$PWD/bundle|/$)" /tmp/seen <empty >leaks || true
	[ ! -s leaks ] || { sort -u leaks; return 1; }
}

@test "a /proc that is a redirect: no write lands" {
	local target
	# A tmpfs with decoys in the place of /proc; the process asks for things set through /proc.
	mkdir -p decoy/self/attr decoy/self/task decoy/thread-self/attr decoy/sys/net/ipv4
	touch decoy/self/attr/exec decoy/thread-self/attr/exec decoy/self/oom_score_adj \
		decoy/sys/net/ipv4/ip_forward decoy/self/setgroups
	bundle "$(args /probe print ran)" '.process.oomScoreAdj = 99' \
		'.linux.sysctl = {"net.ipv4.ip_forward": "1"}' \
		".mounts |= map(select(.destination != \"/proc\")) + [{destination: \"/proc\", type: \"bind\",
			source: \"$PWD/decoy\", options: [\"bind\"]}]"
	run_bundle >/dev/null || true
	[ ! -s decoy/self/oom_score_adj ]
	[ ! -s decoy/sys/net/ipv4/ip_forward ]
	[ ! -s decoy/thread-self/attr/exec ]
}

@test "mounts over parts of /proc are refused, or no write goes through them" {
	local before point
	before=$(cat /proc/sys/kernel/sysrq 2>/dev/null || echo none)
	for point in /proc/self/attr /proc/sys /proc/sys/net /proc/thread-self/attr; do
		bundle "$(args /probe print ran)" '.linux.sysctl = {"net.ipv4.ip_forward": "1"}' \
			".mounts += [{destination: \"$point\", type: \"tmpfs\", source: \"t\"}]"
		run_bundle >/dev/null || true
	done
	[ "$(cat /proc/sys/kernel/sysrq 2>/dev/null || echo none)" = "$before" ]
}

@test "a cgroup path with .. is refused" {
	local bad
	for bad in ../escape /../escape a/../../b /a/..; do
		bundle ".linux.cgroupsPath = \"$bad\""
		if run_bundle >/dev/null; then
			# Cleaned to something inside the tree is fine as well.
			same_host
		fi
	done
}

@test "no cgroup file above the container's own is writable from inside" {
	[ "$(output "$(shell 'find / -xdev -name cgroup.procs 2>/dev/null | wc -l
		for f in /sys/fs/cgroup/../cgroup.procs /sys/fs/cgroup/cgroup.procs; do
		/probe try-open $f w; done | sort -u')" \
		'.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro"]}]' |
		tail -n 1)" != 0 ]
	[ "$(output "$(namespace cgroup -)" "$(args /probe try-open /sys/fs/cgroup/cgroup.procs w)" \
		'.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["rw"]}]' \
		)" = 0 ] || true
}

# racer SECONDS: run containers while a name in a shared volume is swapped with a symlink.
@test "renames raced against mounts make nothing outside" {
	local end racer
	host_canary
	mkdir -p volume/dir
	ln -s "$PWD/canary" volume/link
	"$PROBE" racer "$PWD/volume/dir" "$PWD/volume/link" 3>&- &
	racer=$!
	bundle "$(args /probe print ran)" '.root.readonly = false' ".mounts += [
		{destination: \"/volume\", type: \"bind\", source: \"$PWD/volume\", options: [\"rbind\"]},
		{destination: \"/volume/dir/a/b/c\", type: \"tmpfs\", source: \"t\"},
		{destination: \"/volume/dir/d\", type: \"bind\", source: \"$PWD/volume\", options: [\"bind\"]}]" \
		'.linux.maskedPaths += ["/volume/dir/file"]' '.linux.readonlyPaths += ["/volume/dir/sub"]'
	end=$((SECONDS + ${RACE_SECONDS:-5}))
	while [ $SECONDS -lt $end ]; do
		run_bundle >/dev/null 2>&1 || true
		check_canary || { kill $racer; return 1; }
	done
	kill $racer
	wait $racer || true
}

@test "configs that are too deep, too large or malformed are clean errors" {
	bundle
	{ printf '{"unknown": '; head -c 1000000 /dev/zero | tr '\0' '['; } >"$BUNDLE/config.json"
	refuses 'deep|depth|nest' hart create --bundle "$BUNDLE" "$ID"
	{ printf '{"ociVersion": "'; head -c $((17 << 20)) /dev/zero | tr '\0' 'x'; echo '"}'; } \
		>"$BUNDLE/config.json"
	refuses 'large|big|16' hart create --bundle "$BUNDLE" "$ID"
	printf '{"ociVersion": "1.0.0", "ociVersion": "1.0.1"}' >"$BUNDLE/config.json"
	refuses 'ociVersion' hart create --bundle "$BUNDLE" "$ID"
	printf '{"ociVersion": "1.0.0\\u0000"}' >"$BUNDLE/config.json"
	refuses 'NUL|null|zero' hart create --bundle "$BUNDLE" "$ID"
	printf '{"ociVersion": "\xff\xfe"}' >"$BUNDLE/config.json"
	refuses 'UTF-8|utf|invalid' hart create --bundle "$BUNDLE" "$ID"
}

@test "long strings and many mounts" {
	# 64 KiB of hostname is refused, not truncated.
	bundle '.hostname = ("x" * 65536)'
	refuses 'hostname' hart create --bundle "$BUNDLE" "$ID"
	report '.process.env += ["LONG=" + ("x" * 65536)]'
	check '.env | map(select(startswith("LONG="))) | .[0] | length == 65541'
	report '.process.args += [range(5000) | "argument-\(.)"]'
	check '.args | length == 5002'
}
