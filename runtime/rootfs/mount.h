/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mount: single steps of the new mount API on descriptors: make a detached mount, clone a tree,
 * change it, attach it. Paths appear in messages only. fsopen(2), open_tree(2), move_mount(2),
 * mount_setattr(2).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct mount_options;

/* What mount_new makes. */
struct mount_fs {
	const char *type;
	const char *source; /* shown in mountinfo, or the device; NULL = none */
	const struct mount_options *options; /* data, superblock flags and attributes */
	const char *label; /* SELinux "context=" value or NULL */
	const char *mode; /* tmpfs: "mode=" value or NULL */
	uint64_t attr_skip; /* attributes not set now (MOUNT_ATTR_RDONLY of what is filled first) */
	int *context; /* NULL, or an fsopen(2) of the type, which is taken, in the place of an own one */
	bool pseudo; /* "ro" concerns the mount alone, the superblock is shared or made by the kernel */
};

/*
 * Child: its mount namespace is its own, so the steps below may use mount(2) where the new API is
 * refused (mount_legacy.h). The parent gets that error.
 */
void mount_allow_legacy(void);

/* True when a step failed with `errnum` because that call (SYS_*) is refused, by a filter or an old kernel. */
bool mount_is_refused(int errnum, long call);

/* Gives all mounts of the namespace this propagation (MS_SLAVE or MS_PRIVATE). */
int mount_isolate(unsigned propagation, struct err *e);

/*
 * Makes a new file system instance, detached. Returns the mount's fd, owned by the caller. The
 * kernel's own explanation (fsopen's log) is in the message. -EMSGSIZE: a value is too long for
 * fsconfig(2) (255 bytes).
 */
int mount_new(const struct mount_fs *fs, struct err *e);

/*
 * Clones the mount at `path` (relative to `dirfd`, "" = `dirfd` itself), with everything below it
 * when `recursive`. Returns the fd of the detached tree. Errors are not written to `e` here when it
 * is NULL.
 */
int mount_clone(int dirfd, const char *path, bool recursive, struct err *e);

/* Attaches the detached tree `tree_fd` onto what `target_fd` refers to; `where` is for messages.
 * `tree_fd` stays open: it is the fd of the attached mount now. */
int mount_attach(int tree_fd, int target_fd, const char *where, struct err *e);

struct mount_change {
	uint64_t set, clr; /* MOUNT_ATTR_* */
	uint64_t propagation; /* MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE or 0 */
	bool recursive;
	int userns_fd; /* with MOUNT_ATTR_IDMAP in `set` */
};

/* mount_setattr on the mount whose root `fd` is; nothing is asked of the kernel when nothing is to
 * change. */
int mount_change(int fd, const struct mount_change *change, const char *where, struct err *e);

/*
 * Applies the options to a bind mount's tree: attributes, recursive attributes, propagation.
 * `propagation` (MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE or 0) is given to the whole tree first.
 */
int mount_apply_options(int tree_fd, const struct mount_options *o, bool recursive,
			unsigned propagation, const char *where, struct err *e);

/* Reconfigures the superblock and the attributes of the mount at `target_fd`: option "remount". */
int mount_reconfigure(int target_fd, const struct mount_options *o, const char *where,
		      struct err *e);

/* Sets one string parameter of an fsopen(2) context. -EMSGSIZE when `value` is too long. */
int mount_fs_string(int fs_fd, const char *key, const char *value, struct err *e);

/* Writes "<text>: why", with what the kernel wrote to the context's log. Returns -errnum. */
int mount_fs_error(int fs_fd, int errnum, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
