/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rootfs: see rootfs.h. Puts the parts in order: the root itself here, mounts in mount_plan.c and
 * mount_run.c, devices in dev.c, covers in mask.c, entering in pivot.c.
 */
#include "rootfs/rootfs.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"
#include "oci.h"
#include "rootfs/dev.h"
#include "rootfs/mask.h"
#include "rootfs/mount.h"
#include "rootfs/mount_plan.h"
#include "rootfs/overlay.h"
#include "rootfs/pivot.h"

struct rootfs {
	const struct oci_config *config;
	struct rootfs_opts opts;
	struct mount_plan mounts;
	const char *path; /* of the rootfs folder on the host, absolute */
	int dir_fd; /* that folder, in the parent's mount namespace */
	int tree_fd; /* child: the new root's own mount */
	unsigned propagation; /* MS_* | MS_REC of linux.rootfsPropagation, 0 = not given */
	bool in_cwd; /* the child starts in the folder */
};

static const struct {
	const char *name;
	unsigned flags;
} propagations[] = {
	{ "shared", MS_SHARED },	 { "rshared", MS_SHARED | MS_REC },
	{ "slave", MS_SLAVE },		 { "rslave", MS_SLAVE | MS_REC },
	{ "private", MS_PRIVATE },	 { "rprivate", MS_PRIVATE | MS_REC },
	{ "unbindable", MS_UNBINDABLE }, { "runbindable", MS_UNBINDABLE | MS_REC },
};

static int parse_propagation(const char *name, unsigned *ret, struct err *e)
{
	*ret = 0;
	if (!name || !*name)
		return 0;
	for (size_t i = 0; i < sizeof propagations / sizeof *propagations; i++) {
		if (!strcmp(propagations[i].name, name)) {
			*ret = propagations[i].flags;
			return 0;
		}
	}
	return err_msg(e, EINVAL, "/linux/rootfsPropagation: \"%s\" must be shared, slave, "
				  "private or unbindable", name);
}

static int rootfs_open_folder(struct arena *a, struct rootfs *r, struct err *e)
{
	const char *path = r->config->root->path;

	r->path = *path == '/' ? path : arena_printf(a, "%s/%s", r->opts.bundle, path);
	if (!r->path)
		return err_set(e, ENOMEM, "rootfs");
	r->dir_fd = openat(r->opts.bundle_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return r->dir_fd < 0 ? err_set(e, errno, "rootfs %s", r->path) : 0;
}

/* What cannot be done in the host's own mount namespace without leaving traces there. */
static int check_shared(const struct oci_config *c, struct err *e)
{
	const struct oci_linux *l = c->linux_;

	if (c->mounts.n || l->masked_paths.n || l->readonly_paths.n || l->rootfs_propagation ||
	    c->root->readonly)
		return err_msg(e, EINVAL, "/linux/namespaces: mounts, maskedPaths, readonlyPaths, "
					  "rootfsPropagation and a read-only root need a mount "
					  "namespace");
	return 0;
}

static bool has_mount_ns(const struct rootfs *r)
{
	return oci_namespace(r->config, OCI_NS_MOUNT);
}

int rootfs_prepare(struct arena *a, const struct oci_config *c, const struct rootfs_opts *o,
		   struct rootfs **ret, struct err *e)
{
	struct rootfs *r = arena_alloc(a, sizeof *r);

	if (!r)
		return err_set(e, ENOMEM, "rootfs");
	if (!c->root || !c->root->path)
		return err_msg(e, EINVAL, "/root/path: missing");
	r->config = c;
	r->opts = *o;
	r->dir_fd = r->tree_fd = FD_NONE;
	int rc = has_mount_ns(r) ? 0 : check_shared(c, e);
	if (rc >= 0)
		rc = parse_propagation(c->linux_->rootfs_propagation, &r->propagation, e);
	if (rc >= 0)
		rc = rootfs_open_folder(a, r, e);
	if (rc >= 0)
		rc = mount_plan_compile(a, c, o, r->path, &r->mounts, e);
	if (rc < 0) {
		rootfs_close(r);
		return rc;
	}
	*ret = r;
	return 0;
}

int rootfs_chdir(struct rootfs *r, struct err *e)
{
	const struct oci_namespace *ns = oci_namespace(r->config, OCI_NS_MOUNT);

	if (!ns || ns->path)
		return 0;
	if (fchdir(r->dir_fd) < 0)
		return err_set(e, errno, "chdir to rootfs %s", r->path);
	r->in_cwd = true;
	return 0;
}

/* A clone of the folder `dir`, or the overlay. */
static int make_tree(struct rootfs *r, int dir, struct err *e)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;

	if (r->opts.overlay)
		r->tree_fd = overlay_mount(&a, FD_NONE, r->opts.overlay, e);
	else
		r->tree_fd = r->opts.overlay_fd >= 0 ? r->opts.overlay_fd : mount_clone(dir, "", true, e);
	return r->tree_fd < 0 ? err_in(e, "rootfs %s", r->path) : 0;
}

