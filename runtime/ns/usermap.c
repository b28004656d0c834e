/* SPDX-License-Identifier: Apache-2.0 */
/* usermap: see usermap.h. */
#include "ns/usermap.h"

#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/procfd.h"

extern char **environ;

static void put_map(struct buf *b, const oci_id_mappings *m)
{
	for (size_t i = 0; i < m->n; i++)
		buf_printf(b, "%u %u %u\n", m->v[i].container_id, m->v[i].host_id, m->v[i].size);
}

static int write_file(int procfd, pid_t pid, const char *file, const char *data, struct err *e)
{
	char path[64];

	snprintf(path, sizeof path, "%d/%s", pid, file);
	return procfd_write(procfd, path, data, e);
}

#define MAX_MAPPINGS 340 /* the kernel's own limit, user_namespaces(7) */

/* newuidmap PID CONTAINER HOST SIZE … */
static int run_helper(const char *helper, pid_t pid, const oci_id_mappings *m, struct err *e)
{
	char numbers[MAX_MAPPINGS * 3][12], pid_text[16];
	const char *argv[MAX_MAPPINGS * 3 + 3] = { helper, pid_text };
	pid_t child;
	int status;

	snprintf(pid_text, sizeof pid_text, "%d", pid);
	for (size_t i = 0; i < m->n * 3; i++) {
		const struct oci_id_mapping *row = &m->v[i / 3];
		snprintf(numbers[i], sizeof numbers[i], "%u",
			 i % 3 == 0   ? row->container_id
			 : i % 3 == 1 ? row->host_id
				      : row->size);
		argv[2 + i] = numbers[i];
	}
	int r = posix_spawnp(&child, helper, NULL, NULL, (char **)argv, environ);
	if (r)
		return err_set(e, r, "run %s", helper);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return err_set(e, errno, "wait for %s", helper);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return err_msg(e, EPERM, "%s failed for process %d (status %d): are the ids listed "
			       "in /etc/subuid and /etc/subgid?", helper, pid, status);
	return 0;
}

/* A single entry that maps the caller's own id needs no privilege. */
static bool is_own_id(const oci_id_mappings *m, unsigned own)
{
	return m->n == 1 && m->v[0].size == 1 && m->v[0].host_id == own;
}

int usermap_write(int procfd, pid_t pid, const struct oci_linux *l, struct err *e)
{
	_cleanup_buf_ struct buf uids = BUF_INIT, gids = BUF_INIT;
	bool root = geteuid() == 0;
	int r;

	if (l->uid_mappings.n > MAX_MAPPINGS || l->gid_mappings.n > MAX_MAPPINGS)
		return err_msg(e, EINVAL, "more than %d id mappings in /linux", MAX_MAPPINGS);
	put_map(&uids, &l->uid_mappings);
	put_map(&gids, &l->gid_mappings);
	if (uids.failed || gids.failed)
		return err_set(e, ENOMEM, "write id maps");
	if (gids.data && (root || is_own_id(&l->gid_mappings, getegid()))) {
		if (!root && (r = write_file(procfd, pid, "setgroups", "deny", e)) < 0)
			return r;
		r = write_file(procfd, pid, "gid_map", gids.data, e);
	} else {
		r = gids.data ? run_helper("newgidmap", pid, &l->gid_mappings, e) : 0;
	}
	if (r < 0 || !uids.data)
		return r;
	if (root || is_own_id(&l->uid_mappings, geteuid()))
		return write_file(procfd, pid, "uid_map", uids.data, e);
	return run_helper("newuidmap", pid, &l->uid_mappings, e);
}

int usermap_become_root(struct err *e)
{
	if (setresgid(0, 0, 0) < 0)
		return err_set(e, errno, "become gid 0 of the user namespace");
	if (setresuid(0, 0, 0) < 0)
		return err_set(e, errno, "become uid 0 of the user namespace");
	return 0;
}
