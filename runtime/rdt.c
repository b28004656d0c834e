/* rdt: see rdt.h; the kernel's Documentation/arch/x86/resctrl.rst. A closID group is shared with others
 * and stays; a group or monitoring group named after the container is its own. */
#include "rdt.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"

#define RESCTRL "/sys/fs/resctrl"
#define RESCTRL_MAGIC 0x7655821

static int open_root(struct err *e)
{
	_cleanup_fd_ int fd = open(RESCTRL, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) < 0 || fs.f_type != RESCTRL_MAGIC)
		return err_msg(e, ENOTSUP, "/linux/intelRdt: no resctrl file system is mounted on "
			       RESCTRL);
	return fd_take(&fd);
}

static bool has_schemata(const struct oci_intel_rdt *r)
{
	return r->schemata.n || r->l3_cache_schema || r->mem_bw_schema;
}

int rdt_plan(struct arena *a, const struct oci_intel_rdt *r, const char *id, char **ret_group,
	     struct err *e)
{
	_cleanup_fd_ int root = open_root(e);

	*ret_group = NULL;
	if (root < 0)
		return root;
	if (r->clos_id && (!*r->clos_id || strchr(r->clos_id, '/') || r->clos_id[0] == '.'))
		return err_msg(e, EINVAL, "/linux/intelRdt/closID: \"%s\" is no group's name",
			       r->clos_id);
	if (!r->clos_id)
		*ret_group = arena_strdup(a, id);
	else if (r->enable_monitoring)
		*ret_group = arena_printf(a, "%s/mon_groups/%s", r->clos_id, id);
	return *ret_group || (r->clos_id && !r->enable_monitoring)
		       ? 0
		       : err_set(e, ENOMEM, "plan the resctrl group");
}

/* One line of the schemata file; "L3:0=f" and "MB:0=50" pass as they are. */
static int write_line(int group, const char *line, struct err *e)
{
	char text[1024];
	int n = snprintf(text, sizeof text, "%s\n", line);

	if (n >= (int)sizeof text)
		return err_set(e, ENAMETOOLONG, "resctrl schemata \"%s\"", line);
	int r = io_write_at(group, "schemata", text, (size_t)n, e);
	return r < 0 ? err_in(e, "resctrl schemata \"%s\"", line) : 0;
}

static int write_schemata(int group, const struct oci_intel_rdt *r, struct err *e)
{
	int x = 0;

	for (size_t i = 0; x >= 0 && i < r->schemata.n; i++)
		x = write_line(group, r->schemata.v[i], e);
	if (x >= 0 && !r->schemata.n && r->l3_cache_schema)
		x = write_line(group, r->l3_cache_schema, e);
	if (x >= 0 && !r->schemata.n && r->mem_bw_schema)
		x = write_line(group, r->mem_bw_schema, e);
	return x;
}

/* Opens the group; makes it when the config says what is to be in it. */
static int open_group(int root, const struct oci_intel_rdt *r, const char *name, struct err *e)
{
	if (!r->clos_id || has_schemata(r)) {
		if (mkdirat(root, name, 0755) < 0 && errno != EEXIST)
			return err_set(e, errno, "make resctrl group %s", name);
	}
	int fd = openat(root, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "open resctrl group %s", name) : fd;
}

static int add_task(int group, pid_t pid, struct err *e)
{
	char text[16];
	int n = snprintf(text, sizeof text, "%d\n", pid);

	return io_write_at(group, "tasks", text, (size_t)n, e);
}

static int monitor(int group, const char *id, pid_t pid, struct err *e)
{
	char name[300];

	snprintf(name, sizeof name, "mon_groups/%s", id);
	if (mkdirat(group, name, 0755) < 0 && errno != EEXIST)
		return err_set(e, errno, "make resctrl monitoring group %s", name);
	_cleanup_fd_ int fd = openat(group, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "open resctrl monitoring group %s", name)
		      : add_task(fd, pid, e);
}

int rdt_apply(const struct oci_intel_rdt *r, const char *id, pid_t pid, struct err *e)
{
	_cleanup_fd_ int root = open_root(e);
	int x;

	if (root < 0)
		return root;
	_cleanup_fd_ int group = open_group(root, r, r->clos_id ? r->clos_id : id, e);
	if (group < 0)
		return group;
	x = write_schemata(group, r, e);
	if (x >= 0)
		x = add_task(group, pid, e);
	return x < 0 || !r->enable_monitoring ? x : monitor(group, id, pid, e);
}

int rdt_undo(const char *group, struct err *e)
{
	_cleanup_fd_ int root = open_root(e);

	if (root < 0)
		return root;
	if (unlinkat(root, group, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_set(e, errno, "remove resctrl group %s", group);
	return 0;
}
