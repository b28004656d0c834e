/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idmap: see idmap.h. The child process only keeps the namespace alive until its maps are written
 * and its file is open; it runs nothing and ends when the pipe closes, also when the parent dies.
 */
#include "ns/idmap.h"

#include <stdio.h>
#include <sys/wait.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/procfd.h"
#include "base/spawn.h"
#include "base/sys.h"
#include "ns/usermap.h"

static void keep_namespace(int pipe_read, int pipe_write)
{
	char c;

	close(pipe_write);
	while (read(pipe_read, &c, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

/* Writes the maps of `pid` and opens its user namespace. */
static int write_and_open(pid_t pid, const struct oci_linux *maps, struct err *e)
{
	_cleanup_fd_ int procfd = procfd_open(e);
	char path[64];

	if (procfd < 0)
		return procfd;
	int r = usermap_write(procfd, pid, maps, e);
	if (r < 0)
		return r;
	snprintf(path, sizeof path, "%d/ns/user", pid);
	/* A magic link by nature, which procfd_openat refuses; the procfs is our own. */
	int fd = openat(procfd, path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "open /proc/%s", path) : fd;
}

int idmap_userns(const oci_id_mappings *uids, const oci_id_mappings *gids, int *ret_fd,
		 struct err *e)
{
	struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	struct oci_linux maps = { .uid_mappings = *uids, .gid_mappings = *gids };
	int pipe_fds[2];

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_set(e, errno, "make a pipe");
	_cleanup_fd_ int pipe_read = pipe_fds[0];
	int pipe_write = pipe_fds[1];
	pid_t pid = spawn_process(&args);
	if (pid == 0)
		keep_namespace(pipe_read, pipe_write);
	int fd = pid < 0 ? err_set(e, errno, "make a user namespace for an idmapped mount") :
			   write_and_open(pid, &maps, e);
	close(pipe_write);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (fd < 0)
		return fd;
	*ret_fd = fd;
	return 0;
}

int idmap_container_userns(const struct oci_config *c, int *ret_fd, struct err *e)
{
	const struct oci_namespace *ns = oci_namespace(c, OCI_NS_USER);

	if (!ns)
		return err_msg(e, EINVAL, "idmap needs uidMappings and gidMappings, or a container "
					  "with a user namespace");
	if (!ns->path)
		return idmap_userns(&c->linux_->uid_mappings, &c->linux_->gid_mappings, ret_fd, e);
	int fd = open(ns->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, errno, "open user namespace %s", ns->path);
	*ret_fd = fd;
	return 0;
}
