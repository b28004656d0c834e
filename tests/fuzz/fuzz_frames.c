/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_frames: what a container's init, an enemy, says to the runtime, and what the runtime says to init at its gate. */
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "fuzz.h"
#include "handover.h"
#include "process/process.h"
#include "wire/sync.h"

static bool send_to(int pair[2], const uint8_t *data, size_t len)
{
	if (pair[0] < 0 && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		exit(2);
	return len && send(pair[0], data, len, 0) == (ssize_t)len;
}

static void try_frame(int pair[2], const uint8_t *data, size_t len)
{
	struct err e = ERR_INIT;
	int fds[SYNC_FDS_MAX], value;

	if (!send_to(pair, data, len))
		return;
	if (sync_peek_fds(pair[1], 0, fds, &e) > 0)
		fuzz_die("descriptors that nobody sent", data, len);
	int r = sync_recv(pair[1], &value, &e);
	if (r > SYNC_LAST || r == SYNC_ERROR || (r < 0 && !e.code))
		fuzz_die("a frame that is none", data, len);
}

static void try_handover(int pair[2], const uint8_t *data, size_t len)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct err e = ERR_INIT;
	struct process_plan plan = { .arena = &a };
	struct handover h;
	int sync_fd = FD_NONE;

	if (!send_to(pair, data, len))
		return;
	if (handover_receive(pair[1], &a, &h, &e) > 0 && handover_apply(&h, &plan, &sync_fd, &e) >= 0)
		for (size_t i = 0; i < plan.n_env; i++)
			if (!plan.env[i])
				fuzz_die("a hole in the environment", data, len);
	/* What was refused unread. */
	while (recv(pair[1], &h, sizeof h, 0) > 0)
		;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static int frames[2] = { FD_NONE, FD_NONE }, gate[2] = { FD_NONE, FD_NONE };

	try_frame(frames, data, len);
	try_handover(gate, data, len);
	return 0;
}
