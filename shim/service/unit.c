/*
 * service/unit: notices that systemd stops the service's unit (systemctl stop, shutdown), by the end of the process that
 * keeps it: everything in it has got SIGTERM then. The service ends, too; without a unit there is nowhere to build.
 */
#include <signal.h>
#include <sys/epoll.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/log.h"
#include "cgroup/driver.h"
#include "service/parts.h"

static void on_unit_end(struct source *src, uint32_t events)
{
	struct service *s = LOOP_OWNER(src, struct service, unit);

	(void)events;
	service_unwatch_unit(s);
	log_warn("%s: its unit %s is being stopped: the service ends", s->id, s->container.state->systemd_unit);
	service_stop(s, SIGTERM);
}

void service_watch_unit(struct service *s)
{
	struct cgroup_place place;
	struct err e = ERR_INIT;

	container_cgroup_driver(&s->container, &place);
	if (!place.unit)
		return;
	_cleanup_fd_ int fd = cgroup_keeper_open(&place, &e);
	if (fd >= 0 && loop_add(&s->loop, &s->unit, fd, EPOLLIN, on_unit_end, &e) >= 0)
		fd_take(&fd);
	else
		service_warn(s, NULL, &e);
}

void service_unwatch_unit(struct service *s)
{
	int fd = s->unit.fd;

	if (fd < 0)
		return;
	loop_del(&s->loop, &s->unit);
	fd_close(&fd);
}
