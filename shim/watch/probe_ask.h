/* SPDX-License-Identifier: Apache-2.0 */
/* probe_ask: one question of a probe, by its kind. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "watch/probe.h"

enum { PROBE_OK, PROBE_FAILED, PROBE_GOES_ON };

/* Begins; returns a descriptor to be watched for *ret_events, borrowed: the socket, or the command's pidfd. -errno: it has failed. */
int probe_ask_start(struct probe *p, uint32_t *ret_events, struct err *e);

/* Something happened on it. PROBE_FAILED: `why` says why. */
int probe_ask_go_on(struct probe *p, uint32_t events, char *why, size_t size);

/* Closes the socket, kills the command. */
void probe_ask_stop(struct probe *p);
