/* SPDX-License-Identifier: Apache-2.0 */
/* program_fault: why execve(2) refused a program that is there: its errno alone sends people looking at the wrong file. */
#pragma once

#include <stddef.h>

#define PROGRAM_FAULT_MAX 320

/*
 * Looks into `path`, which content owns, after execve failed with `errnum`, and writes in words what keeps it from being
 * executed. Returns `buf`, or NULL: nothing is to be seen there.
 */
const char *program_fault(const char *path, int errnum, char *buf, size_t size);
