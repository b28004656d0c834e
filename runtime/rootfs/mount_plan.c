/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mount_plan: the parent's half: every entry of the config becomes an operation, bind sources are
 * cloned while they can be reached, idmapped mounts are made. Attaches nothing.
 * config.md "Mounts".
 */
#include "rootfs/mount_plan.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "cgroup/cgroup.h"
#include "rootfs/mount.h"
#include "rootfs/mount_idmap.h"
#include "rootfs/rootfs.h"

/* Clones held by the parent take descriptors; beyond this the child looks sources up itself. */
#define MAX_CLONES 200

static const struct mount_type types[] = {
	{ "proc", .label = LABEL_NONE, .pseudo = true, .plain_folder = true,
	  .bind_instead = "/proc", .owner = OCI_NS_PID },
	{ "sysfs", .label = LABEL_NONE, .pseudo = true, .plain_folder = true,
	  .bind_instead = "/sys", .owner = OCI_NS_NETWORK },
	{ "tmpfs", .pseudo = true, .late_ro = true, .copy_mode = true },
	{ "mqueue", .label = LABEL_XATTR, .pseudo = true },
	{ "devpts", .pseudo = true },
	{ "cgroup", .fs = "cgroup2", .label = LABEL_NONE, .pseudo = true, .is_cgroup = true },
	{ "cgroup2", .label = LABEL_NONE, .pseudo = true, .is_cgroup = true },
};

static const struct mount_type any_type;

static const struct mount_type *find_type(const char *name)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (!strcmp(types[i].name, name))
			return &types[i];
	return &any_type;
}

char *mount_plan_clean(struct arena *a, const char *path)
{
	char *clean = arena_alloc(a, strlen(path) + 1), *to = clean;

	if (!clean)
		return NULL;
	while (*path) {
		path += strspn(path, "/");
		size_t len = strcspn(path, "/");
		if (len == 2 && !memcmp(path, "..", 2)) {
			while (to > clean && *--to != '/')
				;
		} else if (len && !(len == 1 && *path == '.')) {
			if (to > clean)
				*to++ = '/';
			memcpy(to, path, len);
			to += len;
		}
		path += len;
	}
	*to = '\0';
	return clean;
}

/* What the config wants that nobody can give. */
static int check(const struct mount_op *op, struct err *e)
{
	const struct oci_mount *m = op->mount;

	if (!m->destination || !*m->destination)
		return err_msg(e, EINVAL, "destination is empty");
	if (op->o.remount)
		return 0;
	if (!op->bind && (!m->type || !*m->type))
		return err_msg(e, EINVAL, "%s: neither a type nor \"bind\"", m->destination);
	if (op->bind && (!m->source || !*m->source))
		return err_msg(e, EINVAL, "%s: bind mount without a source", m->destination);
	if (mount_idmap_wanted(op) && !op->bind)
		return err_msg(e, EINVAL, "%s: only bind mounts can be idmapped", m->destination);
	if (!m->uid_mappings.n != !m->gid_mappings.n)
		return err_msg(e, EINVAL, "%s: uidMappings and gidMappings go together",
			       m->destination);
	if (op->o.id_maps && m->uid_mappings.n)
		return err_msg(e, EINVAL, "%s: mappings by the option idmap= and by uidMappings",
			       m->destination);
	if (op->o.tmpcopyup && (op->bind || strcmp(m->type, "tmpfs")))
		return err_msg(e, EINVAL, "%s: tmpcopyup is for tmpfs", m->destination);
	return 0;
}

/* The source as the child can look it up. */
static int name_source(struct arena *a, const struct rootfs_opts *o, struct mount_op *op,
		       struct err *e)
{
	const char *source = op->mount->source;

	op->source = *source == '/' ? source : arena_printf(a, "%s/%s", o->bundle, source);
	return op->source ? 0 : err_set(e, ENOMEM, "mount plan");
}

