/* SPDX-License-Identifier: Apache-2.0 */
/* relay: see relay.h. Our own descriptors are shared with the process that started us, so they stay blocking: they
 * are used when poll(2) says so, and the pty, which is ours alone, at any time. */
#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"

#define EOT 4 /* what ends the input of a terminal's reader: VEOF's default */

void relay_init(struct relay *r)
{
	r->master = FD_NONE;
	r->is_raw = false;
	r->in.open = r->out.open = false;
	r->in.start = r->in.end = r->out.start = r->out.end = 0;
}

void relay_resize(const struct relay *r)
{
	struct winsize size;

	if (r->master >= 0 && (ioctl(r->in.from, TIOCGWINSZ, &size) == 0 ||
			       ioctl(r->out.to, TIOCGWINSZ, &size) == 0))
		ioctl(r->master, TIOCSWINSZ, &size);
}

/* True also when it is no terminal of our session: then there is no background. */
static bool in_foreground(int fd)
{
	pid_t group = tcgetpgrp(fd);

	return group < 0 || group == getpgrp();
}

int relay_start(struct relay *r, int master, int in_fd, int out_fd, struct err *e)
{
	struct termios raw;

	r->master = master;
	if (fcntl(master, F_SETFL, O_NONBLOCK) < 0)
		return err_set(e, errno, "make the pty non-blocking");
	r->in.from = in_fd;
	r->in.to = r->out.from = master;
	r->out.to = out_fd;
	r->in.open = r->out.open = true;
	relay_resize(r);
	if (tcgetattr(in_fd, &r->saved) < 0)
		return 0; /* no terminal: relayed as it is */
	r->in.open = in_foreground(in_fd);
	if (!r->in.open)
		return 0;
	raw = r->saved;
	cfmakeraw(&raw);
	if (tcsetattr(in_fd, TCSANOW, &raw) < 0)
		return err_set(e, errno, "make the terminal raw");
	r->is_raw = true;
	return 0;
}

static bool is_empty(const struct relay_way *w)
{
	return w->start == w->end;
}

static void poll_way(const struct relay_way *w, struct pollfd *from, struct pollfd *to)
{
	*from = (struct pollfd){ .fd = w->open && is_empty(w) ? w->from : -1, .events = POLLIN };
	*to = (struct pollfd){ .fd = is_empty(w) ? -1 : w->to, .events = POLLOUT };
}

void relay_poll(const struct relay *r, struct pollfd p[static RELAY_POLLS])
{
	poll_way(&r->in, &p[0], &p[1]);
	poll_way(&r->out, &p[2], &p[3]);
}

static bool try_again(void)
{
	return errno == EAGAIN || errno == EINTR;
}

static void relay_fill(struct relay_way *w)
{
	ssize_t n = read(w->from, w->data, sizeof w->data);

	if (n > 0) {
		w->start = 0;
		w->end = (size_t)n;
	} else if (n == 0 || !try_again()) {
		w->open = false; /* EOF; of a pty EIO: nobody has its other end open */
	}
}

/* False when it will never go. */
static bool drain(struct relay_way *w)
{
	ssize_t n = write(w->to, w->data + w->start, w->end - w->start);

	if (n < 0)
		return try_again();
	w->start += (size_t)n;
	return true;
}

static void relay_drop(struct relay_way *w)
{
	w->open = false;
	w->start = w->end = 0;
}

static void pump_in(struct relay *r, const struct pollfd *from)
{
	struct relay_way *w = &r->in;

	if (from->fd >= 0 && from->revents) {
		relay_fill(w);
		/* The end of a file or pipe is told as a terminal tells it. */
		if (!w->open && !r->is_raw) {
			w->data[0] = EOT;
			w->start = 0;
			w->end = 1;
		}
	}
	if (!is_empty(w) && !drain(w))
		relay_drop(w);
}

static void pump_out(struct relay *r, const struct pollfd *from, const struct pollfd *to)
{
	struct relay_way *w = &r->out;

	if (from->fd >= 0 && from->revents)
		relay_fill(w);
	if (to->fd >= 0 && to->revents && !drain(w)) {
		relay_drop(w);
		relay_drop(&r->in);
		fd_close(&r->master);
	}
}

void relay_pump(struct relay *r, const struct pollfd p[static RELAY_POLLS])
{
	if (r->master < 0)
		return;
	pump_in(r, &p[0]);
	pump_out(r, &p[2], &p[3]);
}

void relay_end_input(struct relay *r)
{
	relay_drop(&r->in);
}

bool relay_is_drained(struct relay *r)
{
	if (is_empty(&r->out) && r->out.open)
		relay_fill(&r->out);
	return is_empty(&r->out);
}

void relay_stop(struct relay *r)
{
	if (r->is_raw)
		tcsetattr(r->in.from, TCSANOW, &r->saved);
	r->is_raw = false;
	fd_close(&r->master);
}
