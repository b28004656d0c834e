/* relay: see relay.h. Failures of the terminal end the direction they happen in, not the container. */
#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"

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

	if (r->master >= 0 && ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
		ioctl(r->master, TIOCSWINSZ, &size);
}

int relay_start(struct relay *r, int master, struct err *e)
{
	struct termios raw;

	r->master = master;
	if (fcntl(master, F_SETFL, O_NONBLOCK) < 0)
		return err_set(e, errno, "make the pty non-blocking");
	r->in = (struct relay_way){ .from = STDIN_FILENO, .to = master, .open = true };
	r->out = (struct relay_way){ .from = master, .to = STDOUT_FILENO, .open = true };
	if (tcgetattr(STDIN_FILENO, &r->saved) < 0)
		return 0; /* stdin is no terminal: relayed as it is */
	relay_resize(r);
	raw = r->saved;
	cfmakeraw(&raw);
	if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) < 0)
		return err_set(e, errno, "make the terminal raw");
	r->is_raw = true;
	return 0;
}

static void poll_way(const struct relay_way *w, struct pollfd *from, struct pollfd *to)
{
	bool waiting = w->end > w->start;

	*from = (struct pollfd){ .fd = w->open && !waiting ? w->from : -1, .events = POLLIN };
	*to = (struct pollfd){ .fd = waiting ? w->to : -1, .events = POLLOUT };
}

void relay_poll(const struct relay *r, struct pollfd p[static 4])
{
	poll_way(&r->in, &p[0], &p[1]);
	poll_way(&r->out, &p[3], &p[2]);
}

static bool try_again(void)
{
	return errno == EAGAIN || errno == EINTR;
}

static void fill(struct relay_way *w)
{
	ssize_t n = read(w->from, w->data, sizeof w->data);

	if (n > 0) {
		w->start = 0;
		w->end = (size_t)n;
	} else if (n == 0 || !try_again()) {
		w->open = false; /* EOF; EIO: the last slave was closed */
	}
}

static void drain(struct relay_way *w)
{
	ssize_t n = write(w->to, w->data + w->start, w->end - w->start);

	if (n > 0)
		w->start += (size_t)n;
	else if (n < 0 && !try_again()) {
		w->open = false;
		w->start = w->end;
	}
}

static void pump_way(struct relay_way *w, const struct pollfd *from, const struct pollfd *to)
{
	if (from->fd >= 0 && from->revents)
		fill(w);
	if ((to->fd >= 0 && to->revents) || (from->fd >= 0 && w->end > w->start))
		drain(w);
}

void relay_pump(struct relay *r, const struct pollfd p[static 4])
{
	bool was_open = r->in.open;

	pump_way(&r->in, &p[0], &p[1]);
	pump_way(&r->out, &p[3], &p[2]);
	/* End of a piped stdin: told to the terminal's reader as a terminal does it. */
	if (was_open && !r->in.open && !r->is_raw && r->in.start == r->in.end) {
		r->in.data[0] = 4; /* EOT */
		r->in.start = 0;
		r->in.end = 1;
		drain(&r->in);
	}
}

void relay_finish(struct relay *r)
{
	struct pollfd p = { .fd = STDOUT_FILENO, .events = POLLOUT };

	while (r->out.open || r->out.end > r->out.start) {
		if (r->out.end == r->out.start)
			fill(&r->out);
		if (r->out.end == r->out.start)
			break; /* nothing more, or nothing for now: its writers are gone */
		if (poll(&p, 1, 1000) <= 0)
			break;
		drain(&r->out);
	}
	if (r->is_raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &r->saved);
	r->is_raw = false;
	fd_close(&r->master);
}
