/* SPDX-License-Identifier: Apache-2.0 */
/*
 * task_options: what containerd's clients ask for beside the config. Those of runc's own shim are understood as far as
 * they mean something here; options of any other type are passed over.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

struct options {
	bool no_pivot, no_new_keyring, systemd_cgroup;
	char shim_cgroup[PATH_MAX]; /* below the mount, "/a/b", for the shim's processes; "": where they are */
};

/* `data` of a message of `type_url`. -EBADMSG. */
int options_read(const char *type_url, const uint8_t *data, size_t len, struct options *ret, struct err *e);

/* The same from what `start` is given on its standard input. */
int options_read_start(const uint8_t *data, size_t len, struct options *ret, struct err *e);
