/* SPDX-License-Identifier: Apache-2.0 */
/* metrics: a container's statistics as containerd wants them. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct container;
struct err;

/* io.containerd.cgroups.v2.Metrics, encoded, in the container's arena. */
int metrics_read(struct container *c, uint8_t **ret, size_t *ret_len, struct err *e);