/* The same for a folder that is open. */
static int name_folder(struct arena *a, int fd, struct mount_op *op, struct err *e)
{
	char path[PATH_MAX];
	ssize_t n = readlink(path_of_fd(fd).text, path, sizeof path);

	if (n < 0)
		return err_set(e, errno, "find the path of a folder");
	op->source = arena_strndup(a, path, (size_t)n);
	return op->source ? 0 : err_set(e, ENOMEM, "mount plan");
}

/*
 * What an earlier mount brings below the root is not there yet: the child looks it up in the root, as
 * runc's does. True with the path in op->in_root.
 */
static bool is_brought_by_mount(struct arena *a, const struct mount_plan *plan, struct mount_op *op)
{
	const char *source = mount_plan_clean(a, op->source);
	size_t root_len = strlen(plan->root_path);

	if (!source || strncmp(source, plan->root_path, root_len) || source[root_len] != '/')
		return false;
	source += root_len + 1;
	for (const struct mount_op *by = plan->v; by < op; by++) {
		size_t len = strlen(by->dest);
		if (!by->o.remount && !strncmp(source, by->dest, len) &&
		    (!len || !source[len] || source[len] == '/')) {
			op->in_root = source;
			return true;
		}
	}
	return false;
}

static int check_source(const struct rootfs_opts *o, const char *source, struct err *e)
{
	if (faccessat(o->bundle_fd, source, F_OK, AT_EACCESS) < 0)
		return err_set(e, errno, "bind source %s", source);
	return 0;
}

static int clone_with_options(struct arena *a, const struct oci_config *c, int dir_fd, const char *source,
			      const struct mount_plan *plan, struct mount_op *op, struct err *e)
{
	int r = mount_clone(dir_fd, source, op->o.recursive, e);

	if (r < 0)
		return err_set(e, -r, "bind source %s", source);
	op->tree_fd = r;
	r = mount_idmap_wanted(op) ? mount_idmap_apply(a, c, op, e) : 0;
	return r < 0 ? r : mount_apply_options(op->tree_fd, &op->o, op->o.recursive, plan->propagation,
					       op->mount->destination, e);
}

/* True when it failed because the caller may not, or cannot on this system; then it has no tree. */
static bool leave_to_child(int r, struct mount_op *op, struct err *e)
{
	if (r != -EPERM && r != -ENOSYS)
		return false;
	fd_close(&op->tree_fd);
	err_clear(e);
	return true;
}

/*
 * Clones the source. An unprivileged runtime may not: then its child, which has a user namespace of
 * its own, does it by path as the same user; that the source is there is checked now. So it is where
 * the new mount API is refused: mount(2) knows no detached mounts.
 */
static int mount_plan_open_source(struct arena *a, const struct oci_config *c, const struct rootfs_opts *o,
				  struct mount_plan *plan, struct mount_op *op, struct err *e)
{
	const char *source = op->mount->source;
	bool idmap = mount_idmap_wanted(op);
	bool may_leave = !idmap && !oci_namespace(c, OCI_NS_USER);

	if (!idmap && is_brought_by_mount(a, plan, op))
		return 0;
	if (may_leave && plan->n_clones >= MAX_CLONES)
		return check_source(o, source, e);
	int r = clone_with_options(a, c, o->bundle_fd, source, plan, op, e);
	if (r < 0 && !idmap && leave_to_child(r, op, e))
		return check_source(o, source, e);
	plan->n_clones += r >= 0;
	return r;
}

/*
 * Without a cgroup namespace the paths in /proc/self/cgroup are the host's, so a read-only mount shows
 * the host's tree. A writable one would open it: the container's own cgroup is bound instead.
 */
static int open_cgroup(struct arena *a, struct mount_plan *plan, struct mount_op *op,
		       struct err *e)
{
	_cleanup_fd_ int whole = FD_NONE;
	int dir = plan->cgroup_fd;

