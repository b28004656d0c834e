/*
 * service/folder: notices that the service's state folder has been removed by somebody else than `hart delete`, as by
 * rm -rf. Nobody can ask the shim for anything then, and the next service of that ID would find its cgroup in use: the
 * members are ended, and so is the shim.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "cgroup/driver.h"
#include "service/parts.h"

#define LOOK_AGAIN_NS 10000000LL
#define LOOKS_MAX 500 /* while somebody is at it */

static void folder_look(struct timer *t)
{
	struct service *s = LOOP_OWNER(t, struct service, folder.look);

	if (!statefile_is_there(s->rt, s->container.dir_fd, s->id)) {
		s->folder.is_gone = true;
		log_warn("%s: its state folder has been removed: the service ends", s->id);
		service_stop(s, SIGKILL);
	} else if (faccessat(s->container.dir_fd, CTL_SOCKET_NAME, F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
		   s->folder.looks++ < LOOKS_MAX) {
		loop_timer(&s->loop, t, LOOK_AGAIN_NS, folder_look);
	}
}

/* Files of our own come and go as well; they are not many. */
static void on_change(struct source *src, uint32_t events)
{
	struct service *s = LOOP_OWNER(src, struct service, folder.changes);
	char ignored[4096] __attribute__((aligned(8)));

	(void)events;
	while (read(src->fd, ignored, sizeof ignored) > 0)
		;
	if (s->folder.is_gone || s->folder.look.armed)
		return;
	s->folder.looks = 0;
	loop_timer(&s->loop, &s->folder.look, 0, folder_look);
}

void service_watch_folder(struct service *s)
{
	_cleanup_fd_ int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	struct err e = ERR_INIT;

	if (fd < 0 || inotify_add_watch(fd, path_of_fd(s->container.dir_fd).text, IN_DELETE | IN_MOVE_SELF | IN_ONLYDIR) < 0)
		err_set(&e, errno, "watch the state folder");
	else if (loop_add(&s->loop, &s->folder.changes, fd, EPOLLIN, on_change, &e) >= 0)
		fd_take(&fd);
	/* The host allows so many of them: a service must not fail for it. */
	if (e.code)
		log_warn("%s: %s", s->id, e.text);
}

void service_unwatch_folder(struct service *s)
{
	int fd = s->folder.changes.fd;

	loop_timer_stop(&s->loop, &s->folder.look);
	loop_del(&s->loop, &s->folder.changes);
	fd_close(&fd);
}

int service_leave_no_cgroup(struct service *s, struct err *e)
{
	struct cgroup_place place;
	const struct cgroup_driver *driver = container_cgroup_driver(&s->container, &place);
	/* Whoever takes the ID meanwhile has to wait; whoever has it already has the cgroup, too. */
	_cleanup_fd_ int dir = s->folder.is_gone ? statefile_make_dir(s->rt, s->id, e) : FD_NONE;

	if (dir < 0) {
		err_clear(e);
		return 0;
	}
	int r = driver->remove(&place, e);
	int removed = statefile_remove(s->rt, dir, s->id, e);
	return r < 0 ? r : removed;
}
