/* SPDX-License-Identifier: Apache-2.0 */
/*
 * path: see path.h. Every lookup starts at the root's fd and is resolved by the kernel inside it;
 * strings are only ever cut at slashes, never judged. openat2(2).
 */
#include "base/path.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"

/* A rename anywhere on the system makes ".." lookups fail with EAGAIN: try again, but not forever. */
#define TRIES 128
#define MAX_LINKS 40

static int try_open_by(int rootfd, const char *path, int flags, unsigned long long resolve)
{
	struct open_how how = { .flags = (unsigned)flags | O_CLOEXEC, .resolve = resolve };

	for (int i = 0; i < TRIES; i++) {
		int fd = sys_openat2(rootfd, *path ? path : ".", &how);
		if (fd >= 0)
			return fd;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
	}
	return -EAGAIN;
}

static int try_open(int rootfd, const char *path, int flags)
{
	return try_open_by(rootfd, path, flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

int path_open_beneath(int dirfd, const char *path, int flags)
{
	return try_open_by(dirfd, path, flags, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
}

int path_open_real(const char *path, int flags)
{
	return try_open_by(AT_FDCWD, path, flags, RESOLVE_NO_SYMLINKS);
}

int path_real_of(struct arena *a, int fd, char **ret)
{
	struct path_fd_name link = path_of_fd(fd);
	char path[PATH_MAX];
	ssize_t n = readlink(link.text, path, sizeof path);

	if (n < 0)
		return -errno;
	*ret = arena_strndup(a, path, (size_t)n);
	return *ret ? 0 : -ENOMEM;
}

int path_real(struct arena *a, const char *path, bool is_file, char **ret)
{
	const char *slash = is_file ? strrchr(path, '/') : NULL;
	char *folder = slash ? arena_strndup(a, path, (size_t)(slash - path) + 1) : NULL, *real = NULL;

	if (is_file && !slash)
		return -EINVAL;
	if (slash && !folder)
		return -ENOMEM;
	_cleanup_fd_ int fd = open(folder ? folder : path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int r = path_real_of(a, fd, &real);
	if (r < 0 || !real)
		return r < 0 ? r : -ENOMEM;
	*ret = slash ? arena_printf(a, "%s/%s", strcmp(real, "/") ? real : "", slash + 1) : real;
	return *ret ? 0 : -ENOMEM;
}

int path_open_folder_of(const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];

	if (!slash || !slash[1] || (size_t)(slash - path) + 2 > sizeof folder)
		return -EINVAL;
	snprintf(folder, sizeof folder, "%.*s", (int)(slash - path) + 1, path);
	*ret_name = slash + 1;
	return path_open_real(folder, O_PATH | O_DIRECTORY);
}

int path_try_open_in(int rootfd, const char *path, int flags)
{
	return try_open(rootfd, path, flags);
}

int path_try_open_nofollow(int rootfd, const char *path, int flags)
{
	return try_open(rootfd, path, flags | O_NOFOLLOW);
}

int path_open_in(int rootfd, const char *path, int flags, struct err *e)
{
	int fd = try_open(rootfd, path, flags);

	return fd < 0 ? err_set(e, -fd, "open %s in the container's root", path) : fd;
}

/* A path on its way to being made: `done` bytes of it exist, `fd` is that folder. */
struct walk {
	char path[PATH_MAX];
	size_t done;
	int fd;
};

/* The length of w->path without its last component. */
static size_t cut_last(const struct walk *w, size_t len)
{
	while (len > 0 && w->path[len - 1] == '/')
		len--;
	while (len > 0 && w->path[len - 1] != '/')
		len--;
	return len;
}

/* Opens the longest part of w->path that exists; `missing`: all of it is known not to. */
static int open_deepest(int rootfd, struct walk *w, bool missing)
{
	size_t len = strlen(w->path);

	if (missing)
		len = cut_last(w, len);
	for (;;) {
		char cut = w->path[len];
		w->path[len] = '\0';
		w->fd = try_open(rootfd, w->path, O_PATH | O_DIRECTORY);
		w->path[len] = cut;
		w->done = len;
		if (w->fd != -ENOENT || len == 0)
			return w->fd < 0 ? w->fd : 0;
		len = cut_last(w, len);
	}
}

/* The component behind w->done: its start and length, 0 at the end. */
static size_t next_component(const struct walk *w, const char **ret)
{
	*ret = w->path + w->done + strspn(w->path + w->done, "/");
	return strcspn(*ret, "/");
}

/* Replaces the component `name` of w->path, a symlink in w->fd, by what it says. */
static int splice_link(struct walk *w, const char *name)
{
	char target[PATH_MAX], whole[PATH_MAX];
	const char *rest = w->path + w->done + strspn(w->path + w->done, "/") + strlen(name);
	ssize_t n = readlinkat(w->fd, name, target, sizeof target - 1);

	if (n < 0)
		return errno == EINVAL ? -ENOTDIR : -errno;
	target[n] = '\0';
	int len = *target == '/' ? snprintf(whole, sizeof whole, "%s%s", target, rest) :
				   snprintf(whole, sizeof whole, "%.*s/%s%s", (int)w->done, w->path,
					    target, rest);
	if (len >= (int)sizeof whole)
		return -ENAMETOOLONG;
	memcpy(w->path, whole, (size_t)len + 1);
	return 0;
}

static int make_file(const struct walk *w, const char *name, mode_t mode)
{
	struct stat st;
	int fd = openat(w->fd, name, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

	if (fd >= 0 || errno != EEXIST)
		return fd < 0 ? -errno : fd;
	fd = openat(w->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || S_ISLNK(st.st_mode)) {
		close(fd);
		return -ENOTDIR;
	}
	return fd;
}

static int make_folder(const struct walk *w, const char *name, mode_t mode)
{
	if (mkdirat(w->fd, name, mode) < 0 && errno != EEXIST)
		return -errno;
	int fd = openat(w->fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Makes `name` in w->fd and goes there; -ENOTDIR when something else, perhaps a link, is there. */
static int make_one(struct walk *w, const char *name, mode_t mode, bool file)
{
	int fd = file ? make_file(w, name, mode) : make_folder(w, name, mode);

	if (fd < 0)
		return fd;
	close(w->fd);
	w->fd = fd;
	return 0;
}

/* Makes what is missing behind w->done. 1 = a symlink was spliced in: look the path up again. */
static int make_missing(struct walk *w, mode_t mode, bool file)
{
	char name[NAME_MAX + 1];
	const char *at;
	size_t len;

	while ((len = next_component(w, &at))) {
		if (len > NAME_MAX)
			return -ENAMETOOLONG;
		memcpy(name, at, len);
		name[len] = '\0';
		bool last = !at[len + strspn(at + len, "/")];
		if (strcmp(name, "..") == 0)
			return -EINVAL;
		if (strcmp(name, ".") != 0) {
			int r = make_one(w, name, last ? mode : 0755, file && last);
			if (r == -ENOTDIR || r == -ELOOP)
				r = splice_link(w, name) < 0 ? -ENOTDIR : 1;
			if (r)
				return r;
		}
		w->done = (size_t)(at + len - w->path);
	}
	return 0;
}

static int make_in(int rootfd, const char *path, mode_t mode, bool file, bool missing)
{
	struct walk w; /* not cleared: it would only touch a page */
	size_t len = strlen(path);

	if (len >= sizeof w.path)
		return -ENAMETOOLONG;
	memcpy(w.path, path, len + 1);
	for (int links = 0; links < MAX_LINKS; links++) {
		int r = open_deepest(rootfd, &w, missing && links == 0);
		if (r < 0)
			return r;
		r = make_missing(&w, mode, file);
		if (r == 0)
			return w.fd;
		fd_close(&w.fd);
		if (r < 0)
			return r;
	}
	return -ELOOP;
}

static int describe(int fd, const char *what, const char *path, struct err *e)
{
	return fd < 0 ? err_set(e, -fd, "make %s %s in the container's root", what, path) : fd;
}

int path_mkdirs_in(int rootfd, const char *path, mode_t mode, struct err *e)
{
	return describe(make_in(rootfd, path, mode, false, false), "folder", path, e);
}

int path_mkfile_in(int rootfd, const char *path, mode_t mode, struct err *e)
{
	int fd = try_open(rootfd, path, O_PATH);

	return fd == -ENOENT ? path_make_missing(rootfd, path, mode, true, e) :
			       describe(fd, "file", path, e);
}

int path_make_missing(int rootfd, const char *path, mode_t mode, bool file, struct err *e)
{
	return describe(make_in(rootfd, path, mode, file, true), file ? "file" : "folder", path, e);
}

int path_parent_in(int rootfd, const char *path, const char **ret_name, struct err *e)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char parent[PATH_MAX];
	size_t len = slash ? (size_t)(slash - path) : 0;

	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return err_msg(e, EINVAL, "path \"%s\" does not end in a name", path);
	if (len >= sizeof parent)
		return err_set(e, ENAMETOOLONG, "path %.64s…", path);
	memcpy(parent, path, len);
	parent[len] = '\0';
	int fd = make_in(rootfd, parent, 0755, false, false);
	if (fd < 0)
		return err_set(e, -fd, "make folder %s in the container's root", parent);
	*ret_name = name;
	return fd;
}

struct path_fd_name path_of_fd(int fd)
{
	struct path_fd_name n;

	snprintf(n.text, sizeof n.text, "/proc/self/fd/%d", fd);
	return n;
}
