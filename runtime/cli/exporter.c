/* SPDX-License-Identifier: Apache-2.0 */
/* exporter: see exporter.h. */
#include "exporter.h"

#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/address.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/log.h"

#define REQUEST_MAX 8192
#define CONNECTION_MS 5000 /* for the request, and again for the answer */
#define BACKLOG 16
#define HOST_MAX 64

/* -- where ----------------------------------------------------------------------------------------- */

static bool parse_host_port(const char *where, union address *a, socklen_t *ret_len)
{
	const char *colon = strrchr(where, ':');
	bool has_brackets = colon && *where == '[' && colon > where + 1 && colon[-1] == ']';
	char host[HOST_MAX];
	unsigned port;

	if (!colon || !io_parse_u32(colon + 1, &port) || !port || port > UINT16_MAX)
		return false;
	snprintf(host, sizeof host, "%.*s", (int)(colon - where) - 2 * has_brackets, where + has_brackets);
	if (!has_brackets && strchr(host, ':'))
		return false;
	*ret_len = address_ip(a, host, (uint16_t)port);
	return *ret_len > 0;
}

/* A socket file stays behind when its listener is killed. */
static void remove_stale(const union address *a, socklen_t len)
{
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct stat st;

	if (fd >= 0 && lstat(a->un.sun_path, &st) == 0 && S_ISSOCK(st.st_mode) && connect(fd, &a->any, len) < 0 &&
	    errno == ECONNREFUSED)
		unlink(a->un.sun_path);
}

int exporter_listen(const char *where, struct err *e)
{
	bool is_unix = !strncmp(where, "unix:", 5);
	const char *path = is_unix ? where + strlen("unix:") : NULL;
	union address a = { 0 };
	socklen_t len = 0;
	int on = 1;

	if (is_unix && (*path != '/' || strlen(path) >= sizeof a.un.sun_path))
		return err_msg(e, EINVAL, "--listen %s: the path is not absolute, or is too long for a socket", where);
	if (is_unix)
		len = address_unix(&a, path);
	else if (!parse_host_port(where, &a, &len))
		return err_msg(e, EINVAL, "--listen %s: neither HOST:PORT with a numeric host nor unix:PATH", where);
	_cleanup_fd_ int fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_set(e, errno, "make a socket for %s", where);
	if (is_unix)
		remove_stale(&a, len);
	else if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0)
		return err_set(e, errno, "prepare the socket for %s", where);
	mode_t mask = umask(0177);
	int r = bind(fd, &a.any, len) < 0 || listen(fd, BACKLOG) < 0 ? -errno : 0;
	umask(mask);
	return r < 0 ? err_set(e, -r, "listen at %s", where) : fd_take(&fd);
}

int exporter_drop_rights(struct err *e)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (setgroups(0, NULL) < 0 && errno != EPERM) /* an unprivileged user may not */
		return err_set(e, errno, "drop supplementary groups");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall(SYS_capset, &head, none) < 0)
		return err_set(e, errno, "drop capabilities");
	return chdir("/") < 0 ? err_set(e, errno, "leave the current folder") : 0;
}

/* -- one connection -------------------------------------------------------------------------------- */

static bool wait_for(int fd, short events, long long deadline_ms)
{
	struct pollfd p = { .fd = fd, .events = events };
	int n;

	do
		n = poll(&p, 1, clock_left_ms(deadline_ms));
	while (n < 0 && errno == EINTR);
	return n > 0;
}

/* The head of the request as a string; false when it does not come in time, or not whole. */
static bool read_head(int fd, char head[REQUEST_MAX])
{
	long long deadline_ms = clock_now_ms() + CONNECTION_MS;
	size_t len = 0;

	while (len < REQUEST_MAX - 1 && wait_for(fd, POLLIN, deadline_ms)) {
		ssize_t n = recv(fd, head + len, REQUEST_MAX - 1 - len, 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			return false;
		len += (size_t)n;
		head[len] = '\0';
		if (strstr(head, "\r\n\r\n"))
			return strlen(head) == len;
	}
	return false;
}

static void send_all(int fd, const struct buf *b)
{
	long long deadline_ms = clock_now_ms() + CONNECTION_MS;

	for (size_t at = 0; at < b->len && wait_for(fd, POLLOUT, deadline_ms);) {
		ssize_t n = send(fd, b->data + at, b->len - at, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return;
		at += n > 0 ? (size_t)n : 0;
	}
}

static void answer(int fd, const char *status, const char *type, const struct buf *body, bool is_head)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	buf_printf(&out, "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", status, type,
		   body->len);
	if (!is_head)
		buf_put(&out, body->data, body->len);
	if (!out.failed)
		send_all(fd, &out);
}

static void answer_text(int fd, const char *status, const char *text, bool is_head)
{
	_cleanup_buf_ struct buf body = BUF_INIT;

	buf_printf(&body, "%s\n", text);
	answer(fd, status, "text/plain; charset=utf-8", &body, is_head);
}

static void answer_metrics(int fd, const char *head, const struct exporter_page *page, bool is_head)
{
	_cleanup_buf_ struct buf body = BUF_INIT;
	struct err e = ERR_INIT;
	bool openmetrics = strstr(head, "application/openmetrics-text");

	if (page->write(page->arg, openmetrics, &body, &e) < 0 || body.failed) {
		log_error("%s", body.failed ? "out of memory" : e.text);
		answer_text(fd, "500 Internal Server Error", "the figures cannot be read; the exporter's log says why", is_head);
		return;
	}
	answer(fd, "200 OK", openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
					 : "text/plain; version=0.0.4; charset=utf-8", &body, is_head);
}

void exporter_answer(int fd, const struct exporter_page *page)
{
	char head[REQUEST_MAX];

	if (!read_head(fd, head))
		return;
	bool is_head = !strncmp(head, "HEAD ", 5);
	if (!is_head && strncmp(head, "GET ", 4)) {
		answer_text(fd, "405 Method Not Allowed", "GET and HEAD alone", false);
		return;
	}
	const char *path = strchr(head, ' ') + 1;
	size_t n = strcspn(path, " ?\r\n");
	if (n == 8 && !strncmp(path, "/metrics", n))
		answer_metrics(fd, head, page, is_head);
	else
		answer_text(fd, "404 Not Found", "the figures are at /metrics", is_head);
}

int exporter_serve(int listen_fd, const struct exporter_page *page, struct err *e)
{
	for (;;) {
		if (!wait_for(listen_fd, POLLIN, -1))
			return err_set(e, errno, "wait for connections");
		_cleanup_fd_ int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0)
			exporter_answer(fd, page);
		else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM || errno == EINVAL)
			return err_set(e, errno, "accept connections"); /* it would come again at once */
	}
}
