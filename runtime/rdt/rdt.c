/* SPDX-License-Identifier: Apache-2.0 */
/* rdt: see rdt.h. A group that closID names is shared with others and stays; the group or monitoring
 * group that is named after the container is its own. */
#include "rdt/rdt.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "rdt/schema.h"

#define RESCTRL "/sys/fs/resctrl"
#define RESCTRL_MAGIC 0x7655821
#define SCHEMATA_MAX_BYTES 65536

static int open_root(struct err *e)
{
	_cleanup_fd_ int fd = open(RESCTRL, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) < 0 || fs.f_type != RESCTRL_MAGIC)
		return err_msg(e, ENOTSUP, "/linux/intelRdt: no resctrl file system is mounted on "
			       RESCTRL);
	return fd_take(&fd);
}

/* The folder of the container's group. "/" is the default group: the mount itself. */
static const char *group_name(const struct oci_intel_rdt *r, const char *id)
{
	if (!r->clos_id)
		return id;
	return strcmp(r->clos_id, "/") ? r->clos_id : ".";
}

static int open_group(int root, const char *name, struct err *e)
{
	int fd = openat(root, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? err_set(e, errno, "open resctrl group %s", name) : fd;
}

int rdt_plan_in(int root, struct arena *a, const struct oci_intel_rdt *r, const char *id,
		char **ret_group, struct err *e)
{
	bool is_ours = !r->clos_id && faccessat(root, id, F_OK, AT_SYMLINK_NOFOLLOW) < 0;

	*ret_group = NULL;
	if (!is_ours && !r->enable_monitoring)
		return 0;
	*ret_group = is_ours ? arena_strdup(a, id)
			     : arena_printf(a, "%s/mon_groups/%s", group_name(r, id), id);
	return *ret_group ? 0 : err_set(e, ENOMEM, "plan the resctrl group");
}

/* -- schemata ------------------------------------------------------------------------------- */

static bool has_schemata(const struct oci_intel_rdt *r)
{
	return r->schemata.n || r->l3_cache_schema || r->mem_bw_schema;
}

/* One line a write: the kernel takes it whole or refuses it whole. */
static int write_line(int group, const char *line, struct err *e)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	char *text = arena_printf(&a, "%s\n", line);

	if (!text)
		return err_set(e, ENOMEM, "write resctrl schema \"%s\"", line);
	int r = io_write_at(group, "schemata", text, strlen(text), e);
	return r < 0 ? err_in(e, "resctrl schema \"%s\"", line) : 0;
}

/* In the spec's order; "schemata" comes last. */
static int write_schemata(int group, const struct oci_intel_rdt *r, struct err *e)
{
	int ret = r->l3_cache_schema ? write_line(group, r->l3_cache_schema, e) : 0;

	if (ret >= 0 && r->mem_bw_schema)
		ret = write_line(group, r->mem_bw_schema, e);
	for (size_t i = 0; ret >= 0 && i < r->schemata.n; i++)
		ret = write_line(group, r->schemata.v[i], e);
	return ret;
}

/* Others are in this group already: what it is must be what the config thinks it is. */
static int compare_schemata(int group, const struct oci_intel_rdt *r, struct err *e)
{
	const char *const wanted[] = { r->l3_cache_schema, r->mem_bw_schema };
	_cleanup_arena_ struct arena a = ARENA_INIT;
	char *text;
	size_t len;

	if (!wanted[0] && !wanted[1])
		return 0;
	int ret = io_read_file(&a, group, "schemata", SCHEMATA_MAX_BYTES, &text, &len, e);
	for (size_t i = 0; ret >= 0 && i < 2; i++)
		if (wanted[i] && !rdt_schema_matches(text, wanted[i]))
			return err_msg(e, EINVAL, "resctrl group %s is there and differs from \"%s\"",
				       r->clos_id, wanted[i]);
	return ret;
}

/* -- groups --------------------------------------------------------------------------------- */

/* Makes the group or finds it; *ret_made tells which. */
static int make_group(int root, const struct oci_intel_rdt *r, const char *name, bool *ret_made,
		      struct err *e)
{
	*ret_made = false;
	if (r->clos_id && (!has_schemata(r) || !strcmp(name, ".")))
		return open_group(root, name, e);
	if (mkdirat(root, name, 0755) == 0)
		*ret_made = true;
	else if (errno != EEXIST)
		return err_set(e, errno, "make resctrl group %s", name);
	return open_group(root, name, e);
}

