/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/remove: removes a cgroup and all below it, waiting by poll(2) for what still dies. Must
 * not recurse: the container may have nested cgroups as deep as it liked. */
#include "cgroup/cgroup.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "cgroup/tree.h"

/* One pass over the sub-cgroups of `fd`: removes those that have none themselves. *ret_sub: the
 * first that is busy, opened for descending into it; *ret_gone: how many are gone. */
static int remove_subdirs(int fd, int *ret_sub, size_t *ret_gone, struct err *e)
{
	struct cgroup_subdirs it = { .fd = fd };
	const char *name;

	*ret_gone = 0;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_set(e, errno, "rewind");
	while ((name = cgroup_subdirs_next(&it))) {
		if (unlinkat(fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT) {
			(*ret_gone)++;
			continue;
		}
		if (errno != EBUSY)
			return err_set(e, errno, "rmdir %s", name);
		*ret_sub = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (*ret_sub >= 0)
			return 0;
		if (errno != ENOENT)
			return err_set(e, errno, "open %s", name);
		(*ret_gone)++;
	}
	return it.error && it.error != ENOENT ? err_set(e, it.error, "list") : 0;
}

/*
 * Everything below `top`, depth first with one descriptor and "..": down into what is busy, up
 * when a folder is empty. A way up that frees nothing means processes: -EBUSY.
 */
static int remove_below(int top, struct err *e)
{
	_cleanup_fd_ int fd = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t depth = 0, gone;
	bool came_up = false;

	if (fd < 0)
		return errno == ENOENT ? 0 : err_set(e, errno, "open");
	for (;;) {
		int next = FD_NONE, r = remove_subdirs(fd, &next, &gone, e);
		if (r < 0)
			return r;
		if (next >= 0 && came_up && !gone) {
			fd_close(&next);
			return err_set(e, EBUSY, "rmdir");
		}
		if (next < 0 && depth == 0)
			return 0;
		came_up = next < 0;
		depth += came_up ? (size_t)-1 : 1;
		if (came_up)
			next = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (next < 0)
			return err_set(e, errno, "open ..");
		fd_close(&fd);
		fd = next;
	}
}

/* 0 when the folder is gone, -EBUSY when processes hold it. */
static int try_remove(struct cgroup *cg, struct err *e)
{
	if (unlinkat(cg->root_fd, cg->path + 1, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno != EBUSY)
		return err_set(e, errno, "rmdir");
	if (cg->spares && cgroup_read_key(cg->fd, "cgroup.events", "populated", NULL) > 0)
		return err_set(e, EBUSY, "rmdir");
	int r = remove_below(cg->fd, e);
	if (r < 0)
		return r;
	if (unlinkat(cg->root_fd, cg->path + 1, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	return err_set(e, errno, "rmdir");
}

static int remove_until(struct cgroup *cg, long long deadline_ms, struct err *e)
{
	for (;;) {
		int r = try_remove(cg, e);
		int left_ms = clock_left_ms(deadline_ms);
		if (r != -EBUSY || left_ms == 0)
			return r;
		r = cgroup_wait_empty(cg, left_ms, e);
		if (r < 0)
			return r;
		/* Empty now. If the kernel has not let go of the last task yet (it does so after
		 * the exit is seen), there is nothing to poll: look again in a millisecond. */
		r = try_remove(cg, e);
		if (r != -EBUSY)
			return r;
		poll(NULL, 0, 1);
	}
}

int cgroup_remove(struct cgroup *cg, int timeout_ms, struct err *e)
{
	struct err why = ERR_INIT;
	int r = remove_until(cg, clock_now_ms() + timeout_ms, &why);

	if (r >= 0)
		return 0;
	if (r == -ETIMEDOUT)
		r = -EBUSY;
	return err_msg(e, -r, "remove cgroup %s: %s", cg->path, why.text);
}
