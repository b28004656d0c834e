/* SPDX-License-Identifier: Apache-2.0 */
/* address: the unix socket on which containerd finds a shim, named after what the shim is for. */
#pragma once

struct err;

#define ADDRESS_MAX 128 /* "/run/containerd/s/" and 64 digits */

/* The path for containerd at `containerd`, its namespace and the container or group `id`. */
void address_name(const char *containerd, const char *name_space, const char *id, char ret[ADDRESS_MAX]);

/* Listens there: the descriptor. -EADDRINUSE: somebody does already. What a dead shim left is replaced. */
int address_listen(const char *path, struct err *e);

/* Removes the socket there unless somebody listens. */
void address_remove(const char *path);