static int add_task(int group, const char *name, pid_t pid, struct err *e)
{
	char text[16];
	int n = snprintf(text, sizeof text, "%d\n", pid);
	int r = io_write_at(group, "tasks", text, (size_t)n, e);

	return r < 0 ? err_in(e, "put process %d into resctrl group %s", pid, name) : 0;
}

static int join_monitoring(int group, const char *id, pid_t pid, bool make, struct err *e)
{
	char name[NAME_MAX + sizeof "mon_groups/"];

	snprintf(name, sizeof name, "mon_groups/%s", id);
	if (make && mkdirat(group, name, 0755) < 0 && errno != EEXIST)
		return err_set(e, errno, "make resctrl monitoring group %s", name);
	_cleanup_fd_ int fd = open_group(group, name, e);
	return fd < 0 ? fd : add_task(fd, name, pid, e);
}

int rdt_apply_in(int root, const struct oci_intel_rdt *r, const char *id, pid_t pid, struct err *e)
{
	const char *name = group_name(r, id);
	bool made;
	_cleanup_fd_ int group = make_group(root, r, name, &made, e);

	if (group < 0)
		return group;
	int ret = r->clos_id && !made ? compare_schemata(group, r, e) : 0;
	if (ret >= 0)
		ret = write_schemata(group, r, e);
	if (ret >= 0)
		ret = add_task(group, name, pid, e);
	return ret < 0 || !r->enable_monitoring ? ret : join_monitoring(group, id, pid, true, e);
}

int rdt_join_in(int root, const struct oci_intel_rdt *r, const char *id, pid_t pid, struct err *e)
{
	const char *name = group_name(r, id);
	_cleanup_fd_ int group = open_group(root, name, e);
	int ret = group < 0 ? group : add_task(group, name, pid, e);

	return ret < 0 || !r->enable_monitoring ? ret : join_monitoring(group, id, pid, false, e);
}

int rdt_undo_in(int root, const char *group, struct err *e)
{
	if (unlinkat(root, group, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_set(e, errno, "remove resctrl group %s", group);
	return 0;
}

/* -- where resctrl is ----------------------------------------------------------------------- */

/* The kernel says more than an errno there: "unknown domain", "out of CLOSIDs" … */
static int rdt_explain(int root, int ret, struct err *e)
{
	char text[256];

	if (ret >= 0 || root < 0 ||
	    io_read_small(root, "info/last_cmd_status", text, sizeof text, NULL) <= 0)
		return ret;
	text[strcspn(text, "\n")] = '\0';
	return strcmp(text, "ok") ? err_in(e, "resctrl says \"%s\"", text) : ret;
}

/* "intelRdt": {} asks for nothing, so a host without resctrl is no obstacle. */
static int without_root(const struct oci_intel_rdt *r, int ret, struct err *e)
{
	if (ret != -ENOTSUP || r->clos_id || r->enable_monitoring || has_schemata(r))
		return ret;
	err_clear(e);
	return 0;
}

int rdt_plan(struct arena *a, const struct oci_intel_rdt *r, const char *id, char **ret_group,
	     struct err *e)
{
	_cleanup_fd_ int root = open_root(e);

	return root < 0 ? without_root(r, root, e) : rdt_plan_in(root, a, r, id, ret_group, e);
}

int rdt_apply(const struct oci_intel_rdt *r, const char *id, pid_t pid, struct err *e)
{
	_cleanup_fd_ int root = open_root(e);

	return root < 0 ? without_root(r, root, e) : rdt_explain(root, rdt_apply_in(root, r, id, pid, e), e);
}

int rdt_join(const struct oci_intel_rdt *r, const char *id, pid_t pid, struct err *e)
{
	_cleanup_fd_ int root = open_root(e);

	return root < 0 ? without_root(r, root, e) : rdt_explain(root, rdt_join_in(root, r, id, pid, e), e);
}

int rdt_update(const struct oci_intel_rdt *r, const char *id, struct err *e)
{
	_cleanup_fd_ int root = open_root(e);

	if (root < 0)
		return root;
	_cleanup_fd_ int group = open_group(root, group_name(r, id), e);
	return group < 0 ? group : rdt_explain(root, write_schemata(group, r, e), e);
}

int rdt_undo(const char *group, struct err *e)
{
	_cleanup_fd_ int root = open_root(e);

	if (root == -ENOTSUP) {
		err_clear(e); /* unmounted: all groups went with it */
		return 0;
	}
	return root < 0 ? root : rdt_undo_in(root, group, e);
}