/*
 * Nothing of the container may reach the host: all mounts become slaves (or private), and the root
 * itself private, as pivot_root(2) demands; "shared" is made of it after entering.
 */
static int attach_root(struct rootfs *r, struct err *e)
{
	bool private = r->propagation & MS_PRIVATE, slave = r->propagation & MS_SLAVE;
	const struct mount_change top = { .propagation = private || slave ? 0 : MS_PRIVATE };
	_cleanup_fd_ int opened = FD_NONE;
	int dir = AT_FDCWD;

	if (!r->in_cwd) {
		dir = opened = open(r->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0)
			return err_set(e, errno, "rootfs %s", r->path);
	}
	int rc = mount_isolate(private ? MS_PRIVATE : MS_SLAVE, e);
	if (rc >= 0)
		rc = make_tree(r, dir, e);
	if (rc >= 0)
		rc = mount_change(r->tree_fd, &top, r->path, e);
	if (rc >= 0)
		rc = mount_attach(r->tree_fd, dir, r->path, e);
	r->mounts.root_fd = r->tree_fd;
	return rc;
}

/* A folder of the host gets nothing, and a devtmpfs is the host's whoever mounts it. */
static int set_up_dev(struct rootfs *r, struct err *e)
{
	const struct mount_op *dev = mount_plan_find(&r->mounts, "dev");

	if (dev && dev->bind)
		return 0;
	bool own = dev && strcmp(dev->mount->type, "devtmpfs") != 0;
	return dev_setup(rootfs_fd(r), r->config, oci_namespace(r->config, OCI_NS_USER), own, e);
}

static int mount_all(struct rootfs *r, struct err *e)
{
	int rc = attach_root(r, e);

	for (size_t i = 0; rc >= 0 && i < r->mounts.n; i++)
		rc = mount_plan_run(&r->mounts, &r->mounts.v[i], e);
	if (rc >= 0)
		rc = set_up_dev(r, e);
	if (rc >= 0 && fchdir(rootfs_fd(r)) < 0)
		rc = err_set(e, errno, "chdir to the new root");
	return rc;
}

unsigned rootfs_count_procs(const struct rootfs *r)
{
	unsigned n = 0;

	for (size_t i = 0; i < r->mounts.n; i++) {
		const struct mount_op *op = &r->mounts.v[i];
		n += !op->bind && !op->o.remount && op->mount->type && !strcmp(op->mount->type, "proc");
	}
	return n;
}

void rootfs_use_procs(struct rootfs *r, int *contexts)
{
	r->mounts.procs = contexts;
}

int rootfs_mount(struct rootfs *r, struct err *e)
{
	if (!has_mount_ns(r)) {
		r->mounts.root_fd = r->dir_fd;
		return 0;
	}
	mount_allow_legacy();
	mode_t was = umask(0);
	int rc = mount_all(r, e);
	umask(was);
	return rc;
}

int rootfs_fd(const struct rootfs *r)
{
	return r->mounts.root_fd;
}

static int restrict_paths(struct rootfs *r, struct err *e)
{
	const struct oci_linux *l = r->config->linux_;
	const struct mount_change ro = { .set = MOUNT_ATTR_RDONLY };
	_cleanup_(mask_close) struct mask_covers covers = { .null_fd = FD_NONE, .folder_fd = FD_NONE,
							    .given_null_fd = fd_take(&r->opts.null_fd),
							    .label = l->mount_label };
	int rc = mask_readonly_paths(rootfs_fd(r), &l->readonly_paths, e);

	if (rc >= 0)
		rc = mask_paths(rootfs_fd(r), &l->masked_paths, &covers, e);
	if (rc >= 0)
		rc = mount_plan_finish(&r->mounts, e);
	if (rc >= 0 && r->config->root->readonly)
		rc = mount_change(rootfs_fd(r), &ro, "/", e);
	return rc;
}

/* "shared" and "unbindable" would have been in the way of pivot_root. */
static int rootfs_set_propagation(const struct rootfs *r, struct err *e)
{
	const struct mount_change c = { .propagation = r->propagation & ~MS_REC,
					.recursive = r->propagation & MS_REC };

	if (!(r->propagation & (MS_SHARED | MS_UNBINDABLE)))
		return 0;
	return mount_change(rootfs_fd(r), &c, "/", e);
}

int rootfs_enter(struct rootfs *r, struct err *e)
{
	int rc;

	if (!has_mount_ns(r)) {
		rc = pivot_chroot(rootfs_fd(r), e);
	} else {
		rc = restrict_paths(r, e);
		if (rc >= 0)
			rc = r->opts.no_pivot ? pivot_move(rootfs_fd(r), e) :
						pivot_enter(rootfs_fd(r), e);
		if (rc >= 0)
			rc = rootfs_set_propagation(r, e);
	}
	return rc;
}

void rootfs_close(struct rootfs *r)
{
	if (!r)
		return;
	if (r->tree_fd != r->opts.overlay_fd)
		fd_close(&r->tree_fd);
	r->tree_fd = FD_NONE;
	r->mounts.root_fd = FD_NONE;
	fd_close(&r->dir_fd);
	mount_plan_close(&r->mounts);
}
