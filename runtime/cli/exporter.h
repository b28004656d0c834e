/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exporter: a small HTTP server of one page, for readers of metrics. One connection at a time, each with a bound on time
 * and size; nothing of what is sent is kept.
 */
#pragma once

#include <stdbool.h>

struct buf;
struct err;

/* Listens at "HOST:PORT" (numeric; IPv6 in brackets) or "unix:PATH". A socket file that nobody listens at any more is
 * replaced. Returns the descriptor. */
int exporter_listen(const char *where, struct err *e);

/* Gives up what a reader of hart's own state needs not: capabilities, groups, new privileges. */
int exporter_drop_rights(struct err *e);

/* Answers for ever: GET and HEAD of /metrics by what `page` writes. Returns on an error of the listening socket. */
struct exporter_page {
	int (*write)(void *arg, bool openmetrics, struct buf *out, struct err *e);
	void *arg;
};
/* One connection, non-blocking. */
void exporter_answer(int fd, const struct exporter_page *page);

int exporter_serve(int listen_fd, const struct exporter_page *page, struct err *e);
