/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caps: the five capability sets (config.md "capabilities", capabilities(7)).
 *
 * Order: caps_drop_bounding() while CAP_SETPCAP is there, then user_apply() (which keeps the permitted
 * set), then caps_apply(). The inheritable set is what the config says and nothing of the caller's
 * (CVE-2022-29162, CVE-2022-27650); NULL capabilities mean none at all.
 */
#pragma once

#include <stdbool.h>

struct oci_capabilities;
struct err;

/* Removes from the bounding set what the config does not list. */
int caps_drop_bounding(const struct oci_capabilities *c, struct err *e);

/* Whether all ambient capabilities are permitted and inheritable; the kernel has no others. */
bool caps_ambient_possible(const struct oci_capabilities *c);

/*
 * Sets permitted, effective, inheritable in one call, then the ambient set. `keep_admin`:
 * CAP_SYS_ADMIN stays permitted, though not effective, for a filter that is yet to be installed.
 */
int caps_apply(const struct oci_capabilities *c, bool keep_admin, struct err *e);

/*
 * Before and after the installation of a filter without no_new_privs: CAP_SYS_ADMIN becomes effective;
 * all sets are the config's again, by one capset(2). (execve would take the capability away as well:
 * what is permitted before does not count there.)
 */
int caps_raise_admin(const struct oci_capabilities *c, struct err *e);
int caps_drop_admin(const struct oci_capabilities *c, struct err *e);

/* That one alone, for a process of hart's own. */
int caps_keep_admin(struct err *e);
