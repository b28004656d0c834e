/* SPDX-License-Identifier: Apache-2.0 */
/* fdstore: see fdstore.h. */
#include "service/fdstore.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/log.h"
#include "service/given.h"

void fdstore_init(struct fdstore *st)
{
	fdset_init(&st->set);
	st->hangups = SOURCE_INIT;
	st->given_fd = FD_NONE;
}

void fdstore_finish(struct fdstore *st)
{
	loop_del(st->loop, &st->hangups);
	fdset_clear(&st->set);
	fd_close(&st->given_fd);
}

/* Who has them: the member that was started last. Usually there are none, and nothing is written. */
static void write_given(struct fdstore *st)
{
	bool any = false;

	for (unsigned i = 0; i < st->set.n; i++)
		any |= st->set.v[i].stored && st->set.v[i].given;
	if (!any && !st->has_given)
		return;
	int r = given_write(st->given_fd, &st->set, st->holder, st->holder_generation);
	if (r < 0)
		log_warn("%s: write %s: %s", st->id, GIVEN_FILE, strerror(-r));
	st->has_given = any;
}

static void on_hangup(struct source *src, uint32_t events)
{
	struct fdstore *st = LOOP_OWNER(src, struct fdstore, hangups);

	(void)events;
	if (fdset_drop_hung_up(&st->set))
		write_given(st);
}

static void watch_hangups(struct fdstore *st, struct member *m)
{
	struct err why = ERR_INIT;

	if (st->hangups.fd < 0 && st->set.hangup_fd >= 0 &&
	    loop_add(st->loop, &st->hangups, st->set.hangup_fd, EPOLLIN, on_hangup, &why) < 0)
		st->warn(st, m, &why);
}

void fdstore_hung(struct fdstore *st, struct member *m)
{
	struct err why = ERR_INIT;

	err_msg(&why, ETIMEDOUT, "descriptors were not stored: looking at one of them took too long");
	st->warn(st, m, &why);
}

void fdstore_add(struct fdstore *st, struct member *m, struct notify_message *msg)
{
	struct err why = ERR_INIT;

	for (unsigned i = 0; i < msg->n_fds; i++) {
		int fd = fd_take(&msg->fds[i]);
		int r = fdset_add(&st->set, fd, msg->fdname, true, !msg->fdpoll_off, st->max);
		if (r < 0) {
			err_set(&why, -r, "store a descriptor");
			st->warn(st, m, &why);
		}
	}
	if (msg->n_refused) {
		err_msg(&why, EPERM, "%u descriptors were not stored: only sockets, pipes, memfds and files on local "
			"disks are known never to make the shim wait", msg->n_refused);
		st->warn(st, m, &why);
	}
	watch_hangups(st, m);
}

void fdstore_remove(struct fdstore *st, const char *name)
{
	if (fdset_remove(&st->set, name))
		write_given(st);
}

static void set_holder(struct fdstore *st, const struct member *m, uint64_t generation)
{
	snprintf(st->holder, sizeof st->holder, "%s", m->name);
	st->holder_generation = generation;
}

void fdstore_give(struct fdstore *st, const struct member *m, uint64_t generation)
{
	set_holder(st, m, generation);
	given_mark(&st->set);
	write_given(st);
}

void fdstore_take_back(struct fdstore *st, struct member *m)
{
	if (given_take(st->given_fd, m->pidfd, m->name, m->generation, &st->set, st->max) == -ETIMEDOUT)
		fdstore_hung(st, m);
	fdstore_keep(st, m);
}

void fdstore_keep(struct fdstore *st, const struct member *m)
{
	if (m->generation >= st->holder_generation)
		set_holder(st, m, m->generation);
}

void fdstore_taken(struct fdstore *st)
{
	st->has_given = true;
	watch_hangups(st, NULL);
}
