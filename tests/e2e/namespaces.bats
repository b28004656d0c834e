#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Namespaces: new, joined, the host's.
load lib

host_ns() {
	readlink "/proc/self/ns/$1"
}

@test "the default config gives new namespaces, all but user and time" {
	report
	for ns in cgroup ipc mnt net pid uts; do
		check ".namespaces.$ns != null" ".namespaces.$ns != \"$(host_ns $ns)\""
	done
	check ".namespaces.user == \"$(host_ns user)\""
	check '.pid == 1'
}

@test "a namespace that is not listed is the host's" {
	for ns in ipc:ipc network:net uts:uts pid:pid cgroup:cgroup; do
		report "$(namespace "${ns%:*}" -)" 'del(.hostname, .linux.sysctl)'
		check ".namespaces.${ns#*:} == \"$(host_ns "${ns#*:}")\""
	done
}

@test "namespaces of another container are joined by path" {
	up
	local pid
	pid=$(init_pid)
	ID=joiner
	report "$(namespace network "/proc/$pid/ns/net")" "$(namespace ipc "/proc/$pid/ns/ipc")" \
		"$(namespace uts "/proc/$pid/ns/uts")" 'del(.hostname)'
	for ns in net ipc uts; do
		check ".namespaces.$ns == \"$(readlink "/proc/$pid/ns/$ns")\""
	done
}

@test "a joined PID namespace shows the other container's processes" {
	up
	local pid
	pid=$(init_pid)
	ID=joiner
	report "$(namespace pid "/proc/$pid/ns/pid")"
	check ".namespaces.pid == \"$(readlink "/proc/$pid/ns/pid")\"" '.pid > 1'
}

@test "a namespace path of the wrong type is refused" {
	bundle "$(namespace network /proc/self/ns/uts)"
	refuses 'network|net|namespace' hart run --bundle "$BUNDLE" "$ID"
}

@test "a namespace path that does not exist is refused" {
	bundle "$(namespace ipc /nowhere/ns)"
	refuses '[Nn]o such file' hart run --bundle "$BUNDLE" "$ID"
}

@test "hostname and domainname are set in a new UTS namespace" {
	local before
	before=$(hostname)
	report '.hostname = "box"' '.domainname = "example.org"'
	check '.hostname == "box"' '.domainname == "example.org"'
	[ "$(hostname)" = "$before" ]
}

@test "hostname without a new UTS namespace is refused" {
	bundle '.hostname = "box"' "$(namespace uts -)"
	refuses '[Uu][Tt][Ss]|hostname' hart run --bundle "$BUNDLE" "$ID"
}

@test "the loopback interface of a new network namespace is up" {
	[ "$(output "$(shell 'ip -o link show lo | grep -c LOOPBACK,UP')")" = 1 ]
}

@test "the container's cgroup is the root of its cgroup namespace" {
	report
	check '.cgroup | split("\n") | map(select(startswith("0::"))) == ["0::/"]'
}

@test "offsets of a time namespace shift its clocks" {
	[ -e /proc/self/ns/time ] || skip "the kernel has no time namespaces"
	local uptime
	uptime=$(cut -d. -f1 /proc/uptime)
	report "$(new_namespace time)" \
		'.linux.timeOffsets = {monotonic: {secs: 86400}, boottime: {secs: 172800}}'
	check ".namespaces.time != \"$(host_ns time)\"" \
		".monotonic_s >= $uptime + 86400" ".monotonic_s < $uptime + 87000" \
		".boottime_s >= $uptime + 172800" ".boottime_s < $uptime + 174000"
}

@test "time offsets without a time namespace are refused" {
	[ -e /proc/self/ns/time ] || skip "the kernel has no time namespaces"
	bundle '.linux.timeOffsets = {monotonic: {secs: 86400}}'
	refuses 'time' hart run --bundle "$BUNDLE" "$ID"
}

@test "sysctl values are set in the container's namespaces" {
	[ "$(output '.linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.shm_rmid_forced": "1"}' \
		"$(shell 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shm_rmid_forced')")" = $'1\n1' ]
}

@test "a sysctl of the host is refused" {
	bundle '.linux.sysctl = {"kernel.panic": "7"}'
	refuses 'kernel.panic' hart run --bundle "$BUNDLE" "$ID"
	bundle '.linux.sysctl = {"net.ipv4.ip_forward": "1"}' "$(namespace network -)"
	refuses 'net.ipv4.ip_forward' hart run --bundle "$BUNDLE" "$ID"
}

@test "a sysctl of a joined namespace that is the host's is refused" {
	ln -s "/proc/$$/ns/net" net
	bundle '.linux.sysctl = {"net.ipv4.ip_forward": "1"}' "$(namespace network "$PWD/net")"
	refuses 'net.ipv4.ip_forward.*host' hart run --bundle "$BUNDLE" "$ID"
}
