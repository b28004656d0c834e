/* notify: the agent behind a seccomp listener (config-linux.md, "The Container Process State"). */
#include "probe.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Answers every system call that comes with the errno, until the container is gone. */
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
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &resp);
	}
}

static int notify_agent(int argc, char **argv)
{
	int s = probe_listen(argv[1]), conn, listener;
	char state[65536];
	FILE *f;

	(void)argc;
	conn = accept4(s, NULL, NULL, SOCK_CLOEXEC);
	listener = probe_receive_fd(conn, state, sizeof state);
	if (listener < 0)
		return 1;
	f = fopen(argv[3], "we");
	if (!f || fputs(state, f) < 0 || fclose(f) != 0)
		return 1;
	return answer(listener, (int)parse_number(argv[2]));
}

const struct probe_command probe_notify[] = {
	{ "notify", notify_agent, 3, "SOCKET ERRNO STATE-FILE: seccomp agent" },
	{ 0 },
};
