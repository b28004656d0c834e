/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/mount: finds the cgroup2 tree and the caller's own place in it. Must not assume a path:
 * the usual mount point is only tried first, because it saves reading mountinfo. */
#include "cgroup/cgroup.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/io.h"
#include "base/mountinfo.h"

#define OWN_CGROUP_MAX_BYTES ((size_t)1 << 20)

static int open_if_cgroup2(const char *path)
{
	_cleanup_fd_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC)
		return FD_NONE;
	return fd_take(&fd);
}

/* Keeps in *found the best mount so far: one of the whole tree ends the search. */
static bool mount_take_line(char *line, int *found)
{
	struct mountinfo m;

	if (!mountinfo_parse(line, &m) || strcmp(m.type, "cgroup2"))
		return false;
	bool whole = !strcmp(m.root, "/");
	if (*found >= 0 && !whole)
		return false;
	int fd = open_if_cgroup2(m.point);
	if (fd < 0)
		return false;
	fd_close(found);
	*found = fd;
	return whole;
}

/* Line by line through a fixed buffer: a host may have very many mounts. A line longer than that
 * (an overlay's) is passed over. */
static int search_mountinfo(int *found, struct err *e)
{
	_cleanup_fd_ int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	char buf[8192];
	size_t len = 0;
	bool skip = false;

	if (fd < 0)
		return err_set(e, errno, "open /proc/self/mountinfo");
	for (;;) {
		ssize_t n = read(fd, buf + len, sizeof buf - 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, errno, "read /proc/self/mountinfo");
		if (n == 0)
			return 0;
		len += (size_t)n;
		buf[len] = '\0';
		char *line = buf, *newline;
		for (; (newline = strchr(line, '\n')); line = newline + 1) {
			*newline = '\0';
			if (!skip && mount_take_line(line, found))
				return 0;
			skip = false;
		}
		len -= (size_t)(line - buf);
		memmove(buf, line, len);
		if (len == sizeof buf - 1) {
			skip = true;
			len = 0;
		}
	}
}

int cgroup_mount_open(struct err *e)
{
	_cleanup_fd_ int fd = open_if_cgroup2("/sys/fs/cgroup");

	if (fd >= 0)
		return fd_take(&fd);
	int r = search_mountinfo(&fd, e);
	if (r < 0)
		return err_in(e, "find the cgroup2 mount");
	if (fd < 0)
		return err_msg(e, ENOENT, "no cgroup2 file system is mounted");
	return fd_take(&fd);
}

int cgroup_path_of(struct arena *a, pid_t pid, char **ret_path, struct err *e)
{
	char path[32] = "/proc/self/cgroup", *text, *next;
	size_t len;

	if (pid)
		snprintf(path, sizeof path, "/proc/%d/cgroup", pid);
	int r = io_read_file(a, AT_FDCWD, path, OWN_CGROUP_MAX_BYTES, &text, &len, e);

	if (r < 0)
		return r;
	for (char *line = text; *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		if (strncmp(line, "0::/", 4))
			continue;
		/* A caller outside its cgroup namespace's root sees "/..": the root is as near as
		 * it can come. */
		if (!strncmp(line + 3, "/..", 3))
			line[4] = '\0';
		*ret_path = line + 3;
		return 0;
	}
	return err_msg(e, ENOENT, "%s names no cgroup2 cgroup", path);
}
