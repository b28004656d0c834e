/* SPDX-License-Identifier: Apache-2.0 */
/* owner: see ports/owner.h, proc_pid_fd(5). */
#include "ports/owner.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

#define DEPTH_MAX 8 /* cgroups that a member made below its own */
#define LOOKS_MAX 65536 /* a member decides how much there is to be looked at, and others wait meanwhile */

struct search {
	char target[40];
	unsigned looks; /* descriptors, processes and cgroups */
};

static bool is_enough(struct search *s)
{
	return ++s->looks > LOOKS_MAX;
}

static void close_dir(DIR **d)
{
	if (*d)
		closedir(*d);
}

static void close_file(FILE **f)
{
	if (*f)
		fclose(*f);
}

static bool process_has(int pid, struct search *s)
{
	char path[32], link[64];
	snprintf(path, sizeof path, "/proc/%d/fd", pid);
	_cleanup_(close_dir) DIR *d = opendir(path);
	const struct dirent *entry;

	while (d && !is_enough(s) && (entry = readdir(d))) {
		ssize_t n = readlinkat(dirfd(d), entry->d_name, link, sizeof link - 1);
		if (n <= 0)
			continue;
		link[n] = '\0';
		if (!strcmp(link, s->target))
			return true;
	}
	return false;
}

static bool any_process_has(int cgroup_fd, struct search *s)
{
	int fd = openat(cgroup_fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	_cleanup_(close_file) FILE *procs = fd < 0 ? NULL : fdopen(fd, "re");
	int pid;

	while (procs && !is_enough(s) && fscanf(procs, "%d", &pid) == 1)
		if (pid > 0 && process_has(pid, s))
			return true;
	return false;
}

static bool tree_has(int cgroup_fd, struct search *s, int depth)
{
	if (any_process_has(cgroup_fd, s))
		return true;
	int again = openat(cgroup_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(close_dir) DIR *d = again < 0 ? NULL : fdopendir(again);
	const struct dirent *entry;

	if (!d)
		return false; /* the cgroup is gone, and all that was in it */
	while (depth < DEPTH_MAX && !is_enough(s) && (entry = readdir(d))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		_cleanup_fd_ int below = openat(cgroup_fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (below >= 0 && tree_has(below, s, depth + 1))
			return true;
	}
	return false;
}

bool port_owner_has(int cgroup_fd, unsigned long inode)
{
	struct search s = { .looks = 0 };

	if (cgroup_fd < 0)
		return true;
	snprintf(s.target, sizeof s.target, "socket:[%lu]", inode);
	return tree_has(cgroup_fd, &s, 0) || s.looks > LOOKS_MAX;
}
