/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live_cgroup: runtime/cgroup/cgroup.h against a real cgroup2 tree, as root. Each test has a cgroup of its own. What a host
 * has no controller for is skipped: User Mode Linux has them all.
 */
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/io.h"
#include "cgroup/cgroup.h"
#include "cgroup/limits.h"

#define TESTS_MAX 64
#define SET(x) { true, x }
extern struct err e; /* of the last call that failed */

#define OK(call)                                                       \
	do {                                                           \
		if ((call) < 0)                                        \
			fail_msg("%s: %s", #call, e.text);             \
	} while (0)

struct fixture {
	char top[64], path[96]; /* "/hart-live-PID" and a cgroup below it */
	struct cgroup cg;
};

#define LIVE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

bool has(struct fixture *f, const char *controller);
int setup(void **state);
/* Whatever a test left goes, so that a failed one does not fail the next. */
int teardown(void **state);
void make(struct fixture *f, const struct oci_resources *needs);
void assert_file(struct cgroup *cg, const char *file, const char *want);
bool exists(struct fixture *f, const char *path);
/* A process in `dirfd`'s cgroup that waits to be killed. */
pid_t spawn(int dirfd);
int make_sub(int dirfd, const char *name);

/* Adds the tests of a file at `at`; how many. */
size_t live_tree(struct CMUnitTest *at);
size_t live_limits(struct CMUnitTest *at);
size_t live_devices(struct CMUnitTest *at);
size_t live_processes(struct CMUnitTest *at);
