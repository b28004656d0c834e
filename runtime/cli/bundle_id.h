/* SPDX-License-Identifier: Apache-2.0 */
/* bundle_id: a container ID made from a bundle's folder. */
#pragma once

struct arena;

#define BUNDLE_ID_MAX 64 /* characters; leaves room for "-N" */

/* The last component of `bundle` with what an ID cannot hold turned into "-"; "container" when
 * nothing is left ("/", ".."). In `a`; NULL on OOM. */
char *bundle_id(struct arena *a, const char *bundle);
