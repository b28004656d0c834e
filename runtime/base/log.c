/* SPDX-License-Identifier: Apache-2.0 */
/* log: see log.h. One write(2) a record, so that records of several processes do not mix. */
#include "base/log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"

static struct {
	int fd;
	enum log_format format;
	bool debug, never_waits;
} out = { .fd = STDERR_FILENO };

int log_open(const char *path, enum log_format format, bool debug, struct err *e)
{
	out.format = format;
	out.debug = debug;
	if (!path || !*path)
		return 0;
	/* O_NONBLOCK: a fifo whose reader is slow or gone must not hold the runtime up. */
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0644);
	if (fd < 0)
		return err_set(e, errno, "open log file %s", path);
	if (out.fd != STDERR_FILENO)
		close(out.fd);
	out.fd = fd;
	return 0;
}

int log_fd(void)
{
	return out.fd;
}

bool log_to_file(void)
{
	return out.fd != STDERR_FILENO;
}

void log_never_waits(bool on)
{
	out.never_waits = on;
}

/* There is nobody left to tell when the log itself fails. */
static void put_record(const struct buf *rec)
{
	if (out.never_waits)
		io_write_now(out.fd, rec->data, rec->len);
	else if (write(out.fd, rec->data, rec->len) < 0)
		return;
}

/* A JSON string, and the quoting of text records as well (Go's %q is close to it). */
static void put_quoted(struct buf *b, const char *s)
{
	buf_puts(b, "\"");
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		if (c == '"' || c == '\\')
			buf_printf(b, "\\%c", c);
		else if (c == '\n')
			buf_puts(b, "\\n");
		else if (c < 0x20 || c == 0x7f)
			buf_printf(b, "\\u%04x", c);
		else if (c == 0xc2 && (unsigned char)s[1] >= 0x80 && (unsigned char)s[1] < 0xa0) /* C1 controls */
			buf_printf(b, "\\u%04x", (unsigned char)*++s);
		else
			buf_put(b, s, 1);
	}
	buf_puts(b, "\"");
}

void log_write(enum log_level level, const char *fmt, ...)
{
	static const char *const names[] = { "debug", "info", "warning", "error" };
	_cleanup_buf_ struct buf msg = BUF_INIT, rec = BUF_INIT;
	char time[CLOCK_TEXT_SIZE];
	struct timespec now;
	va_list ap;
	char text[2048];

	if (level == LOG_DEBUG_ && !out.debug)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	put_quoted(&msg, text);
	clock_gettime(CLOCK_REALTIME, &now);
	clock_format_utc(&now, time);
	if (out.format == LOG_JSON)
		buf_printf(&rec, "{\"level\":\"%s\",\"msg\":%s,\"time\":\"%s\"}\n", names[level],
			   msg.data, time);
	else
		buf_printf(&rec, "time=\"%s\" level=%s msg=%s\n", time, names[level], msg.data);
	if (!rec.failed)
		put_record(&rec);
}
