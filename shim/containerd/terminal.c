/* SPDX-License-Identifier: Apache-2.0 */
/* terminal: see terminal.h. An end is in epoll only while it can change something: one that has been hung up would
 * wake us for ever. */
#include "terminal.h"

#include <stdlib.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "loop/loop.h"

struct end {
	struct source source;
	struct terminal *terminal;
	int fd;
	uint32_t watched;
	bool is_file; /* not for epoll: always ready */
};

struct way {
	struct end *from, *to;
	bool over; /* nothing more will come */
	size_t start, end; /* of what waits in `data` */
	char data[4096];
};

struct terminal {
	struct loop *loop;
	struct end master, in, out;
	struct way input, output;
	bool draining;
	void (*drained)(void *arg);
	void *drained_arg;
};

static void on_terminal_ready(struct source *src, uint32_t events);

static bool is_pending(const struct way *w)
{
	return w->start < w->end;
}

static void terminal_fill(struct way *w)
{
	if (w->over || is_pending(w) || w->from->fd < 0)
		return;
	ssize_t n = read(w->from->fd, w->data, sizeof w->data);
	w->start = 0;
	w->end = n > 0 ? (size_t)n : 0;
	/* EIO: no program has the terminal open any more. */
	w->over = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

static void empty(struct way *w)
{
	while (is_pending(w)) {
		ssize_t n = w->to->fd < 0 ? -1 : write(w->to->fd, w->data + w->start, w->end - w->start);
		if (n < 0 && w->to->fd >= 0 && (errno == EAGAIN || errno == EINTR))
			return;
		/* Nobody takes it: it is lost, and the programs go on. */
		w->start = n < 0 ? w->end : w->start + (size_t)n;
	}
}

static void terminal_watch(struct end *end, uint32_t events)
{
	struct err e = ERR_INIT;

	if (end->fd < 0 || end->is_file || events == end->watched)
		return;
	if (!events)
		loop_del(end->terminal->loop, &end->source);
	else if (!end->watched)
		loop_add(end->terminal->loop, &end->source, end->fd, events, on_terminal_ready, &e);
	else
		loop_change(end->terminal->loop, &end->source, events, &e);
	end->watched = events;
}

static void watch_all(struct terminal *t)
{
	uint32_t master = 0;

	if (!t->output.over && !is_pending(&t->output))
		master |= EPOLLIN;
	if (is_pending(&t->input))
		master |= EPOLLOUT;
	terminal_watch(&t->master, master);
	terminal_watch(&t->in, t->input.over || is_pending(&t->input) ? 0 : EPOLLIN);
	terminal_watch(&t->out, is_pending(&t->output) ? EPOLLOUT : 0);
}

static void close_end(struct end *end)
{
	terminal_watch(end, 0);
	fd_close(&end->fd);
}

static void terminal_pump(struct terminal *t)
{
	bool more;

	terminal_fill(&t->input);
	empty(&t->input);
	/* At the end until there is nothing, or no room. */
	do {
		terminal_fill(&t->output);
		more = is_pending(&t->output);
		empty(&t->output);
	} while (t->draining && more && !is_pending(&t->output));
	if (t->output.over && !is_pending(&t->output))
		close_end(&t->master);
	if ((t->output.over || t->draining) && !is_pending(&t->output))
		close_end(&t->out); /* the reader's end of file */
	watch_all(t);
	if (t->out.fd < 0 && t->drained) {
		void (*drained)(void *arg) = t->drained;
		t->drained = NULL;
		drained(t->drained_arg); /* may free us */
	}
}

static void on_terminal_ready(struct source *src, uint32_t events)
{
	(void)events;
	terminal_pump(LOOP_OWNER(src, struct end, source)->terminal);
}

static int terminal_add(struct terminal *t, struct end *end, int fd, struct err *e)
{
	*end = (struct end){ .source = SOURCE_INIT, .terminal = t, .fd = fd };
	if (fd < 0)
		return 0;
	int flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return err_set(e, errno, "make a stream of the terminal non-blocking");
	struct stat st;
	if (fstat(fd, &st) < 0)
		return err_set(e, errno, "look at a stream of the terminal");
	end->is_file = S_ISREG(st.st_mode);
	return 0;
}

struct terminal *terminal_new(struct loop *l, int master, int in, int out, struct err *e)
{
	struct terminal *t = calloc(1, sizeof *t);
	int r;

	if (!t) {
		err_set(e, ENOMEM, "make a terminal");
		return NULL;
	}
	t->loop = l;
	t->input = (struct way){ .from = &t->in, .to = &t->master, .over = in < 0 };
	t->output = (struct way){ .from = &t->master, .to = &t->out };
	t->master = t->in = t->out = (struct end){ .source = SOURCE_INIT, .terminal = t, .fd = FD_NONE };
	r = terminal_add(t, &t->master, master, e);
	if (r >= 0)
		r = terminal_add(t, &t->in, in, e);
	if (r >= 0)
		r = terminal_add(t, &t->out, out, e);
	if (r >= 0) {
		watch_all(t);
		return t;
	}
	t->master.fd = t->in.fd = t->out.fd = FD_NONE;
	free(t);
	return NULL;
}

void terminal_free(struct terminal *t)
{
	if (!t)
		return;
	close_end(&t->master);
	close_end(&t->in);
	close_end(&t->out);
	free(t);
}

int terminal_resize(struct terminal *t, unsigned columns, unsigned rows, struct err *e)
{
	struct winsize size = { .ws_col = (unsigned short)columns, .ws_row = (unsigned short)rows };

	if (t->master.fd >= 0 && ioctl(t->master.fd, TIOCSWINSZ, &size) < 0)
		return err_set(e, errno, "resize the terminal");
	return 0;
}

void terminal_close_input(struct terminal *t)
{
	t->input.over = true;
	close_end(&t->in);
	watch_all(t);
}

bool terminal_drain(struct terminal *t, void (*drained)(void *arg), void *arg)
{
	t->draining = true;
	t->drained = NULL;
	terminal_pump(t);
	t->drained = drained;
	t->drained_arg = arg;
	return t->out.fd < 0;
}
