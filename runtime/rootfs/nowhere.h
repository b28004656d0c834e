/* SPDX-License-Identifier: Apache-2.0 */
/* nowhere: a root that leads to nothing, for a process that others may look through. */
#pragma once

struct err;

/* Makes an empty read-only file system that is mounted nowhere the root and the working directory. */
int nowhere_enter(struct err *e);
