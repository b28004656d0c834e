#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# man: the generated pages have every section and groff has nothing to complain about.
# Usage: test_man.sh PAGE...
command -v groff >/dev/null || exit 77
failed=0
for page; do
	warnings=$(groff -man -ww -z -Tutf8 "$page" 2>&1)
	if [ -n "$warnings" ]; then
		echo "$page: $warnings"
		failed=1
	fi
	if grep -n '^@' "$page" || ! grep -q '^\.SH NAME' "$page" || ! grep -q '^\.TP' "$page"; then
		echo "$page: not filled in"
		failed=1
	fi
done
exit $failed
