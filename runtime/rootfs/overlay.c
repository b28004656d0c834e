/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlay: see overlay.h. Assembled by a short-lived task in a mount namespace of its own, which
 * shares memory and descriptors: overlayfs wants its layers attached, and what is attached there
 * vanishes with the task. The overlay itself stays, held by its descriptor.
 */
#include "rootfs/overlay.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/caller.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/stack.h"
#include "base/sys.h"
#include "rootfs/mount.h"
#include "rootfs/mount_options.h"
#include "rootfs/rmtree.h"

#define STACK_BYTES ((size_t)256 << 10)
#define VALUE_MAX 255 /* fsconfig(2) */
#define MARK_NAME "owner" /* a symlink: made whole, and never looked up as one */
#define DATA_MAX 4095 /* mount(2) */
#define OWN_MARKS "userxattr" /* marks as user.*: the root of a user namespace may not set trusted.* */

struct assembly {
	const struct overlay_opts *o;
	struct arena *a;
	int bundle_fd;
	int *lower_fds; /* O_PATH, in the task's namespace */
	int scratch_fd; /* a tmpfs over the task's "/": the upper, or a place to mount on */
	int upper_fd; /* folder with "upper" and "work" */
	int ret_fd;
	int status;
	struct err *e;
};

int overlay_intent(struct arena *a, const struct overlay_opts *o, const char **ret_dir,
		   struct err *e)
{
	*ret_dir = NULL;
	if (o->upper == OVERLAY_TMPFS)
		return 0;
	*ret_dir = arena_printf(a, "%s/%s", o->dir, o->id);
	return *ret_dir ? 0 : err_set(e, ENOMEM, "overlay");
}

/* -- in the task ---------------------------------------------------------------------------- */

