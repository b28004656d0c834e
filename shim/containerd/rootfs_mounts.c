/* SPDX-License-Identifier: Apache-2.0 */
/* rootfs_mounts: see rootfs_mounts.h. The bundle is containerd's and nobody else's; its folder "rootfs" is opened once. */
#include "rootfs_mounts.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "rootfs/mount.h"
#include "rootfs/mount_options.h"

#define LAYERS "lowerdir="
#define UNMOUNTS_MAX 64

static int rootfs_mounts_open_target(const char *bundle, struct err *e)
{
	_cleanup_fd_ int dir = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = dir < 0 ? -1 : openat(dir, "rootfs", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? err_set(e, errno, "open %s/rootfs", bundle) : fd;
}

/* fsconfig(2) takes values of 255 bytes; overlayfs takes its layers one by one since Linux 6.5. */
static int split_layers(struct arena *a, const struct mount_options *o, struct mount_options *ret,
			struct err *e)
{
	*ret = *o;
	ret->data = NULL;
	ret->n_data = 0;
	for (size_t i = 0; i < o->n_data; i++) {
		bool layers = !strncmp(o->data[i], LAYERS, strlen(LAYERS));
		char *rest = arena_strdup(a, o->data[i] + (layers ? strlen(LAYERS) : 0));
		while (rest) {
			char *one = layers ? strsep(&rest, ":") : rest;
			rest = layers ? rest : NULL;
			ret->data = arena_grow(a, ret->data, ret->n_data, sizeof *ret->data);
			if (ret->data)
				ret->data[ret->n_data++] = layers ? arena_printf(a, "lowerdir+=%s", one) : one;
			if (!ret->data || !ret->data[ret->n_data - 1])
				return err_set(e, ENOMEM, "split the layers");
		}
	}
	return 0;
}

static unsigned long flags_of(const struct mount_options *o)
{
	static const struct {
		uint64_t attr;
		unsigned long flag;
	} flags[] = { { MOUNT_ATTR_RDONLY, MS_RDONLY }, { MOUNT_ATTR_NOSUID, MS_NOSUID },
		      { MOUNT_ATTR_NODEV, MS_NODEV },	{ MOUNT_ATTR_NOEXEC, MS_NOEXEC },
		      { MOUNT_ATTR_NOATIME, MS_NOATIME } };
	unsigned long ret = o->sb_set;

	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (o->attr_set & flags[i].attr)
			ret |= flags[i].flag;
	return ret;
}

/* One page of options, for kernels before 6.5. */
static int mount_at_once(const Task__Mount *m, const struct mount_options *o, int target, struct err *e)
{
	_cleanup_buf_ struct buf data = BUF_INIT;

	for (size_t i = 0; i < o->n_data; i++)
		buf_printf(&data, "%s%s", i ? "," : "", o->data[i]);
	if (data.failed || data.len >= 4096)
		return err_msg(e, E2BIG, "mount %s on rootfs: more options than this kernel takes", m->type);
	if (sys_mount(m->source, path_of_fd(target).text, m->type, flags_of(o), data.data ? data.data : "") < 0)
		return err_set(e, errno, "mount %s on rootfs", m->type);
	return 0;
}

static int mount_fresh(struct arena *a, const Task__Mount *m, const struct mount_options *o, int target,
		       struct err *e)
{
	struct mount_fs fs = { .type = m->type, .source = m->source, .options = o };
	struct mount_options split;
	int fd = mount_new(&fs, e);

	if (fd == -EMSGSIZE && !strcmp(m->type, "overlay")) {
		fs.options = &split;
		fd = split_layers(a, o, &split, e);
		fd = fd < 0 ? fd : mount_new(&fs, e);
	}
	if (fd == -EMSGSIZE || fd == -EINVAL || fd == -ENOSYS) {
		struct err first = *e;
		err_clear(e);
		int r = mount_at_once(m, o, target, e);
		if (r < 0 && first.code == EINVAL)
			*e = first; /* the kernel's own words */
		return r;
	}
	int r = fd < 0 ? fd : mount_attach(fd, target, "rootfs", e);
	fd_close(&fd);
	return r;
}

static int mount_bind(const Task__Mount *m, const struct mount_options *o, int target, struct err *e)
{
	_cleanup_fd_ int fd = mount_clone(AT_FDCWD, m->source, o->recursive, e);
	int r = fd < 0 ? fd : mount_apply_options(fd, o, o->recursive, 0, m->source, e);

	return r < 0 ? r : mount_attach(fd, target, "rootfs", e);
}

static int mount_one(const char *bundle, const Task__Mount *m, struct err *e)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_fd_ int target = rootfs_mounts_open_target(bundle, e);
	oci_strings words = { m->options, m->n_options };
	struct mount_options o;

	if (target < 0)
		return target;
	int r = mount_options_parse(&a, &words, &o, e);
	if (r < 0)
		return r;
	return o.bind ? mount_bind(m, &o, target, e) : mount_fresh(&a, m, &o, target, e);
}

int rootfs_mount_all(const char *bundle, Task__Mount *const mounts[], size_t n, struct err *e)
{
	struct err undone = ERR_INIT;
	int r = 0;

	for (size_t i = 0; i < n && r >= 0; i++)
		r = mount_one(bundle, mounts[i], e);
	if (r < 0)
		rootfs_unmount_all(bundle, &undone);
	return r;
}

int rootfs_unmount_all(const char *bundle, struct err *e)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof path, "%s/rootfs", bundle) >= (int)sizeof path)
		return err_set(e, ENAMETOOLONG, "unmount %s/rootfs", bundle);
	for (int i = 0; i < UNMOUNTS_MAX; i++)
		if (sys_umount(path, SYS_MNT_DETACH | SYS_UMOUNT_NOFOLLOW) < 0) {
			/* EINVAL: nothing is mounted there any more. */
			if (errno == EINVAL || errno == ENOENT)
				return 0;
			return err_set(e, errno, "unmount %s", path);
		}
	return 0;
}
