#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# completion: what the generated bash completion offers. Usage: test_completion.sh hart.bash
# shellcheck disable=SC2317 # the completion calls the functions
set -u
# shellcheck source=/dev/null
source "$1"
compopt() { :; } # only works while bash completes
hart() { [[ $* == *"list -q"* ]] && echo "web db ${2-}"; }
failed=0

# expect "WORDS TYPED SO FAR" "OFFERS" (an empty last word is written as _)
expect() {
	read -ra COMP_WORDS <<<"$1"
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	[[ ${COMP_WORDS[COMP_CWORD]} == _ ]] && COMP_WORDS[COMP_CWORD]=''
	_hart
	if [[ "${COMPREPLY[*]}" != "$2" ]]; then
		echo "$1: offered \"${COMPREPLY[*]}\", expected \"$2\""
		failed=1
	fi
}

folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
cd "$folder" && mkdir bundle && touch file
expect "hart ru" "run"
expect "hart --ro" "--root --rootless"
expect "hart --log-format json sta" "start state status"
expect "hart --root /r --debug kill w" "web"
expect "hart --root /r kill /" "/r"
expect "hart kill --a" "--all"
expect "hart kill -a _" "web db -q"
expect "hart run --bundle _" "bundle"
expect "hart run -b _" "bundle"
expect "hart run b" "bundle"
expect "hart run --pid-file f" "file"
expect "hart run --overlay _" ""
expect "hart validate _" "bundle"
expect "hart list --f" "--format"
expect "hart spec _" ""
exit $failed
