/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jail: a filter for a process of hart's own that others may trace: whatever they make it do, it is one of a few calls.
 */
#pragma once

#include <stddef.h>

struct err;

/* Sets no_new_privs, then allows those calls alone; others are EPERM, and those of another architecture the end. */
int jail_calls(const int *allowed, size_t n, struct err *e);
