/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup: planning a container's place in the tree, opening and entering it, giving it away. */
#include "cgroup/cgroup.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/caller.h"
#include "base/err.h"
#include "base/io.h"
#include "cgroup/attach.h"
#include "cgroup/limits.h"
#include "systemd/unit.h"

/* Appends the components of `from` to `to`: "a//./b/" gives "/a/b". */
static int append_clean(char *to, const char *from, struct err *e)
{
	size_t len = strlen(to);

	for (const char *p = from; *p;) {
		size_t n = strcspn(p, "/");
		if (n == 2 && !memcmp(p, "..", 2))
			return err_msg(e, EINVAL, "cgroupsPath %s: \"..\" is not allowed", from);
		if (n > NAME_MAX)
			return err_msg(e, EINVAL, "cgroupsPath: a component of %zu bytes", n);
		if (n && !(n == 1 && *p == '.')) {
			to[len++] = '/';
			memcpy(to + len, p, n);
			len += n;
		}
		p += n + (p[n] == '/');
	}
	to[len] = '\0';
	return 0;
}

int cgroup_plan(struct arena *a, const struct oci_config *c, const char *id, char **ret_path,
		struct err *e)
{
	const char *given = c->linux_ ? c->linux_->cgroups_path : NULL;
	char *own = NULL;
	int r;

	if (!given || !*given)
		given = id;
	if (*given != '/') {
		r = cgroup_path_of(a, 0, &own, e);
		if (r < 0)
			return r;
		/* Beside, not below: the own cgroup has processes (the runtime's caller), and one
		 * with processes cannot turn on controllers for those below it. */
		*strrchr(own, '/') = '\0';
	}
	size_t len = (own ? strlen(own) : 0) + strlen(given) + 2;
	if (len > PATH_MAX)
		return err_msg(e, EINVAL, "cgroupsPath of %zu bytes is too long", strlen(given));
	char *path = arena_alloc(a, len);
	if (!path)
		return err_set(e, ENOMEM, "plan the cgroup");
	if (own)
		strcpy(path, own);
	r = append_clean(path, given, e);
	if (r < 0)
		return r;
	if (!*path)
		return err_msg(e, EINVAL, "cgroupsPath %s is the root cgroup", given);
	*ret_path = path;
	return 0;
}

bool cgroup_can_do_without(const struct oci_config *c, int errnum)
{
	bool refused = errnum == EACCES || errnum == EPERM || errnum == EROFS || errnum == ENOENT;

	if (!refused || !caller_is_unprivileged())
		return false;
	if (!c->linux_)
		return true;
	return !c->linux_->cgroups_path && !cgroup_controllers_asked(c->linux_->resources);
}

int cgroup_exists(int root_fd, const char *path, bool *ret, struct err *e)
{
	*ret = faccessat(root_fd, path + 1, F_OK, 0) == 0;
	if (!*ret && errno != ENOENT)
		return err_set(e, errno, "look for cgroup %s", path);
	return 0;
}

static int cgroup_open_with(struct cgroup *cg, const char *path, int flags, struct err *e)
{
	if (cg->root_fd < 0)
		cg->root_fd = cgroup_mount_open(e);
	if (cg->root_fd < 0)
		return cg->root_fd;
	cg->fd = openat(cg->root_fd, path[1] ? path + 1 : ".", flags | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (cg->fd < 0)
		return err_set(e, errno, "open cgroup %s", path);
	cg->path = path;
	return 0;
}

int cgroup_open(struct cgroup *cg, const char *path, struct err *e)
{
	return cgroup_open_with(cg, path, O_PATH, e);
}

int cgroup_claim(struct cgroup *cg, const char *path, struct err *e)
{
	int r = cgroup_open_with(cg, path, O_RDONLY, e);

	if (r < 0 || flock(cg->fd, LOCK_EX | LOCK_NB) == 0)
		return r;
	return errno == EWOULDBLOCK ? err_msg(e, EBUSY, "another container is being created in cgroup %s", path)
				    : err_set(e, errno, "lock cgroup %s", path);
}

void cgroup_close(struct cgroup *cg)
{
	keeper_end(&cg->keeper);
	if (cg->manager)
		systemd_close(cg->manager);
	cg->manager = NULL;
	fd_close(&cg->fd);
	fd_close(&cg->root_fd);
}

int cgroup_enter(struct cgroup *cg, pid_t pid, struct err *e)
{
	char text[16];
	int len = snprintf(text, sizeof text, "%d", pid);
	int r = io_write_at(cg->fd, "cgroup.procs", text, (size_t)len, e);

	if (r == -EACCES && cgroup_attach_by_systemd(cg->fd, pid) >= 0) {
		err_clear(e);
		return 0;
	}
	return r < 0 ? err_in(e, "move process %d into cgroup %s", pid, cg->path) : 0;
}

static bool has_option(const oci_strings *options, const char *name)
{
	for (size_t i = 0; i < options->n; i++)
		if (!strcmp(options->v[i], name))
			return true;
	return false;
}

/* config-linux.md, "Cgroup ownership": a cgroup namespace of its own, a mount to write it by. */
static bool wants_ownership(const struct oci_config *c)
{
	const struct oci_namespace *ns = oci_namespace(c, OCI_NS_CGROUP);

	if (!ns || ns->path)
		return false;
	for (size_t i = 0; i < c->mounts.n; i++) {
		const struct oci_mount *m = &c->mounts.v[i];
		if (m->source && !strcmp(m->source, "cgroup") &&
		    !strcmp(m->destination, "/sys/fs/cgroup") && !has_option(&m->options, "ro") &&
		    !has_option(&m->options, "rro"))
			return true;
	}
	return false;
}

int cgroup_delegate(struct cgroup *cg, const struct oci_config *c, uid_t uid, struct err *e)
{
	char names[4096], *next;

	if (!wants_ownership(c))
		return 0;
	/* The kernel lists the files that may be given away; without the list, those of 5.15. */
	if (io_read_small(AT_FDCWD, "/sys/kernel/cgroup/delegate", names, sizeof names, NULL) < 0)
		strcpy(names, "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n");
	if (fchownat(cg->fd, "", uid, (gid_t)-1, AT_EMPTY_PATH) < 0)
		return err_set(e, errno, "chown cgroup %s", cg->path);
	for (char *name = names; *name; name = next) {
		next = name + strcspn(name, "\n");
		if (*next)
			*next++ = '\0';
		if (fchownat(cg->fd, name, uid, (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0 &&
		    errno != ENOENT)
			return err_set(e, errno, "chown %s of cgroup %s", name, cg->path);
	}
	return 0;
}
