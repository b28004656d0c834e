/* SPDX-License-Identifier: Apache-2.0 */
/* keep: see keep.h. */
#include "keep.h"

#include <string.h>

#include "base/fd.h"

static void send_keep(int guardian_fd, const struct keep *k, int fd)
{
	union rights control = { 0 };
	struct iovec data = { (void *)k, sizeof *k };
	struct msghdr m = { .msg_iov = &data, .msg_iovlen = 1 };

	if (fd >= 0) {
		m.msg_control = &control;
		m.msg_controllen = sizeof control;
		control.head = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET,
						 .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(&control.head), &fd, sizeof fd);
	}
	if (sendmsg(guardian_fd, &m, MSG_NOSIGNAL) < 0)
		return; /* the next worker will do without it */
}

void guardian_keep_connection(int guardian_fd, int slot, int fd)
{
	send_keep(guardian_fd, &(struct keep){ .connection = slot, .record = -1 }, fd);
}

void guardian_drop_connection(int guardian_fd, int slot)
{
	send_keep(guardian_fd, &(struct keep){ .connection = slot, .record = -1 }, -1);
}

void guardian_keep(int guardian_fd, int record, enum kept_fd what, int fd)
{
	send_keep(guardian_fd, &(struct keep){ .connection = -1, .record = record, .what = (int32_t)what }, fd);
}

void guardian_drop(int guardian_fd, int record)
{
	send_keep(guardian_fd, &(struct keep){ .connection = -1, .record = record, .what = -1 }, -1);
}
