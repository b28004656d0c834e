/* SPDX-License-Identifier: Apache-2.0 */
/* dbus: see dbus.h. Sockets do not block: every wait is a poll(2) with what is left of the time. */
#include "systemd/dbus.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"

#define LINE_MAX_BYTES 256

/* -- bytes ----------------------------------------------------------------------------------- */

static int dbus_wait_for(struct dbus *d, short events, long long deadline_ms, struct err *e)
{
	struct pollfd p = { .fd = d->fd, .events = events };
	int n = poll(&p, 1, clock_left_ms(deadline_ms));

	if (n < 0 && errno != EINTR)
		return err_set(e, errno, "wait for D-Bus");
	return n == 0 ? err_msg(e, ETIMEDOUT, "no answer over D-Bus in time") : 0;
}

static int dbus_write_all(struct dbus *d, const char *data, size_t len, long long deadline_ms, struct err *e)
{
	while (len > 0) {
		ssize_t n = send(d->fd, data, len, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return err_set(e, errno, "write to D-Bus");
		if (n < 0) {
			int r = dbus_wait_for(d, POLLOUT, deadline_ms, e);
			if (r < 0)
				return r;
			continue;
		}
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* More bytes behind those that are there; there must be room. */
static int read_more(struct dbus *d, long long deadline_ms, struct err *e)
{
	for (;;) {
		ssize_t n = recv(d->fd, d->in + d->have, sizeof d->in - d->have, 0);
		if (n > 0) {
			d->have += (size_t)n;
			return 0;
		}
		if (n == 0)
			return err_msg(e, ECONNRESET, "the other end closed the D-Bus connection");
		if (errno != EAGAIN && errno != EINTR)
			return err_set(e, errno, "read from D-Bus");
		int r = dbus_wait_for(d, POLLIN, deadline_ms, e);
		if (r < 0)
			return r;
	}
}

static void dbus_drop(struct dbus *d, size_t n)
{
	d->have -= n;
	memmove(d->in, d->in + n, d->have);
}

/* -- connecting ------------------------------------------------------------------------------ */

static int connect_to(struct dbus *d, const char *path, struct err *e)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = strlen(path);

	if (len >= sizeof to.sun_path)
		return err_msg(e, ENAMETOOLONG, "D-Bus socket %s: the path is too long", path);
	memcpy(to.sun_path, path, len + 1);
	socklen_t size = (socklen_t)sizeof to;
	if (*path == '@') {
		to.sun_path[0] = '\0';
		size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	}
	d->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (d->fd < 0)
		return err_set(e, errno, "make a socket");
	/* EAGAIN: the queue of those who wait to be accepted is full, and there is nothing to poll. */
	if (connect(d->fd, (const struct sockaddr *)&to, size) < 0)
		return err_set(e, errno, "connect to %s", path);
	return 0;
}

/* A line of the handshake, which ends with CR LF. */
static int read_line(struct dbus *d, char *line, long long deadline_ms, struct err *e)
{
	for (;;) {
		uint8_t *end = memchr(d->in, '\n', d->have);
		size_t len = end ? (size_t)(end - d->in) : 0;
		if (end && len > 0 && len < LINE_MAX_BYTES && end[-1] == '\r') {
			memcpy(line, d->in, len - 1);
			line[len - 1] = '\0';
			dbus_drop(d, len + 1);
			return 0;
		}
		if (end || d->have >= LINE_MAX_BYTES)
			return err_msg(e, EPROTO, "not a D-Bus server");
		int r = read_more(d, deadline_ms, e);
		if (r < 0)
			return r;
	}
}

/* No name is sent: the kernel has told the server who we are. All at once, as each line is answered in turn. */
static int greet(struct dbus *d, struct err *e)
{
	static const char lines[] = "\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n";

	/* There is room for it: it is the first that is sent. */
	return dbus_write_all(d, lines, sizeof lines - 1, clock_now_ms(), e);
}

static int read_greeting(struct dbus *d, long long deadline_ms, struct err *e)
{
	char line[LINE_MAX_BYTES];
	int r = read_line(d, line, deadline_ms, e);

	if (r >= 0 && strcmp(line, "DATA") != 0)
		return err_msg(e, EACCES, "the D-Bus server refuses our credentials: %s", line);
	if (r >= 0)
		r = read_line(d, line, deadline_ms, e);
	if (r >= 0 && strncmp(line, "OK ", 3) != 0)
		return err_msg(e, EACCES, "the D-Bus server refuses our credentials: %s", line);
	return r;
}

static int say_hello(struct dbus *d, long long deadline_ms, struct err *e)
{
	struct dbus_call hello = { "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello",
				   NULL, NULL };
	struct dbus_message m;
	uint32_t serial;
	int r = dbus_send(d, &hello, &serial, deadline_ms, e);

	return r < 0 ? r : dbus_answer(d, serial, &m, deadline_ms, e);
}

int dbus_begin(struct dbus *d, const char *path, bool is_bus, struct err *e)
{
	d->fd = FD_NONE;
	d->is_bus = is_bus;
	d->serial = 0;
	d->have = d->used = d->skip = 0;
	int r = connect_to(d, path, e);

	if (r >= 0)
		r = greet(d, e);
	if (r < 0)
		dbus_close(d);
	return r;
}

int dbus_finish(struct dbus *d, long long deadline_ms, struct err *e)
{
	int r = read_greeting(d, deadline_ms, e);

	if (r >= 0 && d->is_bus)
		r = say_hello(d, deadline_ms, e);
	if (r < 0)
		dbus_close(d);
	return r;
}

void dbus_close(struct dbus *d)
{
	fd_close(&d->fd);
}

/* -- addresses ------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 'a' - 'A';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The value of a key up to ',' or ';', with its %XX. False when it does not fit. */
static bool address_value(const char *s, char *to, size_t size)
{
	while (*s && *s != ',' && *s != ';') {
		int c = (unsigned char)*s++;
		if (c == '%') {
			int high = hex_digit(s[0]), low = high < 0 ? -1 : hex_digit(s[1]);
			if (low < 0)
				return false;
			c = high * 16 + low;
			s += 2;
		}
		if (!c || size < 2)
			return false;
		*to++ = (char)c;
		size--;
	}
	*to = '\0';
	return true;
}

/* One address: "unix:path=/run/user/1000/bus,guid=…". */
static bool address_path(const char *s, char *path, size_t size)
{
	if (strncmp(s, "unix:", 5) != 0 || size < 2)
		return false;
	for (s += 4; *s == ':' || *s == ','; s += strcspn(s, ",;")) {
		s++;
		if (!strncmp(s, "path=", 5))
			return address_value(s + 5, path, size) && *path == '/';
		if (!strncmp(s, "abstract=", 9)) {
			*path = '@';
			return address_value(s + 9, path + 1, size - 1);
		}
	}
	return false;
}

bool dbus_address(const char *list, char *path, size_t size)
{
	for (;; list++) {
		if (address_path(list, path, size))
			return true;
		list += strcspn(list, ";");
		if (!*list)
			return false;
	}
}

/* -- messages -------------------------------------------------------------------------------- */

int dbus_send(struct dbus *d, const struct dbus_call *c, uint32_t *ret_serial, long long deadline_ms, struct err *e)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	*ret_serial = ++d->serial;
	dbus_put_call(&out, c, d->serial);
	if (out.failed)
		return err_set(e, ENOMEM, "call %s", c->member);
	return dbus_write_all(d, out.data, out.len, deadline_ms, e);
}

/* Until `n` bytes of the current message are there. */
static int dbus_fill(struct dbus *d, size_t n, long long deadline_ms, struct err *e)
{
	int r = 0;

	while (r >= 0 && d->have < n)
		r = read_more(d, deadline_ms, e);
	return r;
}

/* What is left of the message before. */
static int skip_last(struct dbus *d, long long deadline_ms, struct err *e)
{
	dbus_drop(d, d->used);
	d->used = 0;
	while (d->skip > 0) {
		int r = d->have ? 0 : read_more(d, deadline_ms, e);
		if (r < 0)
			return r;
		size_t n = d->skip < d->have ? d->skip : d->have;
		dbus_drop(d, n);
		d->skip -= n;
	}
	return 0;
}

int dbus_next(struct dbus *d, struct dbus_message *ret, long long deadline_ms, struct err *e)
{
	size_t header, whole;
	int r = skip_last(d, deadline_ms, e);

	if (r >= 0)
		r = dbus_fill(d, DBUS_FIXED_BYTES, deadline_ms, e);
	if (r >= 0)
		r = dbus_message_length(d->in, &header, &whole, e);
	if (r >= 0 && header > sizeof d->in)
		r = err_msg(e, EPROTO, "a D-Bus message with a header of %zu bytes", header);
	if (r < 0)
		return r;
	d->used = whole < sizeof d->in ? whole : sizeof d->in;
	d->skip = whole - d->used;
	r = dbus_fill(d, d->used, deadline_ms, e);
	return r < 0 ? r : dbus_message_read(d->in, d->used, ret, e);
}

int dbus_answer(struct dbus *d, uint32_t serial, struct dbus_message *ret, long long deadline_ms, struct err *e)
{
	for (;;) {
		int r = dbus_next(d, ret, deadline_ms, e);
		if (r < 0)
			return r;
		if (ret->reply_serial != serial)
			continue;
		if (ret->type == DBUS_RETURN)
			return 0;
		if (ret->type == DBUS_ERROR)
			return dbus_error(ret, e);
	}
}

/* The names of errors, without "org.freedesktop.", that callers tell apart. */
static const struct {
	const char *name;
	int errnum;
} errors[] = {
	{ "systemd1.NoSuchUnit", ENOENT },
	{ "systemd1.UnitExists", EEXIST },
	{ "DBus.Error.AccessDenied", EACCES },
	{ "DBus.Error.InteractiveAuthorizationRequired", EACCES },
	{ "DBus.Error.ServiceUnknown", ENOENT },
	{ "DBus.Error.NameHasNoOwner", ENOENT },
	{ "DBus.Error.InvalidArgs", EINVAL },
	{ "DBus.Error.PropertyReadOnly", EINVAL },
	{ "DBus.Error.NoMemory", ENOMEM },
};

int dbus_error(struct dbus_message *m, struct err *e)
{
	static const char prefix[] = "org.freedesktop.";
	const char *name = m->error, *text = *m->signature == 's' ? dbus_get_string(&m->body) : "";
	int errnum = EIO;

	if (!strncmp(name, prefix, sizeof prefix - 1))
		name += sizeof prefix - 1;
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
		if (!strcmp(errors[i].name, name))
			errnum = errors[i].errnum;
	return err_msg(e, errnum, "%s", *text ? text : m->error);
}
