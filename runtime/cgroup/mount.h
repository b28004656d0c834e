/* cgroup/mount: the part of the search that has logic, for its unit test. */
#pragma once

#include <stdbool.h>

/* The mount point in a line of /proc/PID/mountinfo if that is a cgroup2 mount, else NULL. The line
 * is cut up. *ret_whole: the mount shows the tree from its root. */
char *cgroup_mount_of_line(char *line, bool *ret_whole);
