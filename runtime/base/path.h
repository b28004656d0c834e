/* SPDX-License-Identifier: Apache-2.0 */
/*
 * path: the only door to anything below a root that content controls. openat2(2) with
 * RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS, EAGAIN retried a bounded number of times (a rename raced
 * with a ".." inside), and no fallback that walks the path by strings.
 * What was opened is used by fd from then on: never open the same path again.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct arena;
struct err;

/* Opens `path` (absolute or relative, both mean below `rootfd`) with open(2) `flags` | O_CLOEXEC.
 * Symlinks are followed inside the root. Returns an fd the caller owns, or -errno. */
int path_open_in(int rootfd, const char *path, int flags, struct err *e);

/* Like path_open_in, but does not fill `e`: for lookups where absence is an answer. */
int path_try_open_in(int rootfd, const char *path, int flags);

/* Like path_try_open_in without following a symlink in the last component. `flags` with O_PATH
 * opens the link itself; with O_DIRECTORY it is -ENOTDIR. */
int path_try_open_nofollow(int rootfd, const char *path, int flags);

/*
 * Makes every missing component of `path` below `rootfd` (mkdirat one by one on the fd of the
 * parent, existing symlinks followed inside the root; parents 0755, the last `mode`) and returns an
 * O_PATH|O_DIRECTORY fd of the last. What a dangling symlink names is made inside the root, as images
 * with /var/run -> /run need; ".." behind a missing component is -EINVAL. Idempotent under races.
 */
int path_mkdirs_in(int rootfd, const char *path, mode_t mode, struct err *e);

/* Makes the parents (0755) of `path`, then an empty regular file there unless something exists
 * already. Returns an fd of it for use as a mount target (O_PATH when it existed). */
int path_mkfile_in(int rootfd, const char *path, mode_t mode, struct err *e);

/* path_mkdirs_in, or with `file` path_mkfile_in, for what a lookup has just not found: saves looking
 * once more. Right also when it appears meanwhile. */
int path_make_missing(int rootfd, const char *path, mode_t mode, bool file, struct err *e);

/* Makes the parents (0755) of `path`; gives an O_PATH fd of the parent folder and, in `ret_name`, a
 * pointer into `path` to the last component (not ".", ".." or empty: -EINVAL). */
int path_parent_in(int rootfd, const char *path, const char **ret_name, struct err *e);

/* Opens what lies beneath `dirfd`; a symlink or ".." that leads out is -EXDEV. -errno. */
int path_open_beneath(int dirfd, const char *path, int flags);

/*
 * Paths of the host that are named once and opened later: first the real path, without symlinks (of a file that may
 * be made yet, `is_file`: its folder's), then path_open_real, which follows none: a user that may write on the
 * way cannot lead it elsewhere. All give -errno. Strings are the arena's.
 */
int path_real(struct arena *a, const char *path, bool is_file, char **ret);
int path_real_of(struct arena *a, int fd, char **ret);
int path_open_real(const char *path, int flags);

/* The folder of a file's real path, O_PATH; *ret_name points into `path`. */
int path_open_folder_of(const char *path, const char **ret_name);

/* "/proc/self/fd/N" for calls that have no fd form. */
struct path_fd_name {
	char text[32];
};
struct path_fd_name path_of_fd(int fd);
