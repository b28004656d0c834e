/* SPDX-License-Identifier: Apache-2.0 */
/* heat_mark: see heat_mark.h. */
#include "service/heat_mark.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "service/member.h"

#define MARK_MAX (sizeof "heating." + MEMBER_NAME_MAX)

static void mark_name(const char *member, bool is_ready, char name[MARK_MAX])
{
	snprintf(name, MARK_MAX, "%s%s", is_ready ? "hot." : "heating.", member);
}

int heat_mark(int dir_fd, const char *member, struct err *e)
{
	char name[MARK_MAX];

	mark_name(member, false, name);
	_cleanup_fd_ int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? err_set(e, errno, "write down that %s is a standby that runs", member) : 0;
}

int heat_mark_ready(int dir_fd, const char *member, struct err *e)
{
	char from[MARK_MAX], to[MARK_MAX];

	mark_name(member, false, from);
	mark_name(member, true, to);
	return renameat(dir_fd, from, dir_fd, to) < 0 ? err_set(e, errno, "write down that %s is ready", member) : 0;
}

void heat_unmark(int dir_fd, const char *member)
{
	char name[MARK_MAX];

	mark_name(member, false, name);
	unlinkat(dir_fd, name, 0);
	mark_name(member, true, name);
	unlinkat(dir_fd, name, 0);
}

static bool is_there(int dir_fd, const char *name)
{
	struct stat st;

	return fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

enum heat_mark heat_mark_of(int dir_fd, const char *member)
{
	char hot[MARK_MAX], heating[MARK_MAX];

	mark_name(member, true, hot);
	mark_name(member, false, heating);
	return is_there(dir_fd, hot) ? HEAT_READY : is_there(dir_fd, heating) ? HEAT_STARTED : HEAT_NONE;
}
