/* SPDX-License-Identifier: Apache-2.0 */
/* exec_process: what `exec` runs: a process document, or init's process with the options over it. */
#pragma once

#include "container.h"

/* *ret lives in `a`; what it shares with `init` stays `init`'s. */
int exec_process(struct arena *a, const struct oci_process *init, const struct exec_opts *o,
		 struct oci_process **ret, struct err *e);
