/* SPDX-License-Identifier: Apache-2.0 */
/* folder: see folder.h. */
#include "service/folder.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/path.h"
#include "container.h"
#include "ctl/ctl.h"
#include "statefile.h"

#define LOOK_AGAIN_NS (10 * NS_PER_MS)
#define LOOKS_MAX 500 /* while somebody is at it */

static void folder_look(struct timer *t)
{
	struct folder_watch *f = LOOP_OWNER(t, struct folder_watch, look);
	const struct container *c = f->container;

	if (!statefile_is_there(c->rt, c->dir_fd, c->state->id)) {
		f->is_gone = true;
		f->removed(f);
	} else if (faccessat(c->dir_fd, CTL_SOCKET_NAME, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && f->looks++ < LOOKS_MAX) {
		loop_timer(f->loop, t, LOOK_AGAIN_NS, folder_look);
	}
}

/* Files of our own come and go as well; they are not many. */
static void on_change(struct source *src, uint32_t events)
{
	struct folder_watch *f = LOOP_OWNER(src, struct folder_watch, changes);
	char ignored[4096] __attribute__((aligned(8)));

	(void)events;
	while (read(src->fd, ignored, sizeof ignored) > 0)
		;
	if (f->is_gone || f->look.armed)
		return;
	f->looks = 0;
	loop_timer(f->loop, &f->look, 0, folder_look);
}

int folder_watch_begin(struct folder_watch *f, struct loop *l, const struct container *c, struct err *e)
{
	_cleanup_fd_ int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	f->loop = l;
	f->container = c;
	if (fd < 0 || inotify_add_watch(fd, path_of_fd(c->dir_fd).text, IN_DELETE | IN_MOVE_SELF | IN_ONLYDIR) < 0)
		return err_set(e, errno, "watch the state folder");
	int r = loop_add(l, &f->changes, fd, EPOLLIN, on_change, e);
	if (r >= 0)
		fd_take(&fd);
	return r;
}

void folder_watch_end(struct folder_watch *f)
{
	int fd = f->changes.fd;

	if (!f->loop)
		return;
	loop_timer_stop(f->loop, &f->look);
	loop_del(f->loop, &f->changes);
	fd_close(&fd);
}
