/* SPDX-License-Identifier: Apache-2.0 */
/* keep: what a worker says to the guardian, with the descriptors that the next worker is to inherit. */
#pragma once

#include <stdint.h>
#include <sys/socket.h>

#include "ledger.h"

/* A message to the guardian: what the descriptor with it is; none: forget that. */
struct keep {
	int32_t connection; /* slot, or -1 */
	int32_t record; /* -1: none */
	int32_t what; /* enum kept_fd; -1: all */
};

union rights {
	struct cmsghdr head;
	char space[CMSG_SPACE(sizeof(int))];
};

/* Descriptors are kept by what they are: what the guardian holds when the worker dies the next
 * worker inherits, under the number in the ledger. Failures are passed over: the fd is then lost with the worker. */
void guardian_keep_connection(int guardian_fd, int slot, int fd);
void guardian_drop_connection(int guardian_fd, int slot);
void guardian_keep(int guardian_fd, int record, enum kept_fd what, int fd);
/* All of a record. */
void guardian_drop(int guardian_fd, int record);
