/* SPDX-License-Identifier: Apache-2.0 */
/* unit: see unit.h. */
#include "service/unit.h"

#include <sys/epoll.h>

#include "base/err.h"
#include "base/fd.h"
#include "cgroup/driver.h"
#include "container.h"

static void on_keeper_end(struct source *src, uint32_t events)
{
	struct unit_watch *u = LOOP_OWNER(src, struct unit_watch, keeper);

	(void)events;
	unit_watch_end(u);
	u->stopped(u);
}

int unit_watch_begin(struct unit_watch *u, struct loop *l, const struct container *c, struct err *e)
{
	struct cgroup_place place;

	container_cgroup_driver(c, &place);
	if (!place.unit)
		return 0;
	_cleanup_fd_ int fd = cgroup_keeper_open(&place, e);
	int r = fd < 0 ? fd : loop_add(l, &u->keeper, fd, EPOLLIN, on_keeper_end, e);
	if (r < 0)
		return r;
	u->loop = l;
	fd_take(&fd);
	return 0;
}

void unit_watch_end(struct unit_watch *u)
{
	int fd = u->keeper.fd;

	if (fd < 0)
		return;
	loop_del(u->loop, &u->keeper);
	fd_close(&fd);
}
