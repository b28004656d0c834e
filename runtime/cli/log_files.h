/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_files: the log of a service and what was rotated away of it (log, log.1, …), opened without a gap although it
 * is rotated meanwhile.
 */
#pragma once

#include <stddef.h>

struct err;

#define LOG_FILES_MAX 1001 /* --log-keep's most, and the log itself */

struct log_files {
	int fd[LOG_FILES_MAX]; /* the newest first */
	size_t n;
};

/* Opens what is newer than the file `after`, FD_NONE: all. */
int log_files_open(struct log_files *f, int dir_fd, int after, struct err *e);

void log_files_close(struct log_files *f);
