/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inside: what the stand-in of a service runs, and what it and the shim tell each other: one SEQPACKET
 * socket, one frame a message. See standin.h.
 */
#pragma once

#include <stdint.h>

#include "ns/ns.h"
#include "oci.h"

enum standin_word {
	/* shim → stand-in */
	STANDIN_JOIN = 1, /* with `value` descriptors of namespaces: enter them */
	STANDIN_AT_END, /* value: the exit status when the connection ends; STANDIN_WAITS: wait for the next one */
	/* stand-in → shim */
	STANDIN_JOINED, /* value: 0 or an errno */
	STANDIN_SIGNAL, /* value: it was sent this one */
};

struct standin_frame {
	uint32_t word; /* enum standin_word */
	int32_t value;
};

struct standin_args {
	const struct oci_config *config;
	const struct ns_plan *ns;
	pid_t *successor; /* ns_enters_last(): process/successor.h */
	int sync_fd, door_fd; /* the connection, until it is set up with frames of sync.h; the listening socket */
};

/* For ns_clone(). */
int standin_main(void *args);
