/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dev: see dev.h. Nodes are made in the fd of their folder and are not looked up again but to give
 * them an owner, after a check that it is the node.
 */
#include "rootfs/dev.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "base/sys.h"
#include "oci.h"
#include "rootfs/mount.h"

#define DEFAULT_MODE 0666

static const struct {
	const char *path;
	unsigned major, minor;
} default_devices[] = {
	{ "/dev/null", 1, 3 },	  { "/dev/zero", 1, 5 }, { "/dev/full", 1, 7 },
	{ "/dev/random", 1, 8 },  { "/dev/urandom", 1, 9 }, { "/dev/tty", 5, 0 },
};

static const struct {
	const char *name, *target;
} links[] = {
	{ "fd", "/proc/self/fd" },	  { "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" }, { "stderr", "/proc/self/fd/2" },
};

/* A node to make, in the terms of mknod(2). */
struct node {
	const char *path; /* in the container, and on the host when bound */
	mode_t mode; /* with S_IF* */
	dev_t rdev;
	uid_t uid;
	gid_t gid;
};

static bool is_node(int fd, const struct node *n)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == (n->mode & S_IFMT) &&
	       (S_ISFIFO(st.st_mode) || st.st_rdev == n->rdev);
}

static int set_owner(int dir, const char *name, const struct node *n, struct err *e)
{
	_cleanup_fd_ int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return err_set(e, errno, "open device %s", n->path);
	if (!is_node(fd, n))
		return err_msg(e, ESTALE, "device %s: another file took its place", n->path);
	if (fchownat(fd, "", n->uid, n->gid, AT_EMPTY_PATH) < 0)
		return err_set(e, errno, "set the owner of device %s", n->path);
	return 0;
}

/* What may be there already: the very node, or (`file`) a file that an earlier run bound over. */
static int accept_existing(int dir, const char *name, const struct node *n, bool file,
			   struct err *e)
{
	_cleanup_fd_ int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(e, errno, "open device %s", n->path);
	if (is_node(fd, n) || (file && S_ISREG(st.st_mode)))
		return fd_take(&fd);
	return err_msg(e, EEXIST, "device %s: the path is taken by something else", n->path);
}

/* The host's node over an empty file, read-only: it can be used, but nothing of its inode be changed. */
static int bind_node(int dir, const char *name, const struct node *n, struct err *e)
{
	const struct mount_change ro = { .set = MOUNT_ATTR_RDONLY };
	_cleanup_fd_ int tree = mount_clone(AT_FDCWD, n->path, false, e);

	if (tree < 0)
		return err_in(e, "device %s of the host", n->path);
	if (!is_node(tree, n))
		return err_msg(e, EINVAL, "device %s of the host is not %u:%u", n->path,
			       major(n->rdev), minor(n->rdev));
	if (mount_change(tree, &ro, n->path, e) < 0)
		return -e->code;
	_cleanup_fd_ int target = openat(
		dir, name, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
	if (target < 0 && errno == EEXIST)
		target = accept_existing(dir, name, n, true, e);
	else if (target < 0)
		return err_set(e, errno, "make a file for device %s", n->path);
	return target < 0 ? target : mount_attach(tree, target, n->path, e);
}

static int make_node(int dir, const char *name, const struct node *n, bool bind, struct err *e)
{
	if (bind && !S_ISFIFO(n->mode))
		return bind_node(dir, name, n, e);
	if (mknodat(dir, name, n->mode, n->rdev) == 0)
		return n->uid || n->gid ? set_owner(dir, name, n, e) : 0;
	if (errno == EEXIST) {
		_cleanup_fd_ int fd = accept_existing(dir, name, n, false, e);
		return fd < 0 ? fd : 0;
	}
	return errno == EPERM ? bind_node(dir, name, n, e) :
				err_set(e, errno, "make device %s", n->path);
}

/* From the config's terms; `type` is checked here because decoding accepts any string. */
static int node_of(const struct oci_device *d, struct node *n, struct err *e)
{
	mode_t type;

	switch (d->type && d->type[0] && !d->type[1] ? d->type[0] : 0) {
	case 'c':
	case 'u':
		type = S_IFCHR;
		break;
	case 'b':
		type = S_IFBLK;
		break;
	case 'p':
		type = S_IFIFO;
		break;
	default:
		return err_msg(e, EINVAL, "device %s: type \"%s\" must be c, b, u or p", d->path,
			       d->type ? d->type : "");
	}
	/* "/dev/fuse/": found in the wild, taken by others. */
	for (size_t len = strlen(d->path); len > 1 && d->path[len - 1] == '/';)
		d->path[--len] = '\0';
	*n = (struct node){
		.path = d->path,
		.mode = type | (d->file_mode.set ? d->file_mode.v & 07777 : DEFAULT_MODE),
		.rdev = type == S_IFIFO ? 0 : makedev((unsigned)d->major, (unsigned)d->minor),
		.uid = d->uid.v,
		.gid = d->gid.v,
	};
	return 0;
}

/* Engines name devices that this host may not have. In a user namespace, where none can be made, crun goes on as well. */
static bool is_absent(int r, bool bind, struct err *e)
{
	bool yes = bind && r == -ENOENT;

	if (yes) {
		log_warn("%s: it is left out, as a user namespace has the host's devices alone", e->text);
		err_clear(e);
	}
	return yes;
}

static int make_configured(int root_fd, const struct oci_config *c, bool bind, struct err *e)
{
	for (size_t i = 0; i < c->linux_->devices.n; i++) {
		struct node n = { 0 };
		const char *name;
		int r = node_of(&c->linux_->devices.v[i], &n, e);
		if (r < 0)
			return r;
		_cleanup_fd_ int dir = path_parent_in(root_fd, n.path, &name, e);
		if (dir < 0)
			return err_in(e, "device %s", n.path);
		r = make_node(dir, name, &n, bind, e);
		if (r < 0 && !is_absent(r, bind, e))
			return r;
	}
	return 0;
}

static int make_defaults(int dev_fd, bool bind, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < sizeof default_devices / sizeof *default_devices; i++) {
		struct node n = {
			.path = default_devices[i].path,
			.mode = S_IFCHR | DEFAULT_MODE,
			.rdev = makedev(default_devices[i].major, default_devices[i].minor),
		};
		const char *name = n.path + strlen("/dev/");
		r = make_node(dev_fd, name, &n, bind, e);
		/* A file that a run in a user namespace has left in the image. */
		if (r == -EEXIST && !bind)
			r = bind_node(dev_fd, name, &n, e);
		if (r == -EEXIST)
			r = 0; /* linux.devices or the image has something else there */
	}
	return r;
}

