/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp/cache: compiled filters, kept in ROOT/seccomp~cache (no container can have that name), one
 * file a filter, named by the SHA-256 of all that the program depends on: the profile, libseccomp,
 * the kernel, hart. Only the user that runs hart may read or write there, and an entry is used only
 * when its owner, mode, size and checksum (over name and program) are right.
 */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>

#include "oci.h"

struct arena;

/* Entries; one more makes the oldest go. */
#define SECCOMP_CACHE_MAX 256

struct seccomp_key {
	char hex[65];
};

struct seccomp_key seccomp_cache_key(const struct oci_seccomp *s);

/* True with the program in `a`; false when there is no sound entry. */
bool seccomp_cache_load(struct arena *a, int root_fd, const struct seccomp_key *key,
			struct sock_fprog *ret);

/* Adds an entry. A cache that cannot be written is none: it costs time, nothing else. */
void seccomp_cache_store(int root_fd, const struct seccomp_key *key, const struct sock_fprog *p);
