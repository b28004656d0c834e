/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup/devices: the device filter of cgroup2, an eBPF program of type BPF_PROG_TYPE_CGROUP_DEVICE
 * written by hand: bpf(2), and <linux/bpf.h> at
 * struct bpf_cgroup_dev_ctx.
 */
#pragma once

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>

#include "oci.h"

struct arena;
struct cgroup;
struct err;

struct cgroup_devices_program {
	struct bpf_insn *v;
	size_t n;
	bool allows_all; /* it would let everything through: not needed at all */
};

/*
 * Compiles the rules (NULL: none) and after them the default devices, which a container always
 * has. Each of r, w and m that an access asks for is decided by the last rule that speaks of it
 * for that device; no rule: denied. The same rules give the same program. -EINVAL for a bad rule,
 * -E2BIG for too many.
 */
int cgroup_devices_compile(struct arena *a, const struct oci_resources *r,
			   struct cgroup_devices_program *ret, struct err *e);

/*
 * Loads and attaches the filter. With `update` one of ours that is attached is replaced in one
 * step. Where a user namespace's root may not load programs the filter is left out, as runc does:
 * such a caller cannot make devices either.
 */
int cgroup_devices_apply(struct cgroup *cg, const struct oci_resources *r, bool update,
			 struct err *e);
