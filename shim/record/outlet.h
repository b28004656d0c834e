/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outlet: a log daemon of the host's that is told what happens to a service: syslog(3)'s socket, or journald's with fields.
 * One datagram a record, sent without waiting: what the daemon does not take is lost, and counted. It may be restarted at any
 * time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct journal_record;

struct outlet {
	int fd;
	uint64_t lost;
};

#define OUTLET_INIT ((struct outlet){ .fd = -EBADF })

/* To the socket at `path`, as syslog's or with journald's fields. `id`: the service's. */
void outlet_send(struct outlet *o, const char *path, bool with_fields, const char *id, const struct journal_record *r);
void outlet_close(struct outlet *o);
