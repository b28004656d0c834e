# SPDX-License-Identifier: Apache-2.0
# hostconf: /etc/hart/hart.conf for a file of tests, in their own mount namespace. Load after lib.
# shellcheck shell=bash

# own_etc [LINE...]: the host's /etc from now on, with that hart.conf; no_own_etc in teardown_file.
own_etc() {
	mkdir "$BATS_FILE_TMPDIR/etc"
	mount -t tmpfs etc "$BATS_FILE_TMPDIR/etc"
	mkdir "$BATS_FILE_TMPDIR/etc/"{upper,work}
	mount -t overlay -o "lowerdir=/etc,upperdir=$BATS_FILE_TMPDIR/etc/upper,workdir=$BATS_FILE_TMPDIR/etc/work" etc /etc
	mkdir -p /etc/hart
	host_allows "$@"
}

no_own_etc() {
	umount /etc "$BATS_FILE_TMPDIR/etc"
}

# host_allows [LINE...]: what is in hart.conf.
host_allows() {
	printf '%s\n' "$@" >/etc/hart/hart.conf
}
