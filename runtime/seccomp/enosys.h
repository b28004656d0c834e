/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp/enosys: the prologue that answers ENOSYS for system calls newer than the profile. */
#pragma once

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

#include "oci.h"

struct arena;
struct err;

/* The libseccomp token of "SCMP_ARCH_X86_64"; 0 when this build's library knows it not. */
uint32_t seccomp_arch_token(const char *name);

/*
 * BPF that returns ENOSYS for numbers above the highest one that the profile names, for each of its
 * architectures, and otherwise falls through to the program put behind it. Empty (*ret_n = 0) when
 * the default action lets calls pass or is ENOSYS already.
 */
int seccomp_enosys(struct arena *a, const struct oci_seccomp *s, struct sock_filter **ret,
		   size_t *ret_n, struct err *e);
