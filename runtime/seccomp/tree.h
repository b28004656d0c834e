/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp/tree: a filter made small. libseccomp compares the system call's number with one constant
 * after the other (or in a coarse tree), which the kernel pays for at every installation: it converts
 * each instruction and tries every number. Most neighbours are treated alike, so a binary search over
 * ranges of numbers does the same with a third of the instructions and a tenth of the steps.
 */
#pragma once

#include <linux/filter.h>

struct arena;
struct err;

/*
 * Puts into *ret (in the arena) a program that decides every call as `program` does: each
 * architecture's numbers by binary search, what looks at arguments copied as it is. Programs with
 * instructions that libseccomp never makes are returned unchanged. The result has been compared with
 * the original at every number where the original's decision can change. -ENOMEM.
 */
int seccomp_tree(struct arena *a, const struct sock_fprog *program, struct sock_fprog *ret,
		 struct err *e);
