/* SPDX-License-Identifier: Apache-2.0 */
/* resume: a worker takes up what the last one left in the ledger and with the guardian. */
#pragma once

#include "shim.h"

/* For the first worker there is nothing. What fails concerns one process or connection alone and is logged. */
void resume(struct shim *s);
