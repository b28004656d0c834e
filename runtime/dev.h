/*
 * dev: the container's /dev: device nodes and the symlinks that programs expect.
 * config-linux.md "Devices", "Default Devices", "Dev symbolic links".
 */
#pragma once

#include <stdbool.h>

struct err;
struct oci_config;

/*
 * Makes linux.devices and, with `defaults`, the default devices, /dev/fd, stdin, stdout, stderr,
 * core and ptmx below `root_fd`; a node that is there already is left, anything else in the place of
 * one of linux.devices is -EEXIST. In a user namespace (`bind`), or where mknod(2) is
 * refused, nodes are the host's, bound onto empty files; their numbers are checked. The caller's
 * umask must be 0, and "/" still the host's.
 */
int dev_setup(int root_fd, const struct oci_config *c, bool bind, bool defaults, struct err *e);

/* Opens the host's /dev/null (O_PATH) and makes sure that it is character device 1:3. */
int dev_open_null(struct err *e);
