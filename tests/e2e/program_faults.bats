#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A program that is there and cannot be executed: the error says what is wrong with it.
load lib

# program FORMAT: the bundle's program, by printf.
program() {
	bundle "$(args /x)"
	# shellcheck disable=SC2059 # it is a format
	printf "$1" >"$BUNDLE/rootfs/x"
	chmod 755 "$BUNDLE/rootfs/x"
}

fails_with() {
	refuses "exec /x: .*$1" hart run --bundle "$BUNDLE" "$ID"
}

@test "a script: no first line, CR LF, no such interpreter, a byte order mark, empty" {
	program 'echo hello\n'
	fails_with 'as a script it needs a first line like #!/bin/sh'
	program '#!/bin/sh\r\necho hello\r\n'
	fails_with 'its first line ends with CR LF'
	program '#!/usr/bin/none -x\n'
	fails_with 'names, /usr/bin/none, is not in the root file system'
	program '\xef\xbb\xbf#!/bin/sh\n'
	fails_with 'byte order mark'
	program ''
	fails_with 'it is empty'
	program '#!/no\x1b[31mne\n'
	fails_with 'names, /no\?\[31mne, is not'
}

@test "a binary: another architecture, no loader" {
	local machine=$'\\xb7'

	[ "$(uname -m)" = x86_64 ] || machine=$'\\x3e'
	program ''
	cp "$(command -v sort)" "$BUNDLE/rootfs/x"
	fails_with 'its loader, /lib.*ld-linux.*, is not in the root file system'
	printf "$machine" | dd of="$BUNDLE/rootfs/x" bs=1 seek=18 conv=notrunc status=none
	fails_with 'it is a program for .*, and this machine is'
}

@test "exec says it as well" {
	program '#!/usr/bin/none\n'
	config "$(args /probe sleep)"
	create "$ID"
	hart start "$ID"
	refuses 'names, /usr/bin/none, is not' hart exec "$ID" /x
}
