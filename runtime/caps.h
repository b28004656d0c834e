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

/* Sets permitted, effective, inheritable in one call, then the ambient set. */
int caps_apply(const struct oci_capabilities *c, struct err *e);

/* The highest capability that this kernel knows. */
int caps_last(void);
