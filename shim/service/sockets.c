/* sockets: see sockets.h. A socket is known by its cookie, a number that the kernel gives once (SO_COOKIE). */
#include "service/sockets.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "loop/fetch.h"
#include "service/listen.h"
#include "service/parts.h"
#include "watch/customs.h"

#define SOCKETS_FILE "sockets"
#define SOCKETS_MAX_BYTES 8192
#define FIRST_LISTENER 3

static uint64_t cookie_of(int fd)
{
	uint64_t cookie = 0;
	socklen_t len = sizeof cookie;

	return getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len) < 0 ? 0 : cookie;
}

int sockets_save(const struct service *s, struct err *e)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	for (unsigned i = 0; i < s->policy->n_listen && i < s->store.set.n; i++)
		buf_printf(&out, "%" PRIu64 "\n", cookie_of(s->store.set.v[i].fd));
	if (out.failed)
		return err_set(e, ENOMEM, "write " SOCKETS_FILE);
	return out.len ? io_replace_at(s->container.dir_fd, SOCKETS_FILE, out.data, out.len, 0600, e) : 0;
}

static enum fetched has_cookie(int fd, const void *cookie)
{
	if (!customs_may_enter(fd))
		return FETCH_WAITS;
	return cookie_of(fd) == *(const uint64_t *)cookie ? FETCH_IT : FETCH_NOT;
}

/* The active member has them where it was given them, if it has not moved them; one that waits, somewhere. */
static int find_socket(const struct service *s, uint64_t cookie)
{
	int fd = FD_NONE;

	for (int i = 0; cookie && fd < 0 && i < s->machine.n_members; i++)
		if (member_exists(&s->members[i]))
			fd = fetch_fd(s->members[i].pidfd, FIRST_LISTENER, FIRST_LISTENER + 2 * FDSET_MAX, has_cookie, &cookie);
	return fd;
}

static int take_one(struct service *s, const struct listen_policy *l, uint64_t cookie, struct err *e)
{
	int fd = find_socket(s, cookie);

	if (fd < 0)
		fd = listen_open(l, s->shared.held.fd[OCI_NS_NETWORK], e);
	if (fd < 0)
		return err_in(e, "take up the socket again");
	int r = fdset_add(&s->store.set, fd, l->name, false, false, 0);
	return r < 0 ? err_set(e, -r, "keep the socket %s", l->text) : 0;
}

int sockets_take(struct service *s, struct err *e)
{
	char *text = NULL, *at;
	size_t len;
	int r = io_read_file(s->made.arena, s->container.dir_fd, SOCKETS_FILE, SOCKETS_MAX_BYTES, &text, &len, e);

	if (r < 0 && r != -ENOENT)
		return r;
	err_clear(e);
	at = r < 0 ? NULL : text;
	r = 0;
	for (unsigned i = 0; r >= 0 && i < s->policy->n_listen; i++)
		r = take_one(s, &s->policy->listen[i], at ? strtoull(at, &at, 10) : 0, e);
	s->shared.listening = r >= 0;
	return r < 0 ? r : sockets_save(s, e);
}
