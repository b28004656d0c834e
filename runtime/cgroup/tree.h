/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/tree: walking the folders below a cgroup. Their names and depth are the container's
 * doing where it may write its cgroup: nothing here is bounded by them but work. */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

struct err;

/* A removed cgroup's files give ENOENT, those open already ENODEV. */
static inline bool cgroup_is_gone(int r)
{
	return r == -ENOENT || r == -ENODEV;
}

struct cgroup_subdirs {
	int fd; /* opened for reading; borrowed */
	size_t pos, len;
	int error; /* errno of a failed getdents64, else 0 */
	char buf[2048] __attribute__((aligned(8)));
};

/* The first and following sub-cgroups' names (in the iterator's buffer), NULL at the end. */
const char *cgroup_subdirs_next(struct cgroup_subdirs *it);

/* Reads a cgroup's "key value" file: the value of `key`, -ENOENT when the file has none such.
 * `e` may be NULL. */
long long cgroup_read_key(int fd, const char *file, const char *key, struct err *e);
