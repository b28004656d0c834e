/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/create: makes a cgroup and turns its controllers on, level by level from the root. Must
 * leave nothing behind when it fails, and must not move any process. */
#include "cgroup/cgroup.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/io.h"
#include "cgroup/limits.h"
#include "cgroup/tree.h"

/* Those that engines expect in a container's cgroup, for statistics and later updates. */
#define USUAL                                                                                   \
	(CGROUP_CPU | CGROUP_CPUSET | CGROUP_IO | CGROUP_MEMORY | CGROUP_HUGETLB | CGROUP_PIDS | \
	 CGROUP_RDMA | CGROUP_MISC)

/* Why controllers could not be turned on: the first refusal on the way down. */
struct refusal {
	int errnum; /* 0 = none: the host does not have them */
	char where[PATH_MAX];
};

/* The first `len` bytes of `path` as a string in `buf` (PATH_MAX: cgroup_plan keeps below it). */
static const char *prefix_of(char *buf, const char *path, size_t len)
{
	memcpy(buf, path, len);
	buf[len] = '\0';
	return buf;
}

static int mkdir_at(int root_fd, const char *path, struct err *e)
{
	if (mkdirat(root_fd, path + 1, 0755) == 0)
		return 1;
	if (errno == EEXIST)
		return 0;
	return err_set(e, errno, "make cgroup %s", path);
}

/* Removes the last `made` folders of the first `len` bytes of `path`. */
static void unmake_path(int root_fd, const char *path, size_t len, int made)
{
	char part[PATH_MAX];

	for (; made > 0; made--) {
		unlinkat(root_fd, prefix_of(part, path, len) + 1, AT_REMOVEDIR);
		while (len && path[--len] != '/')
			;
	}
}

/* Makes what is missing of `path`; *made counts the folders made: the last so many of it. */
static int make_path(int root_fd, const char *path, int *made, struct err *e)
{
	char part[PATH_MAX];
	struct err why = ERR_INIT;
	size_t done = 0;
	int r = mkdir_at(root_fd, path, &why);

	if (r != -ENOENT) {
		*made = r > 0;
		return r < 0 ? err_msg(e, -r, "%s", why.text) : 0;
	}
	for (size_t i = 1;; i++) {
		if (path[i] != '/' && path[i])
			continue;
		r = mkdir_at(root_fd, prefix_of(part, path, i), e);
		if (r < 0)
			unmake_path(root_fd, path, done, *made);
		if (r < 0)
			return r;
		*made += r;
		done = i;
		if (!path[i])
			return 0;
	}
}

static unsigned read_set(int dirfd, const char *file)
{
	char text[512];

	return io_read_small(dirfd, file, text, sizeof text, NULL) < 0 ?
		       0 :
		       cgroup_controllers_parse(text);
}

static int write_set(int dirfd, const char *file, char sign, unsigned set)
{
	char text[128];

	cgroup_controllers_format(set, sign, text, sizeof text);
	return io_write_at(dirfd, file, text, strlen(text), NULL);
}

/*
 * Turns `want` on for what is below one level. Refusals are not errors here: only a controller
 * that is missing in the end and was asked for is one.
 */
static void enable_level(int root_fd, const char *level, unsigned want, struct refusal *no)
{
	char file[PATH_MAX];

	if (snprintf(file, sizeof file, "%s/cgroup.subtree_control", level) >= (int)sizeof file)
		return;
	const char *relative = file + 1;
	want &= ~read_set(root_fd, relative);
	int r = want ? write_set(root_fd, relative, '+', want) : 0;
	if (r >= 0)
		return;
	if (!no->errnum) {
		no->errnum = -r;
		snprintf(no->where, sizeof no->where, "%s", *level ? level : "/");
	}
	/* One of them may be at fault (cpu where there are realtime tasks): the others alone. Not
	 * where processes are in the way (EBUSY): there cpu or pids would succeed alone, but make
	 * the level threaded and the container's cgroup unusable. */
	if (r != -EINVAL && r != -ENOENT && r != -EPERM)
		return;
	for (unsigned bit = 1; bit <= want; bit <<= 1)
		if (want & bit)
			write_set(root_fd, relative, '+', bit);
}

#define CGROUPS_MAX 4096

/* A hybrid host: which hierarchy of cgroup v1 has the first of those controllers; 0: none has. */
static int v1_hierarchy_of(const char *names)
{
	char text[CGROUPS_MAX], *save = NULL;
	size_t len = strcspn(names, ", ");

	if (io_read_small(AT_FDCWD, "/proc/cgroups", text, sizeof text, NULL) < 0)
		return 0;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (!strncmp(line, names, len) && line[len] == '\t')
			return atoi(line + len + 1);
	return 0;
}