static int make_link(int dev_fd, const char *target, const char *name, struct err *e)
{
	if (symlinkat(target, dev_fd, name) < 0 && errno != EEXIST)
		return err_set(e, errno, "make symlink /dev/%s", name);
	return 0;
}

static bool same_mount(int a, int b)
{
	struct sys_statx x, y;

	return sys_statx(a, "", AT_EMPTY_PATH, SYS_STATX_MNT_ID, &x) == 0 &&
	       sys_statx(b, "", AT_EMPTY_PATH, SYS_STATX_MNT_ID, &y) == 0 && x.mnt_id == y.mnt_id;
}

/* ptmx must be that of the container's own devpts, but what an image has is not taken away. */
static int make_ptmx(int dev_fd, bool own, struct err *e)
{
	if (symlinkat("pts/ptmx", dev_fd, "ptmx") == 0 || (errno == EEXIST && !own))
		return 0;
	if (errno == EEXIST && unlinkat(dev_fd, "ptmx", 0) == 0 &&
	    symlinkat("pts/ptmx", dev_fd, "ptmx") == 0)
		return 0;
	return err_set(e, errno, "make symlink /dev/ptmx");
}

int dev_setup(int root_fd, const struct oci_config *c, bool bind, bool own, struct err *e)
{
	int r = make_configured(root_fd, c, bind, e);

	if (r < 0)
		return r;
	_cleanup_fd_ int dev_fd = path_mkdirs_in(root_fd, "dev", 0755, e);
	if (!own && (dev_fd == -EROFS || (dev_fd >= 0 && !same_mount(root_fd, dev_fd)))) {
		err_clear(e);
		return 0;
	}
	if (dev_fd < 0)
		return dev_fd;
	r = make_defaults(dev_fd, bind, e);
	for (size_t i = 0; r >= 0 && i < sizeof links / sizeof *links; i++)
		r = make_link(dev_fd, links[i].target, links[i].name, e);
	if (r >= 0 && faccessat(AT_FDCWD, "/proc/kcore", F_OK, AT_EACCESS) == 0)
		r = make_link(dev_fd, "/proc/kcore", "core", e);
	return r < 0 ? r : make_ptmx(dev_fd, own, e);
}
