/* SPDX-License-Identifier: Apache-2.0 */
/*
 * env: the environment that goes with GO (hart-failover(7), "What a member is told"; sd_listen_fds(3), sd_notify(3)). In a
 * buffer of the caller's: nothing is allocated on the takeover path.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct err;
struct fdset;

struct env_facts {
	const char *id, *member; /* names of the service and of the member */
	uint64_t generation; /* 0: it runs as a standby, and has none */
	long long watchdog_ms; /* 0: none */
	const struct fdset *fds;
	unsigned n_fds; /* of them, the first are given */
};

/* "NAME=VALUE\0" one behind the other; *ret_len: the bytes that were written. -E2BIG: they do not fit. */
int env_write(const struct env_facts *f, char *buf, size_t size, size_t *ret_len, struct err *e);