static int not_of_this_host(const char *names, struct err *e)
{
	int hierarchy = v1_hierarchy_of(names);

	err_msg(e, ENOTSUP, "cgroup controller %s is asked for, but this host's cgroup2 tree does not have it", names);
	if (hierarchy) {
		struct err what = *e;
		err_msg(e, ENOTSUP, "%s: cgroup v1's hierarchy %d of /proc/cgroups has it; boot with "
			"systemd.unified_cgroup_hierarchy=1, or cgroup_no_v1=%.*s", what.text, hierarchy,
			(int)strcspn(names, ", "), names);
	}
	return -ENOTSUP;
}

static int missing_error(unsigned missing, unsigned host, const struct refusal *no,
			 const char *path, struct err *e)
{
	char names[128];

	cgroup_controllers_format(missing, 0, names, sizeof names);
	if (missing & ~host)
		return not_of_this_host(names, e);
	if (no->errnum == EBUSY)
		return err_msg(e, ENOTSUP,
			       "cgroup controller %s cannot be turned on for %s: processes are in "
			       "%s itself (cgroups(7), \"no internal processes\"); move them into "
			       "a cgroup below it", names, path, no->where);
	if (no->errnum)
		return err_set(e, no->errnum, "turn on cgroup controller %s in %s", names,
			       no->where);
	return err_msg(e, ENOTSUP, "cgroup controller %s is not available in %s", names, path);
}

/*
 * The leaf's own list tells in one read whether all was turned on before, which is so for every
 * container after the first; only otherwise are the levels above looked at.
 */
int cgroup_enable(struct cgroup *cg, unsigned asked, struct err *e)
{
	struct refusal no = { 0 };
	char level[PATH_MAX];
	unsigned want = USUAL | asked, have = read_set(cg->fd, "cgroup.controllers");

	if (!(want & ~have))
		return 0;
	unsigned host = read_set(cg->root_fd, "cgroup.controllers");
	if (!(want & host & ~have) && !(asked & ~have))
		return 0;
	for (size_t i = 0; cg->path[i]; i++)
		if (cg->path[i] == '/')
			enable_level(cg->root_fd, prefix_of(level, cg->path, i), want & host, &no);
	unsigned missing = asked & ~read_set(cg->fd, "cgroup.controllers") & ~CGROUP_OTHER;
	return missing ? missing_error(missing, host, &no, cg->path, e) : 0;
}

int cgroup_enter_above(struct cgroup *cg, pid_t pid, struct err *e)
{
	static const char file[] = "cgroup.subtree_control";
	unsigned set = read_set(cg->fd, file);
	int r = set ? write_set(cg->fd, file, '-', set) : 0;

	if (r < 0)
		return err_set(e, -r, "turn off the controllers below %s", cg->path);
	r = cgroup_enter(cg, pid, e);
	if (r < 0 && set)
		write_set(cg->fd, file, '+', set);
	return r;
}

/* A cgroup that was there before may be used if no other container uses it; one that is about to has claimed it. */
static int check_unused(struct cgroup *cg, struct err *e)
{
	long long populated = cgroup_read_key(cg->fd, "cgroup.events", "populated", e);
	long long frozen = cgroup_frozen(cg, e);

	if (populated < 0 || frozen < 0)
		return err_in(e, "look at cgroup %s", cg->path);
	if (populated)
		return err_msg(e, EBUSY, "container's cgroup is not empty: %s", cg->path);
	if (frozen)
		return err_msg(e, EBUSY, "container's cgroup unexpectedly frozen: %s", cg->path);
	return 0;
}

int cgroup_create(struct cgroup *cg, const char *path, const struct oci_resources *needs,
		  struct err *e)
{
	unsigned asked = cgroup_controllers_asked(needs);
	int made = 0, r;

	if (cg->root_fd < 0)
		cg->root_fd = cgroup_mount_open(e);
	if (cg->root_fd < 0)
		return cg->root_fd;
	r = make_path(cg->root_fd, path, &made, e);
	if (r < 0)
		return r;
	r = cgroup_claim(cg, path, e);
	if (r == -EBUSY)
		made = 0; /* the one that has claimed it goes on with it */
	if (r >= 0 && !made)
		r = check_unused(cg, e);
	if (r >= 0 && asked)
		r = cgroup_enable(cg, asked, e);
	cg->owned = made > 0;
	if (r >= 0)
		return 0;
	fd_close(&cg->fd);
	if (cg->owned)
		unmake_path(cg->root_fd, path, strlen(path), made);
	cg->owned = false;
	return r;
}
