#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The README's blocks work as typed: tests/e2e/readme/run.
load lib

@test "each console block of the README works as typed, and shows what is shown" {
	command -v curl >/dev/null || skip "curl is not installed"
	timeout 120 unshare --mount --propagation private --net \
		bash "$BATS_TEST_DIRNAME/readme/run" "$BATS_TEST_DIRNAME/../../README.md" 3>&- 4>&-
}

@test "a block that shows something else, or fails, is found" {
	local block status

	for block in $'# echo is\nshown' $'# false'; do
		printf '```console\n%s\n```\n' "$block" >bad.md
		status=0
		unshare --mount --net bash "$BATS_TEST_DIRNAME/readme/run" bad.md >out 2>&1 || status=$?
		[ "$status" = 1 ]
	done
	printf '```sh\nmake\n```\n' >bad.md
	refuses 'says neither' bash "$BATS_TEST_DIRNAME/readme/run" bad.md
}
