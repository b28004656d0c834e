/* SPDX-License-Identifier: Apache-2.0 */
/* notice: see ports/notice.h. The numbers of the calls are those of port_filter.c. */
#include "ports/notice.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/seccomp.h>

#include "base/fd.h"
#include "base/io.h"
#include "ports/taken.h"
#include "seccomp/port_calls.h"

/* A later kernel's are longer than our headers say. */
union request {
	struct seccomp_notif notif;
	char room[512];
};

union answer {
	struct seccomp_notif_resp resp;
	char room[512];
};

static bool notice_read_memory(pid_t tid, uint64_t address, void *to, size_t len)
{
	struct iovec here = { to, len }, there = { (void *)(uintptr_t)address, len };

	return process_vm_readv(tid, &here, 1, &there, 1, 0) == (ssize_t)len;
}

/* The call's arguments; i386's socketcall(2) has them in memory. */
static bool find_arguments(const struct seccomp_notif *q, bool *is_listen, uint64_t args[3])
{
	uint32_t words[3];
	unsigned n;

	switch (port_call_kind(q->data.arch, q->data.nr, q->data.args[0])) {
	case PORT_CALL_BIND: *is_listen = false; break;
	case PORT_CALL_LISTEN: *is_listen = true; break;
	case PORT_CALL_NONE: return false;
	}
	memcpy(args, q->data.args, 3 * sizeof *args);
	if (!port_call_is_packed(q->data.arch, q->data.nr))
		return true;
	n = *is_listen ? 2 : 3;
	if (!notice_read_memory((pid_t)q->pid, (uint32_t)q->data.args[1], words, n * sizeof *words))
		return false;
	for (unsigned i = 0; i < n; i++)
		args[i] = words[i];
	return true;
}

/* The process of a thread: Go's runtime calls from any. */
static pid_t process_of(pid_t tid)
{
	char path[32], text[1024];
	struct err *ignored = NULL;

	snprintf(path, sizeof path, "/proc/%d/status", tid);
	if (io_read_small(AT_FDCWD, path, text, sizeof text, ignored) <= 0)
		return tid;
	const char *line = strstr(text, "\nTgid:");
	int pid = line ? atoi(line + sizeof "\nTgid:" - 1) : 0;
	return pid > 0 ? pid : tid;
}

/* bind(2)'s; its length, 0 when it cannot be had. */
static size_t read_address(pid_t tid, const uint64_t args[3], char address[sizeof(struct sockaddr_in6)])
{
	size_t len = (uint32_t)args[2] < sizeof(struct sockaddr_in6) ? (uint32_t)args[2] : sizeof(struct sockaddr_in6);

	return len > 0 && notice_read_memory(tid, args[1], address, len) ? len : 0;
}

/* Most others are not worth a look at their socket. */
static bool is_of_internet(const char *address)
{
	sa_family_t family;

	memcpy(&family, address, sizeof family);
	return family == AF_INET || family == AF_INET6;
}

/* False: not a call that concerns us. */
static bool notice_look(struct port_notice *n, const struct seccomp_notif *q)
{
	char address[sizeof(struct sockaddr_in6)] = { 0 };
	uint64_t args[3];

	if (!find_arguments(q, &n->is_listen, args))
		return false;
	size_t len = n->is_listen ? 0 : read_address((pid_t)q->pid, args, address);
	if (len && !is_of_internet(address))
		return false;
	n->socket_fd = taken_take(process_of((pid_t)q->pid), (int)args[0]);
	if (n->socket_fd < 0 || !port_address_kind(&n->target, n->socket_fd))
		return false;
	if (n->is_listen) {
		n->backlog = (int)args[1];
		n->has_target = port_address_of(&n->target, n->socket_fd);
		return true;
	}
	n->has_target = len > 0 && port_address_parse(&n->target, address, len);
	return true;
}

int port_notice_receive(int notify_fd, struct port_notice *ret)
{
	union request q = { 0 };
	uint64_t id;

	*ret = (struct port_notice){ .notify_fd = notify_fd, .socket_fd = FD_NONE };
	if (ioctl(notify_fd, SECCOMP_IOCTL_NOTIF_RECV, &q) < 0)
		return 0;
	ret->id = id = q.notif.id;
	if (!notice_look(ret, &q.notif) || ioctl(notify_fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) < 0)
		taken_close(&ret->socket_fd);
	return 1;
}

static void notice_answer(struct port_notice *n, int error, uint32_t flags)
{
	union answer a = { .resp = { .id = n->id, .error = error, .flags = flags } };

	taken_close(&n->socket_fd);
	/* ENOENT: the caller is gone. */
	ioctl(n->notify_fd, SECCOMP_IOCTL_NOTIF_SEND, &a);
}

void port_notice_continue(struct port_notice *n)
{
	notice_answer(n, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
}

void port_notice_refuse(struct port_notice *n, int error)
{
	notice_answer(n, -error, 0);
}
