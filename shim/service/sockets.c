/* SPDX-License-Identifier: Apache-2.0 */
/* sockets: see sockets.h. A socket is known by its cookie, a number that the kernel gives once (SO_COOKIE). */
#include "service/sockets.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "container.h"
#include "loop/fetch.h"
#include "policy/policy.h"
#include "service/fdset.h"
#include "service/listen.h"
#include "service/member.h"
#include "service/shared.h"
#include "watch/customs.h"

#define SOCKETS_FILE "sockets"
#define SOCKETS_MAX_BYTES 8192

static uint64_t cookie_of(int fd)
{
	uint64_t cookie = 0;
	socklen_t len = sizeof cookie;

	return getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len) < 0 ? 0 : cookie;
}

int sockets_save(const struct service_shared *sh, struct err *e)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	for (unsigned i = 0; i < sh->policy->n_listen && i < sh->set->n; i++)
		buf_printf(&out, "%" PRIu64 "\n", cookie_of(sh->set->v[i].fd));
	if (out.failed)
		return err_set(e, ENOMEM, "write " SOCKETS_FILE);
	return out.len ? io_replace_at(sh->container->dir_fd, SOCKETS_FILE, out.data, out.len, 0600, e) : 0;
}

static enum fetched has_cookie(int fd, const void *cookie)
{
	if (!customs_may_enter(fd))
		return FETCH_WAITS;
	return cookie_of(fd) == *(const uint64_t *)cookie ? FETCH_IT : FETCH_NOT;
}

/* The active member has them where it was given them, if it has not moved them; one that waits, somewhere. */
static int find_socket(const struct member *members, int n, uint64_t cookie)
{
	int fd = FD_NONE;

	for (int i = 0; cookie && fd < 0 && i < n; i++)
		if (member_exists(&members[i]))
			fd = fetch_fd(members[i].pidfd, LISTEN_FDS_START, LISTEN_FDS_START + 2 * FDSET_MAX, has_cookie, &cookie);
	return fd;
}

/* `fd`, a found one, is taken. */
static int take_one(struct service_shared *sh, const struct listen_policy *l, int fd, struct err *e)
{
	if (fd < 0)
		fd = listen_open(l, sh->held.fd[OCI_NS_NETWORK], e);
	if (fd < 0)
		return err_in(e, "take up the socket again");
	int r = fdset_add(sh->set, fd, l->name, false, false, 0);
	return r < 0 ? err_set(e, -r, "keep the socket %s", l->text) : 0;
}

int sockets_take(struct service_shared *sh, const struct member *members, int n, struct err *e)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	char *text = NULL, *at;
	size_t len;
	int r = io_read_file(&a, sh->container->dir_fd, SOCKETS_FILE, SOCKETS_MAX_BYTES, &text, &len, e);

	if (r < 0 && r != -ENOENT)
		return r;
	err_clear(e);
	at = r < 0 ? NULL : text;
	r = 0;
	for (unsigned i = 0; r >= 0 && i < sh->policy->n_listen; i++)
		r = take_one(sh, &sh->policy->listen[i], find_socket(members, n, at ? strtoull(at, &at, 10) : 0), e);
	sh->listening = r >= 0;
	return r < 0 ? r : sockets_save(sh, e);
}
