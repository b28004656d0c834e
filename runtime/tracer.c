/* SPDX-License-Identifier: Apache-2.0 */
/* tracer: see tracer.h. */
#include "tracer.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/procfd.h"
#include "container.h"
#include "ns/ns.h"
#include "oci.h"
#include "process/process.h"
#include "seccomp/allows.h"

static bool has(const oci_enums *set, int cap)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->v[i] == cap)
			return true;
	return false;
}

/* What is in its bounding set a program can get by a file of its image. */
static bool may_trace(const struct oci_process *p)
{
	const struct oci_capabilities *c = p ? p->capabilities : NULL;

	return c && (has(&c->bounding, CAP_SYS_PTRACE) || has(&c->permitted, CAP_SYS_PTRACE) ||
		     has(&c->effective, CAP_SYS_PTRACE));
}

static ssize_t read_small(int procfd, const char *pid, const char *file, char *text, size_t size)
{
	struct err ignored;
	char path[300];

	snprintf(path, sizeof path, "%s/%s", pid, file);
	_cleanup_fd_ int fd = procfd_openat(procfd, path, O_RDONLY, &ignored);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);
	text[n > 0 ? n : 0] = '\0';
	return n;
}

/* Whether it is 1 in its own PID namespace. */
static bool is_first(int procfd, const char *pid)
{
	char text[4096], *line, *last;

	if (read_small(procfd, pid, "status", text, sizeof text) <= 0 || !(line = strstr(text, "\nNSpid:")))
		return false;
	line[1 + strcspn(line + 1, "\n")] = '\0';
	last = strrchr(line, '\t');
	return last && !strcmp(last + 1, "1");
}

static bool is_standin(int procfd, const char *pid)
{
	char comm[32];

	return read_small(procfd, pid, "comm", comm, sizeof comm) > 0 && !strcmp(comm, STANDIN_COMM "\n");
}

/* By a magic link, which procfd_openat refuses; the procfs is our own. */
static int open_namespace(int procfd, const char *pid, const char *file)
{
	char path[300];

	snprintf(path, sizeof path, "%s/ns/%s", pid, file);
	return openat(procfd, path, O_RDONLY | O_CLOEXEC);
}

/* Whether that process is the first one of the PID namespace, and a stand-in. */
static bool is_standin_of(int procfd, const char *pid, int pid_ns_fd)
{
	_cleanup_fd_ int fd = open_namespace(procfd, pid, "pid");

	return fd_is_same_file(fd, pid_ns_fd) && is_first(procfd, pid) && is_standin(procfd, pid);
}

/* It may be that of any service, also of another engine's: so all processes are looked at. */
static int has_standin(int procfd, int pid_ns_fd, struct err *e)
{
	_cleanup_fd_ int list = openat(procfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = list < 0 ? NULL : fdopendir(list);
	bool found = false;

	if (!d)
		return err_set(e, errno, "look through the processes of the PID namespace to join");
	fd_take(&list);
	for (struct dirent *entry; !found && (entry = readdir(d));)
		found = *entry->d_name >= '1' && *entry->d_name <= '9' && is_standin_of(procfd, entry->d_name, pid_ns_fd);
	closedir(d);
	return found;
}

/* Of a service with a user namespace of its own a member has no capability outside of that, at no time. */
static bool is_of_our_user_ns(int procfd, int pid_ns_fd)
{
	_cleanup_fd_ int owner = ioctl(pid_ns_fd, NS_GET_USERNS), ours = open_namespace(procfd, "self", "user");

	return fd_is_same_file(owner, ours);
}

static int tracer_check(const struct oci_config *c, const struct oci_process *p, int pid_ns_fd, struct err *e)
{
	/* In a user namespace its capabilities count for nothing outside of that. */
	if (!may_trace(p) || oci_namespace(c, OCI_NS_USER))
		return 0;
	_cleanup_fd_ int procfd = procfd_open(e);
	if (procfd < 0 || !is_of_our_user_ns(procfd, pid_ns_fd))
		return procfd < 0 ? procfd : 0;
	int r = has_standin(procfd, pid_ns_fd, e);
	if (r <= 0)
		return r;
	return err_msg(e, EPERM,
		       "CAP_SYS_PTRACE in the PID namespace of a service that has standbys: who traces there could take over its "
		       "members while they are made, and with them the host. Take the capability away, give the service a "
		       "user namespace, or run what is to trace by exec in the service's container");
}

int tracer_check_create(const struct oci_config *c, int pid_ns_fd, struct err *e)
{
	return pid_ns_fd < 0 ? 0 : tracer_check(c, c->process, pid_ns_fd, e);
}

static bool joins_pid_ns(const struct oci_config *c)
{
	const struct oci_namespace *ns = oci_namespace(c, OCI_NS_PID);

	return ns && oci_namespace_is_joined(ns);
}

int tracer_check_exec(const struct container *c, const struct oci_config *config, const struct oci_process *p, struct err *e)
{
	if (!joins_pid_ns(config) || !may_trace(p))
		return 0;
	_cleanup_fd_ int fd = ns_open_of(c->state->pid, c->pidfd, "pid");
	return fd < 0 ? err_set(e, -fd, "open the container's PID namespace") : tracer_check(config, p, fd, e);
}

int tracer_check_filter(const struct seccomp_call *call, const struct oci_config *c, const struct oci_process *p, struct err *e)
{
	char name[32];

	if (p->no_new_privileges || oci_namespace(c, OCI_NS_USER) || !(joins_pid_ns(c) || may_trace(c->process) || may_trace(p)))
		return 0;
	seccomp_call_name(call, name, sizeof name);
	return err_msg(e, EPERM,
		       "/linux/seccomp: the profile refuses %s, so that it could be put on no sooner than in the container's PID "
		       "namespace, with CAP_SYS_ADMIN, which who may trace there could take. Allow that system call, or set "
		       "/process/noNewPrivileges",
		       name);
}
