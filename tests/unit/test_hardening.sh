#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# hardening: the built programs have what the compiler can give: PIE, full RELRO, no executable stack or page that is
# writable too, stack protector, FORTIFY, and where the processor has them landing pads (CET) or signed returns (PAC).
# Usage: test_hardening.sh CPU PROGRAM...
cpu=$1 failed=0
shift
command -v readelf >/dev/null || exit 77

# wrong PROGRAM TEXT
wrong() {
	echo "$1: $2"
	failed=1
}

# has PROGRAM TEXT PATTERN OPTION...: what readelf says of it has the pattern.
has() {
	program=$1 text=$2 pattern=$3
	shift 3
	readelf -W "$@" "$program" | grep -Eq "$pattern" || wrong "$program" "$text"
}

# begins PROGRAM FUNCTION PATTERN: one of its first three instructions.
begins() {
	objdump -d --no-show-raw-insn --disassemble="$2" "$1" | grep -E '^ *[0-9a-f]+:' | head -n 3 | grep -Eq "$3" ||
		wrong "$1" "$2 does not begin with $3"
}

for p; do
	has "$p" "no PIE" 'Type: +DYN' -h
	has "$p" "no RELRO" GNU_RELRO -l
	has "$p" "not bound at the start" 'BIND_NOW|Flags:.* NOW' -d
	has "$p" "no GNU_STACK" 'GNU_STACK .* RW  ' -l
	! readelf -lW "$p" | grep -Eq ' (RWE|WE) ' || wrong "$p" "a segment that is writable and executable"
	has "$p" "no stack protector" ' __stack_chk_fail' -s
	has "$p" "no FORTIFY" ' __snprintf_chk' -s
	case $cpu in
	x86_64) for f in main err_set hart_entry; do begins "$p" $f endbr64; done ;;
	aarch64) begins "$p" err_set 'paciasp|bti' ;;
	esac
done
exit $failed
