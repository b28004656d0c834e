/* fdstore: the fd store: what members park, what hangs up, and which of it a fresh shim finds again. */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/log.h"
#include "service/given.h"
#include "service/parts.h"

void fdstore_init(struct fdstore *st)
{
	fdset_init(&st->set);
	st->hangups = SOURCE_INIT;
	st->given_fd = FD_NONE;
}

void fdstore_finish(struct fdstore *st, struct loop *l)
{
	loop_del(l, &st->hangups);
	fdset_clear(&st->set);
	fd_close(&st->given_fd);
}

/* Who has them: the member that was started last. Usually there are none, and nothing is written. */
static void write_given(struct service *s, const char *member, uint64_t generation)
{
	bool any = false;

	for (unsigned i = 0; i < s->store.set.n; i++)
		any |= s->store.set.v[i].stored && s->store.set.v[i].given;
	if (!any && !s->store.has_given)
		return;
	int r = given_write(s->store.given_fd, &s->store.set, member, generation);
	if (r < 0)
		log_warn("%s: write %s: %s", s->id, GIVEN_FILE, strerror(-r));
	s->store.has_given = any;
}

/* Some of what was given has left the store. */
static void write_anew(struct service *s)
{
	for (int i = 0; i < s->machine.n_members; i++)
		if (s->members[i].generation == s->generation)
			write_given(s, s->members[i].name, s->generation);
}

static void on_hangup(struct source *src, uint32_t events)
{
	struct service *s = LOOP_OWNER(src, struct service, store.hangups);

	(void)events;
	if (fdset_drop_hung_up(&s->store.set))
		write_anew(s);
}

static void watch_hangups(struct service *s, struct member *m)
{
	struct err why = ERR_INIT;

	if (s->store.hangups.fd < 0 && s->store.set.hangup_fd >= 0 &&
	    loop_add(&s->loop, &s->store.hangups, s->store.set.hangup_fd, EPOLLIN, on_hangup, &why) < 0)
		service_warn(s, m, &why);
}

void service_fds_hung(struct service *s, struct member *m)
{
	struct err why = ERR_INIT;

	err_msg(&why, ETIMEDOUT, "descriptors were not stored: they make whoever looks at them wait");
	service_warn_caused(s, m, &why);
}

void service_store_fds(struct service *s, struct member *m, struct notify_message *msg)
{
	struct err why = ERR_INIT;

	for (unsigned i = 0; i < msg->n_fds; i++) {
		int fd = fd_take(&msg->fds[i]);
		int r = fdset_add(&s->store.set, fd, msg->fdname, true, !msg->fdpoll_off, s->policy->fdstore_max);
		if (r < 0) {
			err_set(&why, -r, "store a descriptor");
			service_warn_caused(s, m, &why);
		}
	}
	if (msg->n_refused) {
		err_msg(&why, EPERM, "%u descriptors were not stored: of sockets, pipes, memfds and files of local "
			"disks alone it is known that they never make the shim wait", msg->n_refused);
		service_warn_caused(s, m, &why);
	}
	watch_hangups(s, m);
}

void service_unstore_fds(struct service *s, const char *name)
{
	if (fdset_remove(&s->store.set, name))
		write_anew(s);
}

void service_give_fds(struct service *s, const struct member *m)
{
	given_mark(&s->store.set);
	write_given(s, m->name, s->generation);
}

void service_take_fds_back(struct service *s)
{
	for (int i = 0; !s->adoption.is_own && i < s->machine.n_members; i++) {
		struct member *m = &s->members[i];
		if (member_exists(m) && m->generation &&
		    given_take(s->store.given_fd, m->pidfd, m->name, m->generation, &s->store.set,
			       s->policy->fdstore_max) == -ETIMEDOUT)
			service_fds_hung(s, m);
	}
	s->store.has_given = true;
	watch_hangups(s, NULL);
}
