/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dbus: a connection to a D-Bus server, a bus or a service that is its own server, as systemd's private socket.
 * Every wait has a deadline (clock.h). Not a library for all: method calls without descriptors, and signals.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "systemd/dbus_message.h"

struct err;

struct dbus {
	int fd; /* owned */
	bool is_bus; /* a bus, which is told what signals are wanted */
	uint32_t serial;
	size_t have, used; /* bytes in `in`, and how many of them the last message took */
	size_t skip; /* bytes of the last message that are still to come and not wanted */
	uint8_t in[16384]; /* of a longer message the beginning */
};

/*
 * Connects and authenticates as whom the kernel says we are, so that it works in user namespaces too. An abstract
 * socket's path begins with '@'. -ENOENT, -ECONNREFUSED and the like when there is none.
 */
int dbus_begin(struct dbus *d, const char *path, bool is_bus, struct err *e);
/* Waits for the server's part of that. Closes it on failure, as dbus_begin() does. */
int dbus_finish(struct dbus *d, long long deadline_ms, struct err *e);
void dbus_close(struct dbus *d);

/* The first unix socket of a list of addresses as DBUS_SESSION_BUS_ADDRESS has; false when there is none or it does
 * not fit. */
bool dbus_address(const char *list, char *path, size_t size);

/* Sends a call; *ret_serial is what its answer names. */
int dbus_send(struct dbus *d, const struct dbus_call *c, uint32_t *ret_serial, long long deadline_ms, struct err *e);

/* The next message, borrowed until the next call. -ETIMEDOUT, -ECONNRESET. */
int dbus_next(struct dbus *d, struct dbus_message *ret, long long deadline_ms, struct err *e);

/* Waits for the answer to a call, passing others over. What the other side calls an error is one (dbus_error). */
int dbus_answer(struct dbus *d, uint32_t serial, struct dbus_message *ret, long long deadline_ms, struct err *e);

/* An answer of type DBUS_ERROR as ours. */
int dbus_error(struct dbus_message *m, struct err *e);
