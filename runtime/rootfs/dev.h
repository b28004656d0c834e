/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dev: the container's /dev: device nodes and the symlinks that programs expect.
 * config-linux.md "Devices", "Default Devices", "Dev symbolic links".
 */
#pragma once

#include <stdbool.h>

struct err;
struct oci_config;

/*
 * Makes linux.devices, the default devices, /dev/fd, stdin, stdout, stderr, core and ptmx below
 * `root_fd`. What is there already is left, but anything that is not the node in the place of one of
 * linux.devices is -EEXIST. `own`: /dev is a file system of the container's own; otherwise it is the
 * image's, where ptmx is left as well. Nothing but linux.devices is made if that is a read-only image
 * without /dev, or if /dev is or leads to another mount: that may be a folder of the host.
 * In a user namespace (`bind`), or where mknod(2) is refused, nodes are the host's, bound
 * read-only onto empty files; their numbers are checked. The caller's umask must be 0, and "/" still the host's.
 */
int dev_setup(int root_fd, const struct oci_config *c, bool bind, bool own, struct err *e);
