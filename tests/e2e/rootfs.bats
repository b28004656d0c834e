#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The root: read-only, masked and read-only paths, propagation, how it is entered.
load lib

@test "a read-only root refuses writes, a writable one takes them" {
	[ "$(output '.root.readonly = true' "$(args /probe try-open /new create)")" = EROFS ]
	[ "$(output '.root.readonly = false' "$(args /probe try-open /new create)")" = 0 ]
	[ -e "$BUNDLE/rootfs/new" ]
}

@test "the root may be an absolute path or a symlink beside the config" {
	bundle "$(args /probe print ok)" ".root.path = \"$PWD/elsewhere\""
	mv "$BUNDLE/rootfs" elsewhere
	[ "$(run_bundle && cat out)" = ok ]
	config '.root.path = "link"'
	ln -s "$PWD/elsewhere" "$BUNDLE/link"
	[ "$(run_bundle && cat out)" = ok ]
}

@test "a root that is not there is named" {
	bundle '.root.path = "nowhere"'
	refuses 'nowhere' hart run --bundle "$BUNDLE" "$ID"
}

@test "nothing of the host's root is reachable" {
	report
	check '.mounts | map(.point) | all(startswith("/"))' \
		'[.mounts[] | select(.point == "/")] | length == 1'
	[ "$(output "$(shell 'cd / && cd ../../../.. && ls -d probe')")" = probe ]
}

@test "masked files are empty, masked folders too" {
	bundle '.linux.maskedPaths = ["/etc/passwd", "/var/dir", "/not/there"]' \
		"$(shell 'cat /etc/passwd; ls -A /var/dir')"
	mkdir "$BUNDLE/rootfs/var/dir"
	touch "$BUNDLE/rootfs/var/dir/file"
	[ "$(run_bundle && cat out)" = '' ]
}

@test "masked folders take no files" {
	bundle '.linux.maskedPaths = ["/var/dir"]' '.root.readonly = false' \
		"$(args /probe try-open /var/dir/x create)"
	mkdir "$BUNDLE/rootfs/var/dir"
	[ "$(run_bundle && cat out)" = EROFS ]
}

@test "the default masked paths hide the kernel's files" {
	report
	[ "$(output "$(shell 'for p in /proc/kcore /proc/keys /proc/timer_list; do
		[ -e $p ] && wc -c <$p; done | sort -u')")" = 0 ]
}

@test "read-only paths refuse writes, recursively" {
	bundle '.linux.readonlyPaths = ["/var", "/not/there"]' '.root.readonly = false' \
		'.mounts += [{destination: "/var/sub", type: "tmpfs", source: "tmpfs"}]' \
		"$(shell '/probe try-open /var/x create; /probe try-open /tmp/x create')"
	[ "$(run_bundle && cat out)" = $'EROFS\n0' ]
}

@test "/proc/sys is read-only by default" {
	[ "$(output "$(args /probe try-open /proc/sys/kernel/domainname w)")" = EROFS ]
}

@test "rootfs propagation" {
	report
	check_mount / '.propagation == [] or (.propagation[0] | startswith("master"))'
	report '.linux.rootfsPropagation = "shared"'
	check_mount / '.propagation[0] | startswith("shared:")'
	report '.linux.rootfsPropagation = "slave"'
	check_mount / '.propagation | all(startswith("shared") | not)'
	report '.linux.rootfsPropagation = "private"'
	check_mount / '.propagation == []'
	report '.linux.rootfsPropagation = "unbindable"'
	check_mount / '.propagation == ["unbindable"]'
	bundle '.linux.rootfsPropagation = "sideways"'
	refuses 'rootfsPropagation|sideways' hart run --bundle "$BUNDLE" "$ID"
}

@test "the container's mounts do not reach the host" {
	local before
	before=$(wc -l </proc/self/mountinfo)
	mkdir shared
	mount -t tmpfs tmpfs shared
	mount --make-shared shared
	bundle '.mounts += [{destination: "/a", type: "tmpfs", source: "t"}]' "$(args /probe sleep)" \
		".root.path = \"$PWD/shared/rootfs\""
	cp -a "$BUNDLE/rootfs" shared/rootfs
	create "$ID"
	[ "$(wc -l </proc/self/mountinfo)" = $((before + 1)) ]
	hart delete --force "$ID"
	umount shared
}

@test "--no-pivot" {
	bundle "$(args /probe report)"
	run_bundle --no-pivot
	cp out report.json
	check '.cwd == "/"' '.pid == 1'
	[ "$(output "$(shell 'ls -d /probe; ls -d /work /home 2>/dev/null | wc -l')")" = $'/probe\n0' ]
}

@test "a rootfs on the host's root file system works without mounting it first" {
	local there
	there=$(mktemp -d /var/tmp/hart-e2e.XXXXXX)
	bundle "$(args /probe print ok)"
	cp -a "$BUNDLE/rootfs" "$there/rootfs"
	config ".root.path = \"$there/rootfs\""
	[ "$(run_bundle && cat out)" = ok ]
	rm -rf "$there"
}

@test "no file of the runtime is left in the rootfs" {
	bundle "$(args /probe print ok)" '.root.readonly = false'
	find "$BUNDLE/rootfs" | sort >before
	run_bundle
	find "$BUNDLE/rootfs" | sort >after
	diff before after
}

@test "without a mount namespace nothing can be isolated: refused" {
	bundle "$(namespace mount -)"
	refuses 'mount' hart run --bundle "$BUNDLE" "$ID"
}
