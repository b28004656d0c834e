# SPDX-License-Identifier: Apache-2.0
# compare: the same container run with hart and with runc by one engine; what its program sees must be the same.
# The script defines run_with RUNTIME ARGUMENTS...
# shellcheck shell=bash disable=SC2154,SC2016 # lib.bash sets work; $ is jq's

: "${PROBE:?the program that reports what it sees}"

# What differs by nature or by hart's choice: identities, times; how a path is masked, not that it is; that
# a tmpfs gets its folder's mode when it is mounted, not by chmod after that;
# the rootfs, which hart makes private and runc a slave; the keyring, which runc opens to all of the user's;
# the owner of /dev/mqueue, which is made with the user namespace or after it; the null device, which hart opens by a
# mount of its own that has no path; and that the host's devices in a user namespace are bound read-only, so that no
# chmod of theirs reaches the host.
normal='
	def plain: gsub("[0-9a-f]{32,64}"; "ID") | gsub("[0-9a-f]{12}"; "ID");
	def is_mask: (.point | test("^/(proc|sys)/")) and (.type | test("tmpfs$"));
	def is_node: .point | test("^/dev/(null|zero|full|random|urandom|tty)$");
	def access: if is_node then .options |= sub("^r[ow],"; "") else . end;
	def mount: access | {point, root: (.root | plain), options, type, propagation: [.propagation[] | sub(":.*"; "")]}
		+ (if .type == "tmpfs" then {super: (.super | sub(",mode=755"; ""))} else {} end);
	. as $r
	| del(.monotonic_s, .boottime_s, .keyring_id, .devices["/dev/mqueue"]["uid", "gid"])
	| .fds |= map(del(.access) | .target |= sub("\\[.*"; "")
		| if .null_device then .target = "/dev/null" else . end)
	| .sid = (.sid == $r.pid) | .pgid = (.pgid == $r.pid) | .pid = (.pid == 1) | .ppid |= (if . < 2 then . else "other" end)
	| .hostname |= plain | .env |= (map(plain) | sort) | .cgroup |= plain
	| .keyring |= (if . then plain | sub("3f1[3b]000[08]"; "") else . end)
	| .namespaces |= with_entries(.key as $k | .value |= (. == $host.namespaces[$k]))
	| .mounts |= (map(if is_mask then {point, masked: true} elif .point == "/" then {point, options, type}
		else mount end) | sort_by(.point))'

# An engine can lose the output of a program that ends at once (conmon hangs up on who is attached): who succeeded
# without a word is run again.
run_one() { # RUNTIME ARGUMENTS...
	local _
	for _ in 1 2 3 4 5; do
		run_with "$@" >"$1.out" 2>"$1.err"
		echo $? >"$1.status"
		[ "$(<"$1.status")" = 0 ] && [ ! -s "$1.out" ] || return 0
	done
}

# both ARGUMENTS...: run_with each runtime, with one_by_one set not at once: RUNTIME.out, .err, .status. Succeeds
# when they agree.
both() {
	local runtime pids=()

	for runtime in runc hart; do
		(run_one $runtime "$@") &
		pids+=($!)
		[ -z "${one_by_one-}" ] || wait "${pids[@]}"
	done
	wait "${pids[@]}"
	diff runc.status hart.status || { cat runc.err hart.err && return 1; }
}
succeed() { both "$@" && { [ "$(<hart.status)" = 0 ] || { cat hart.err && return 1; }; }; }
report_is_the_same() {
	local runtime

	succeed "$@" bb:1 /probe report || return 1
	for runtime in runc hart; do
		jq -S --argjson host "$(<host.json)" "$normal" $runtime.out >$runtime.json || return 1
	done
	diff runc.json hart.json
}
output_is_the_same() { succeed "$@" && [ -s hart.out ] && diff runc.out hart.out; }
are_refused() { both "$@" && [ "$(<hart.status)" != 0 ] && [ -s hart.err ]; }

# The program sees the same; it prints the same; neither succeeds, and the statuses are the same.
name() { echo "${network:+--network $network }${*//$work\//}"; }
same() { check "$(name "$@")" report_is_the_same "$@"; }
says() { check "$(name "$@")" output_is_the_same "$@"; }
refused() { check "refused: $(name "$@")" are_refused "$@"; }

# The image's root file system, and what the flags name: a shared volume with a mount in it, a seccomp profile.
prepare_folders() {
	make_rootfs rootfs && cp "$PROBE" rootfs/probe && mkdir rootfs/data &&
		echo image >rootfs/data/file && echo 'user:x:5:6::/tmp:/bin/sh' >>rootfs/etc/passwd &&
		echo 'more:x:77:user' >>rootfs/etc/group && "$PROBE" report >host.json &&
		echo 'other:x:9:9::/data:/bin/sh' >passwd && mkdir vol vol/sub && echo volume >vol/file &&
		mount --bind vol vol && mount --make-shared vol && mount -t tmpfs sub vol/sub &&
		printf 'A=1\nB=two words\n' >env.list &&
		jq -n '{defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64"],
			syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 52}]}' >profile.json
}