static int open_lowers(struct assembly *as, struct err *e)
{
	const oci_strings *lower = &as->o->lower;

	if (!lower->n)
		return err_msg(e, EINVAL, "overlay: no lower layer");
	for (size_t i = 0; i < lower->n; i++) {
		int fd = as->o->lower_is_real ? path_open_real(lower->v[i], O_PATH | O_DIRECTORY) :
						open(lower->v[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return err_set(e, as->o->lower_is_real ? -fd : errno, "overlay layer %s", lower->v[i]);
		as->lower_fds[i] = fd;
	}
	return 0;
}

/* A tmpfs over "/": paths do not lead there, descriptors do. */
static int attach_scratch(struct assembly *as, struct err *e)
{
	const char *size = as->o->size ? arena_printf(as->a, "size=%s", as->o->size) : NULL;
	const struct mount_options o = { .data = &size, .n_data = size ? 1 : 0 };
	const struct mount_fs fs = { .type = "tmpfs", .source = "hart", .options = &o,
				     .label = as->o->mount_label, .mode = "0755" };
	_cleanup_fd_ int top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	as->scratch_fd = top < 0 ? err_set(e, errno, "open /") : mount_new(&fs, e);
	return as->scratch_fd < 0 ? as->scratch_fd : mount_attach(as->scratch_fd, top, "/", e);
}

static int open_upper_dir(struct assembly *as, struct err *e)
{
	_cleanup_fd_ int dir = path_open_real(as->o->dir, O_PATH | O_DIRECTORY);

	if (dir < 0)
		return err_set(e, -dir, "overlay folder %s", as->o->dir);
	as->upper_fd = openat(dir, as->o->id, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return as->upper_fd < 0 ? err_set(e, errno, "overlay folder %s/%s", as->o->dir, as->o->id) : 0;
}

/* An owner outside of the user namespace can be given nothing: what is made belongs to the namespace's root. */
static bool is_unmapped(int errnum)
{
	return errnum == EINVAL && caller_is_inside();
}

/* The merged root shows the upper's owner and mode: those of the topmost layer. */
static int make_upper(struct assembly *as, struct err *e)
{
	struct stat st;
	int fd = as->upper_fd;

	if (fstat(as->lower_fds[0], &st) < 0)
		return err_set(e, errno, "overlay layer %s", as->o->lower.v[0]);
	if (mkdirat(fd, "upper", 0700) < 0 || mkdirat(fd, "work", 0700) < 0 ||
	    (fchownat(fd, "upper", st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0 && !is_unmapped(errno)) ||
	    fchmodat(fd, "upper", st.st_mode & 07777, 0) < 0)
		return err_set(e, errno, "make the overlay's upper folder");
	return 0;
}

/* One call a layer: "lowerdir+", Linux 6.8. Where it is unknown that shows here or on creating. */
static int add_lowers(const struct assembly *as, int fs_fd, struct err *e)
{
	const oci_strings *lower = &as->o->lower;

	for (size_t i = 0; i < lower->n; i++) {
		/* The name is what mountinfo shows; any length will do as a descriptor. */
		bool plain = lower->v[i][0] == '/' && strlen(lower->v[i]) <= VALUE_MAX;
		struct path_fd_name by_fd = path_of_fd(as->lower_fds[i]);
		int r = mount_fs_string(fs_fd, "lowerdir+", plain ? lower->v[i] : by_fd.text, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int upper_name(const struct assembly *as, const char *name, char *ret, size_t size,
		      struct err *e)
{
	int n = snprintf(ret, size, "%s/%s", path_of_fd(as->upper_fd).text, name);

	return n < (int)size ? 0 : err_set(e, ENAMETOOLONG, "overlay");
}

static int assemble_new(struct assembly *as, struct err *e)
{
	_cleanup_fd_ int fs_fd = sys_fsopen("overlay", FSOPEN_CLOEXEC);
	char upper[64], work[64];

	if (fs_fd < 0)
		return err_set(e, errno, "overlay file system");
	int r = mount_fs_string(fs_fd, "source", "overlay", e);
	if (r >= 0)
		r = add_lowers(as, fs_fd, e);
	if (r >= 0)
		r = upper_name(as, "upper", upper, sizeof upper, e);
	if (r >= 0)
		r = upper_name(as, "work", work, sizeof work, e);
	if (r >= 0)
		r = mount_fs_string(fs_fd, "upperdir", upper, e);
	if (r >= 0)
		r = mount_fs_string(fs_fd, "workdir", work, e);
	if (r >= 0 && as->o->mount_label)
		r = mount_fs_string(fs_fd, "context", as->o->mount_label, e);
	if (r >= 0 && caller_is_inside() && sys_fsconfig(fs_fd, FSCONFIG_SET_FLAG, OWN_MARKS, NULL, 0) < 0)
		r = mount_fs_error(fs_fd, errno, e, "set \"%s\"", OWN_MARKS);
	if (r < 0)
		return r;
	if (sys_fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return mount_fs_error(fs_fd, errno, e, "make the overlay");
	as->ret_fd = sys_fsmount(fs_fd, FSMOUNT_CLOEXEC, 0);
	return as->ret_fd < 0 ? mount_fs_error(fs_fd, errno, e, "mount the overlay") : 0;
}

/* Before 6.8: mount(2) with descriptors for names, somewhere in this namespace; then a clone. */
static int assemble_old(struct assembly *as, struct err *e)
{
	_cleanup_buf_ struct buf data = BUF_INIT;
	char upper[64], target[64];

	for (size_t i = 0; i < as->o->lower.n; i++)
		buf_printf(&data, "%s%s", i ? ":" : "lowerdir=", path_of_fd(as->lower_fds[i]).text);
	int r = upper_name(as, "", upper, sizeof upper, e);
	if (r < 0)
		return r;
	buf_printf(&data, ",upperdir=%supper,workdir=%swork", upper, upper);
	if (caller_is_inside())
		buf_printf(&data, ",%s", OWN_MARKS);
	if (as->o->mount_label)
		buf_printf(&data, ",context=\"%s\"", as->o->mount_label);
	if (data.failed || data.len > DATA_MAX)
		return err_msg(e, E2BIG, "overlay: %zu layers are too many for this kernel",
			       as->o->lower.n);
	if (as->scratch_fd < 0)
		r = attach_scratch(as, e);
	if (r < 0)
		return r;
	if (mkdirat(as->scratch_fd, "merged", 0700) < 0)
		return err_set(e, errno, "make a mount point for the overlay");
	snprintf(target, sizeof target, "%s/merged", path_of_fd(as->scratch_fd).text);
	if (sys_mount("overlay", target, "overlay", 0, data.data) < 0)
		return err_set(e, errno, "mount the overlay");
	as->ret_fd = mount_clone(as->scratch_fd, "merged", false, e);
	return as->ret_fd < 0 ? as->ret_fd : 0;
}

/* Older kernels know "lowerdir+" only where it was brought back, and else complain in their log. */
static bool is_before_6_8(void)
{
	struct utsname name;
	unsigned major, minor;

	return uname(&name) == 0 && sscanf(name.release, "%u.%u", &major, &minor) == 2 &&
	       (major < 6 || (major == 6 && minor < 8));
}

static int assemble_either(struct assembly *as, struct err *e)
{
	struct err second = ERR_INIT;
	bool old = is_before_6_8();
	int r = old ? assemble_old(as, e) : assemble_new(as, e);

	/* E2BIG: layers that only "lowerdir+" takes. EINVAL: there is no "lowerdir+", or something else
	 * that then stops the old way too. */
	if (r != (old ? -E2BIG : -EINVAL))
		return r;
	if ((old ? assemble_new(as, &second) : assemble_old(as, &second)) < 0)
		return r;
	err_clear(e);
	return 0;
}

static int assemble(struct assembly *as)
{
	struct err *e = as->e;

	/* unshare gives us the same folder in the new namespace, unless we have left the folder's before. */
	if ((as->o->bundle ? chdir(as->o->bundle) : fchdir(as->bundle_fd)) < 0)
		return err_set(e, errno, "chdir to the bundle");
	if (unshare(CLONE_NEWNS) < 0)
		return err_set(e, errno, "overlay: make a mount namespace");
	int r = mount_isolate(MS_PRIVATE, e);
	if (r >= 0)
		r = open_lowers(as, e);
	if (r >= 0 && as->o->upper == OVERLAY_TMPFS) {
		r = attach_scratch(as, e);
		as->upper_fd = as->scratch_fd;
	} else if (r >= 0) {
		r = open_upper_dir(as, e);
	}
	if (r >= 0)
		r = make_upper(as, e);
	if (r < 0)
		return r;
	return assemble_either(as, e);
}

static int task(void *arg)
{
	struct assembly *as = arg;

	as->status = assemble(as);
	return 0;
}

/* -- in the parent -------------------------------------------------------------------------- */

static int run_task(struct assembly *as, struct err *e)
{
	struct stack stack;

	if (stack_make(&stack, STACK_BYTES, e) < 0)
		return err_in(e, "overlay");
	pid_t pid = stack_clone(&stack, task, CLONE_FILES | SIGCHLD, as);
	if (pid < 0)
		as->status = err_set(e, errno, "overlay: make a task");
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	stack_free(&stack);
	return as->status;
}

int overlay_make_dir(const struct overlay_opts *o, struct err *e)
{
	if (o->upper == OVERLAY_TMPFS)
		return 0;
	_cleanup_fd_ int dir = path_open_real(o->dir, O_PATH | O_DIRECTORY);

	if (dir < 0)
		return err_set(e, -dir, "overlay folder %s", o->dir);
	if (mkdirat(dir, o->id, 0700) < 0)
		return err_set(e, errno, "make overlay folder %s/%s", o->dir, o->id);
	_cleanup_fd_ int own = openat(dir, o->id, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (own < 0 || symlinkat(o->mark, own, MARK_NAME) < 0)
		return err_set(e, errno, "mark overlay folder %s/%s", o->dir, o->id);
	return 0;
}

int overlay_mount(struct arena *a, int bundle_fd, const struct overlay_opts *o, struct err *e)
{
	struct assembly as = {
		.o = o, .a = a, .bundle_fd = bundle_fd, .scratch_fd = FD_NONE,
		.upper_fd = FD_NONE, .ret_fd = FD_NONE, .status = -ECHILD, .e = e,
		.lower_fds = arena_calloc(a, o->lower.n, sizeof *as.lower_fds),
	};

	if (!as.lower_fds)
		return err_set(e, ENOMEM, "overlay");
	memset(as.lower_fds, 0xff, o->lower.n * sizeof *as.lower_fds);
	int r = run_task(&as, e);
	for (size_t i = 0; i < o->lower.n; i++)
		fd_close(&as.lower_fds[i]);
	if (as.upper_fd != as.scratch_fd)
		fd_close(&as.upper_fd);
	fd_close(&as.scratch_fd);
	return r < 0 ? r : as.ret_fd;
}

int overlay_assemble(struct arena *a, int bundle_fd, const struct overlay_opts *o, int *ret_fd,
		     struct err *e)
{
	const char *dir;
	int r = overlay_intent(a, o, &dir, e);

	if (r >= 0)
		r = overlay_make_dir(o, e);
	if (r < 0)
		return r;
	r = overlay_mount(a, bundle_fd, o, e);
	if (r >= 0)
		*ret_fd = r;
	else if (dir)
		overlay_remove(dir, o->mark, NULL);
	return r < 0 ? r : 0;
}

/* A folder without any mark is one of ours that was not finished, or another's. */
static bool is_marked(int fd, const char *mark)
{
	char text[CLOCK_TEXT_SIZE];
	ssize_t n = readlinkat(fd, MARK_NAME, text, sizeof text);

	return n >= 0 && (size_t)n == strlen(mark) && !memcmp(text, mark, (size_t)n);
}

int overlay_remove(const char *dir, const char *mark, struct err *e)
{
	const char *name;
	_cleanup_fd_ int parent = path_open_folder_of(dir, &name);
	_cleanup_fd_ int fd = parent < 0 ? parent : openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0) {
		int errnum = parent < 0 ? -parent : errno;
		return errnum == ENOENT ? 0 : err_set(e, errnum, "open overlay folder %s", dir);
	}
	if (!is_marked(fd, mark)) {
		unlinkat(parent, name, AT_REMOVEDIR); /* an empty one holds nothing of anybody's */
		return 0;
	}
	int r = rmtree(fd, "work", e);
	if (r >= 0)
		r = rmtree(fd, "upper", e);
	if (r < 0)
		return err_in(e, "overlay folder %s", dir);
	if (unlinkat(fd, MARK_NAME, 0) < 0 && errno != ENOENT)
		return err_set(e, errno, "remove overlay folder %s", dir);
	if (unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_set(e, errno, "remove overlay folder %s", dir);
	return 0;
}
