/* SPDX-License-Identifier: Apache-2.0 */
/* statefile: see statefile.h. */
#include "statefile.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/sys.h"
#include "id.h"
#include "wire/gate.h"

#define STATE_MAX_BYTES ((size_t)4 << 20)

static int take_lock(int fd, const char *id, struct err *e)
{
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return err_set(e, errno, "lock container \"%s\"", id);
	return 0;
}

static int open_dir(struct runtime *rt, const char *id)
{
	return openat(rt->root_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* A process that waited for the lock may hold a folder that was deleted meanwhile, or made anew. */
bool statefile_is_there(struct runtime *rt, int dir_fd, const char *id)
{
	struct stat held, named;

	return fstat(dir_fd, &held) == 0 &&
	       fstatat(rt->root_fd, id, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

int statefile_lock(struct runtime *rt, int dir_fd, const char *id, struct err *e)
{
	int r = take_lock(dir_fd, id, e);

	if (r >= 0 && !statefile_is_there(rt, dir_fd, id))
		return err_msg(e, ENOENT, "container \"%s\" does not exist", id);
	return r;
}

bool statefile_is_locked(struct runtime *rt, const char *id)
{
	_cleanup_fd_ int fd = open_dir(rt, id);

	return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

int statefile_make_dir(struct runtime *rt, const char *id, struct err *e)
{
	if (mkdirat(rt->root_fd, id, 0700) < 0) {
		if (errno == EEXIST)
			return err_msg(e, EEXIST, "container with given ID already exists: \"%s\"", id);
		return err_set(e, errno, "make state folder %s/%s", rt->root, id);
	}
	_cleanup_fd_ int fd = open_dir(rt, id);
	if (fd < 0)
		return err_set(e, errno, "open state folder %s/%s", rt->root, id);
	int r = statefile_lock(rt, fd, id, e);
	return r < 0 ? r : fd_take(&fd);
}

int statefile_open_dir(struct runtime *rt, const char *id, bool lock, struct err *e)
{
	int r = id_check(id, e);

	if (r < 0)
		return r;
	for (;;) {
		_cleanup_fd_ int fd = open_dir(rt, id);
		if (fd < 0 && errno == ENOENT)
			return err_msg(e, ENOENT, "container \"%s\" does not exist", id);
		if (fd < 0)
			return err_set(e, errno, "open state folder %s/%s", rt->root, id);
		if (!lock)
			return fd_take(&fd);
		r = statefile_lock(rt, fd, id, e);
		if (r >= 0)
			return fd_take(&fd);
		if (r != -ENOENT)
			return r;
	}
}

int statefile_load(int dir_fd, const char *id, struct arena *a, struct state **ret, struct err *e)
{
	char *json;
	size_t len;
	int r = io_read_file(a, dir_fd, STATE_FILE, STATE_MAX_BYTES, &json, &len, e);

	/* The folder is there: not to be taken for a container that does not exist. */
	if (r == -ENOENT)
		return err_msg(e, ENODATA, "container \"%s\" does not exist: it is being created or "
			       "deleted, or was interrupted (delete --force)", id);
	if (r >= 0 && state_decode(a, json, len, ret, e) < 0) {
		if (e->code == EINVAL)
			e->code = EBADMSG;
		r = -e->code;
	}
	return r < 0 ? err_in(e, "container \"%s\"", id) : 0;
}

int statefile_save(int dir_fd, const struct state *s, struct err *e)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	int r = state_encode(s, &out, e);

	if (r >= 0 && out.len > STATE_MAX_BYTES)
		return err_msg(e, E2BIG, "save the state of \"%s\": larger than %zu bytes (are there too many "
			       "annotations?)", s->id, STATE_MAX_BYTES);
	return r < 0 ? r : io_replace_at(dir_fd, STATE_FILE, out.data, out.len, 0600, e);
}

int statefile_save_durably(int dir_fd, const struct state *s, struct err *e)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	int r = state_encode(s, &out, e);

	return r < 0 ? r : io_replace_durably_at(dir_fd, STATE_FILE, out.data, out.len, 0600, e);
}

/* Files alone: hart makes no folders in there. */
static int empty_dir(int dir_fd, const char *id, struct err *e)
{
	int copy = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	int r = 0;

	if (!d)
		return err_set(e, errno, "read state folder of \"%s\"", id);
	for (struct dirent *entry; r >= 0 && (entry = readdir(d));) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (unlinkat(dir_fd, entry->d_name, 0) < 0 && errno != ENOENT)
			r = err_set(e, errno, "remove %s/%s", id, entry->d_name);
	}
	closedir(d);
	return r;
}

int statefile_remove(struct runtime *rt, int dir_fd, const char *id, struct err *e)
{
	/* The usual three by name: no need to list the folder. */
	static const char *const files[] = { GATE_FILE, CONFIG_FILE, STATE_FILE };

	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		unlinkat(dir_fd, files[i], 0);
	if (unlinkat(rt->root_fd, id, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno == ENOTEMPTY) {
		int r = empty_dir(dir_fd, id, e);
		if (r < 0)
			return r;
		if (unlinkat(rt->root_fd, id, AT_REMOVEDIR) == 0 || errno == ENOENT)
			return 0;
	}
	return err_set(e, errno, "remove state folder %s/%s", rt->root, id);
}

int statefile_boot_id(char ret[static 40], struct err *e)
{
	ssize_t n = io_read_small(AT_FDCWD, "/proc/sys/kernel/random/boot_id", ret, 40, e);

	if (n < 0)
		return (int)n;
	ret[strcspn(ret, "\n")] = '\0';
	return 0;
}

int statefile_pid_start(pid_t pid, uint64_t *ret, struct err *e)
{
	char path[32], text[1024];

	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	if (io_read_small(AT_FDCWD, path, text, sizeof text, e) < 0)
		return err_msg(e, ESRCH, "process %d is gone", pid);
	/* Field 2 may hold blanks and parentheses: count from the last ')'. */
	char *p = strrchr(text, ')');
	for (int field = 2; p && field < 22; field++)
		p = strchr(p + 1, ' ');
	if (!p)
		return err_msg(e, EIO, "read %s: unexpected format", path);
	*ret = strtoull(p + 1, NULL, 10);
	return 0;
}

/* A zombie is gone for our purposes: it runs nothing any more. */
static bool has_ended(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

static int verified(const struct state *s, int64_t pid, uint64_t pid_start)
{
	char boot_id[40];
	uint64_t start;
	struct err ignored;

	if (pid <= 0)
		return FD_NONE;
	_cleanup_fd_ int fd = sys_pidfd_open((pid_t)pid, 0);
	if (fd < 0 || has_ended(fd))
		return FD_NONE;
	/* The pidfd first, then its identity: a pid that was recycled in between has another start. */
	if (statefile_pid_start((pid_t)pid, &start, &ignored) < 0 || start != pid_start)
		return FD_NONE;
	if (!s->boot_id || statefile_boot_id(boot_id, &ignored) < 0 || strcmp(boot_id, s->boot_id))
		return FD_NONE;
	return fd_take(&fd);
}

int statefile_pidfd(const struct state *s)
{
	return verified(s, s->pid, s->pid_start);
}

int statefile_supervisor(const struct state *s)
{
	return verified(s, s->supervisor_pid, s->supervisor_start);
}

int statefile_standin(const struct state *s)
{
	return verified(s, s->standin_pid, s->standin_start);
}
