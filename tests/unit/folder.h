/* SPDX-License-Identifier: Apache-2.0 */
/*
 * folder: a folder of the test's own below TMPDIR, and a shell for what is tedious in C. After <cmocka.h>.
 */
#ifndef TESTS_FOLDER_H
#define TESTS_FOLDER_H

#include <stdio.h>
#include <stdlib.h>

#include "within.h"

#define FOLDER_MAX 256

/* Fails the test unless the command, at most 1023 bytes of it, succeeds. */
__attribute__((format(printf, 1, 2))) static inline void shell(const char *fmt, ...)
{
	char command[1024];
	va_list ap;

	va_start(ap, fmt);
	int len = vsnprintf(command, sizeof command, fmt, ap);
	va_end(ap);
	assert_within(len, 1, sizeof command - 1);
	assert_int_equal(system(command), 0);
}

/* Makes it and puts its path into `path`. Returns 0 or -1 with errno, as a set-up does. */
static inline int folder_make(char path[static FOLDER_MAX])
{
	const char *tmp = getenv("TMPDIR");

	snprintf(path, FOLDER_MAX, "%s/hart-unit-XXXXXX", tmp ? tmp : "/tmp");
	return mkdtemp(path) ? 0 : -1;
}

/* Removes it with what is in it, but not what is mounted there. */
static inline int folder_remove(const char *path)
{
	shell("rm -rf --one-file-system '%s'", path);
	return 0;
}

#endif
