/* SPDX-License-Identifier: Apache-2.0 */
/* notify: the agent behind a seccomp listener (config-linux.md, "The Container Process State"). */
#include "probe.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Answers every system call that comes with the errno, or lets it pass when that is 0, until the
 * filter's processes are gone. */
static int answer(int listener, int errnum)
{
	struct seccomp_notif req;
	struct seccomp_notif_resp resp;

	for (;;) {
		memset(&req, 0, sizeof req);
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &req) < 0) {
			if (errno == EINTR)
				continue;
			return 0;
		}
		memset(&resp, 0, sizeof resp);
		resp.id = req.id;
		resp.error = -errnum;
		resp.flags = errnum ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &resp);
	}
}

/* Takes one connection: writes the state to `path`, returns the listener. */
static int take_listener(int s, const char *path)
{
	int conn = accept4(s, NULL, NULL, SOCK_CLOEXEC), listener;
	char state[65536];
	FILE *f;

	listener = probe_receive_fd(conn, state, sizeof state);
	close(conn);
	if (listener < 0)
		return -1;
	f = fopen(path, "we");
	if (!f || fputs(state, f) < 0 || fclose(f) != 0)
		return -1;
	return listener;
}

/* The first connection's state goes to STATE-FILE, that of others (exec) to STATE-FILE.2, .3, … */
static int notify_agent(int argc, char **argv)
{
	int s = probe_listen(argv[1]), errnum = (int)parse_number(argv[2]);
	int listener = take_listener(s, argv[3]), others;

	(void)argc;
	if (listener < 0)
		return 1;
	others = fork();
	if (others == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (int i = 2;; i++) {
			char path[4096];

			snprintf(path, sizeof path, "%s.%d", argv[3], i);
			listener = take_listener(s, path);
			if (listener >= 0)
				answer(listener, errnum);
		}
	}
	answer(listener, errnum);
	kill(others, SIGKILL);
	return 0;
}

const struct probe_command probe_notify[] = {
	{ "notify", notify_agent, 3, "SOCKET ERRNO STATE-FILE: seccomp agent" },
	{ 0 },
};