	if (op->o.n_data)
		return err_msg(e, EINVAL, "%s: option \"%s\": a cgroup mount without a cgroup namespace has none",
			       op->mount->destination, op->o.data[0]);
	if (dir < 0 || op->o.attr_set & MOUNT_ATTR_RDONLY) {
		dir = whole = cgroup_mount_open(e);
		if (dir < 0)
			return dir;
		op->o.rec_set |= MOUNT_ATTR_RDONLY;
		op->o.rec_clr &= ~(uint64_t)MOUNT_ATTR_RDONLY;
		op->o.attr_clr &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	}
	op->bind = true;
	int r = mount_clone(dir, "", false, e);
	if (r >= 0) {
		op->tree_fd = r;
		r = mount_apply_options(r, &op->o, false, plan->propagation, op->mount->destination, e);
	}
	if (r >= 0)
		return 0;
	return leave_to_child(r, op, e) ? name_folder(a, dir, op, e) :
					  err_in(e, "cgroup mount without a cgroup namespace");
}

static int compile(struct arena *a, const struct oci_config *c, const struct rootfs_opts *o,
		   struct mount_plan *plan, struct mount_op *op, struct err *e)
{
	int r = mount_options_parse(a, &op->mount->options, &op->o, e);

	op->tree_fd = FD_NONE;
	op->bind = op->o.bind || (op->mount->type && !strcmp(op->mount->type, "bind"));
	if (r >= 0)
		r = check(op, e);
	if (r < 0)
		return r;
	op->dest = mount_plan_clean(a, op->mount->destination);
	if (!op->dest)
		return err_set(e, ENOMEM, "mount plan");
	if (op->o.remount)
		return 0;
	if (op->bind) {
		r = name_source(a, o, op, e);
		return r < 0 ? r : mount_plan_open_source(a, c, o, plan, op, e);
	}
	op->type = find_type(op->mount->type);
	if (op->type->is_cgroup && !oci_namespace(c, OCI_NS_CGROUP))
		return open_cgroup(a, plan, op, e);
	const struct oci_namespace *owner = oci_namespace(c, op->type->owner);
	op->may_bind_instead = op->type->bind_instead && oci_namespace(c, OCI_NS_USER) &&
			       !(owner && (!owner->path || op->type->owner == OCI_NS_PID));
	return 0;
}

static unsigned bind_propagation(const struct oci_config *c)
{
	const char *root = c->linux_->rootfs_propagation;

	if (!root)
		return MS_SLAVE;
	if (strstr(root, "shared"))
		/* Events to the host are never what a container with its own users may cause. */
		return oci_namespace(c, OCI_NS_USER) ? MS_SLAVE : 0;
	return strstr(root, "slave") ? MS_SLAVE : MS_PRIVATE;
}

int mount_plan_compile(struct arena *a, const struct oci_config *c, const struct rootfs_opts *o,
		       const char *root_path, struct mount_plan *plan, struct err *e)
{
	*plan = (struct mount_plan){
		.v = arena_calloc(a, c->mounts.n, sizeof *plan->v),
		.label = c->linux_->mount_label,
		.propagation = bind_propagation(c),
		.cgroup_fd = o->cgroup_fd,
		.root_fd = FD_NONE,
		.root_path = mount_plan_clean(a, root_path),
	};
	if (!plan->v || !plan->root_path)
		return err_set(e, ENOMEM, "mount plan");
	for (size_t i = 0; i < c->mounts.n; i++) {
		struct mount_op *op = &plan->v[plan->n++];
		op->mount = &c->mounts.v[i];
		int r = compile(a, c, o, plan, op, e);
		if (r < 0)
			return err_in(e, "/mounts/%zu", i);
	}
	return 0;
}

const struct mount_op *mount_plan_find(const struct mount_plan *plan, const char *dest)
{
	for (size_t i = plan->n; i > 0; i--)
		if (!strcmp(plan->v[i - 1].dest, dest) && !plan->v[i - 1].o.remount)
			return &plan->v[i - 1];
	return NULL;
}

void mount_plan_close(struct mount_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		fd_close(&plan->v[i].tree_fd);
}
