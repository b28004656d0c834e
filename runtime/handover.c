/* SPDX-License-Identifier: Apache-2.0 */
/* handover: see handover.h. */
#include "handover.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "process/process.h"
#include "wire/sync.h"

union control {
	char bytes[CMSG_SPACE(sizeof(int) * HANDOVER_FDS_MAX)];
	struct cmsghdr align;
};

int handover_send(int sync_fd, const struct handover *h, struct err *e)
{
	struct sync_head head = { .type = SYNC_GO };
	struct iovec iov[] = { { &head, sizeof head }, { (char *)h->env, h->env_len } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = h->env_len ? 2 : 1 };
	union control control;
	ssize_t n;

	if (h->n_fds > HANDOVER_FDS_MAX || h->env_len > HANDOVER_ENV_MAX)
		return err_msg(e, E2BIG, "hand over %u descriptors and %zu bytes", h->n_fds, h->env_len);
	if (h->n_fds) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * h->n_fds);
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * h->n_fds);
		memcpy(CMSG_DATA(c), h->fds, sizeof(int) * h->n_fds);
	}
	do
		n = sendmsg(sync_fd, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? err_set(e, errno, "let init go") : 0;
}

/* Takes the descriptors out of a received message. */
static int take_fds(struct msghdr *msg, struct arena *a, struct handover *ret, struct err *e)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);

	if (!c)
		return 0;
	if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS || msg->msg_flags & MSG_CTRUNC)
		return err_msg(e, EPROTO, "malformed descriptors with GO");
	size_t bytes = c->cmsg_len - CMSG_LEN(0);
	int *fds = arena_alloc(a, bytes);
	if (!fds)
		return err_set(e, ENOMEM, "receive descriptors");
	memcpy(fds, CMSG_DATA(c), bytes);
	ret->fds = fds;
	ret->n_fds = (unsigned)(bytes / sizeof(int));
	return 0;
}

/* Blocks until there is a frame; its size, 0 at end of file, -errno. */
static ssize_t wait_for_frame(int sync_fd)
{
	ssize_t n;

	do
		n = recv(sync_fd, NULL, 0, MSG_PEEK | MSG_TRUNC);
	while (n < 0 && errno == EINTR);
	return n >= 0 ? n : errno == ECONNRESET ? 0 : -errno;
}

int handover_receive(int sync_fd, struct arena *a, struct handover *ret, struct err *e)
{
	struct sync_head head;
	union control control;
	ssize_t n = wait_for_frame(sync_fd);

	*ret = (struct handover){ 0 };
	if (n <= 0)
		return n < 0 ? err_set(e, (int)-n, "wait to be started") : 0;
	if ((size_t)n < sizeof head || (size_t)n > sizeof head + HANDOVER_ENV_MAX)
		return err_msg(e, EPROTO, "unexpected frame instead of GO");
	size_t env_len = (size_t)n - sizeof head;
	char *env = arena_alloc(a, env_len + 1);
	if (!env)
		return err_set(e, ENOMEM, "wait to be started");
	struct iovec iov[] = { { &head, sizeof head }, { env, env_len } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2, .msg_control = control.bytes,
			      .msg_controllen = sizeof control };
	if (recvmsg(sync_fd, &msg, MSG_CMSG_CLOEXEC) != n)
		return err_set(e, errno, "wait to be started");
	if (head.type != SYNC_GO || (env_len && env[env_len - 1]))
		return err_msg(e, EPROTO, "unexpected frame instead of GO");
	ret->env = env;
	ret->env_len = env_len;
	int r = take_fds(&msg, a, ret, e);
	return r < 0 ? r : 1;
}

/* All out of the way first: a descriptor may have the number that another one is to get. */
static int place_fds(struct handover *h, struct arena *a, int *sync_fd, struct err *e)
{
	int above = LISTEN_FDS_START + (int)h->n_fds;
	int *moved = arena_calloc(a, h->n_fds + 1, sizeof *moved);

	if (!moved)
		return err_set(e, ENOMEM, "place descriptors");
	int sync = fcntl(*sync_fd, F_DUPFD_CLOEXEC, above);
	for (unsigned i = 0; i < h->n_fds && sync >= 0; i++)
		if ((moved[i] = fcntl(h->fds[i], F_DUPFD_CLOEXEC, above)) < 0)
			sync = -1;
	if (sync < 0)
		return err_set(e, errno, "place descriptors");
	*sync_fd = sync;
	for (unsigned i = 0; i < h->n_fds; i++)
		if (dup2(moved[i], LISTEN_FDS_START + (int)i) < 0)
			return err_set(e, errno, "place descriptor %u", LISTEN_FDS_START + i);
	/* The copies close at execve; a move that was not needed left one below `above` that does not. */
	for (unsigned i = 0; i < h->n_fds; i++)
		close(moved[i]);
	return 0;
}

/* True when entry and variable have the same name. */
static bool same_name(const char *entry, const char *variable)
{
	size_t n = strcspn(variable, "=");

	return !strncmp(entry, variable, n) && entry[n] == '=';
}

static const char *fill_pid(struct arena *a, const char *variable)
{
	if (strcmp(variable, "LISTEN_PID=") && strcmp(variable, "WATCHDOG_PID="))
		return variable;
	return arena_printf(a, "%s%d", variable, getpid());
}

static void handover_put_variable(struct process_plan *p, const char *variable)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_env; i++)
		if (!same_name(p->env[i], variable))
			p->env[n++] = p->env[i];
	p->env[n++] = (char *)variable;
	p->env[n] = NULL;
	p->n_env = n;
}

static int handover_add_env(struct handover *h, struct process_plan *p, struct err *e)
{
	size_t count = 0;

	for (size_t i = 0; i < h->env_len; i++)
		count += !h->env[i];
	char **env = arena_calloc(p->arena, p->n_env + count + 1, sizeof *env);
	if (!env)
		return err_set(e, ENOMEM, "build the environment");
	if (p->n_env)
		memcpy(env, p->env, p->n_env * sizeof *env);
	p->env = env;
	for (size_t at = 0; at < h->env_len; at += strlen(h->env + at) + 1) {
		const char *variable = fill_pid(p->arena, h->env + at);
		if (!variable)
			return err_set(e, ENOMEM, "build the environment");
		handover_put_variable(p, variable);
	}
	return 0;
}

int handover_apply(struct handover *h, struct process_plan *p, int *sync_fd, struct err *e)
{
	int r = h->n_fds ? place_fds(h, p->arena, sync_fd, e) : 0;

	return r >= 0 && h->env_len ? handover_add_env(h, p, e) : r;
}
