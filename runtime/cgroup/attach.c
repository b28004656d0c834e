/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/attach: see cgroup/attach.h. */
#include "cgroup/attach.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/caller.h"
#include "base/err.h"
#include "base/path.h"
#include "systemd/unit.h"

/* Of units, those that have processes. */
static bool is_unit(const char *name, size_t len)
{
	static const char *const ends[] = { ".scope", ".service" };

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		size_t end = strlen(ends[i]);
		if (len > end && !memcmp(name + len - end, ends[i], end))
			return true;
	}
	return false;
}

/* The last part of the path that is a unit's name, and what is below it: "/…/u.scope/a/b" is "u.scope" and "/a/b". */
static bool split(const char *path, char unit[NAME_MAX + 1], const char **ret_below)
{
	*ret_below = NULL;
	for (const char *part = path; *part; part += strcspn(part, "/")) {
		size_t len = strcspn(++part, "/");
		if (!is_unit(part, len) || len > NAME_MAX)
			continue;
		memcpy(unit, part, len);
		unit[len] = '\0';
		*ret_below = part + len;
	}
	return *ret_below;
}

int cgroup_attach_by_systemd(int fd, pid_t pid)
{
	char path[PATH_MAX], unit[NAME_MAX + 1];
	const char *below;
	struct err ignored;
	struct systemd s;

	ssize_t n = readlink(path_of_fd(fd).text, path, sizeof path - 1);
	if (n <= 0 || !caller_is_unprivileged())
		return -EACCES;
	path[n] = '\0';
	if (*path != '/' || !split(path, unit, &below) || systemd_open(&s, true, &ignored) < 0)
		return -EACCES;
	int r = systemd_attach(&s, unit, below, pid ? pid : getpid(), &ignored);
	systemd_close(&s);
	return r;
}
