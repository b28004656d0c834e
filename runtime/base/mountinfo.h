/* SPDX-License-Identifier: Apache-2.0 */
/* mountinfo: one line of /proc/PID/mountinfo (proc_pid_mountinfo(5)). */
#pragma once

#include <stdbool.h>

struct mountinfo {
	const char *root; /* which folder of the file system is mounted */
	const char *point; /* where, the escapes undone */
	const char *type; /* of the file system: "cgroup2" */
};

/* Cuts the line up; the members point into it. False: not such a line. */
bool mountinfo_parse(char *line, struct mountinfo *ret);
