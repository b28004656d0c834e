/* SPDX-License-Identifier: Apache-2.0 */
/* host: commands that tests run outside the container: callers with odd properties, and the
 * receivers of descriptors. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int run(char **argv)
{
	execvp(argv[0], argv);
	fprintf(stderr, "probe: %s: %s\n", argv[0], strerror(errno));
	return 127;
}

/* A caller that leaks descriptors: the folder / and N - 1 files, none of them CLOEXEC. */
static int host_leak(int argc, char **argv)
{
	long long n = parse_number(argv[1]);

	(void)argc;
	if (open("/", O_RDONLY | O_DIRECTORY) < 0)
		return 1;
	while (--n > 0)
		if (open("/etc/passwd", O_RDONLY) < 0)
			return 1;
	return run(argv + 2);
}

/* A caller with full inheritable and ambient sets. */
static int host_inherit(int argc, char **argv)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2];

	(void)argc;
	if (syscall(SYS_capget, &head, d) < 0)
		return 1;
	d[0].inheritable = d[0].permitted;
	d[1].inheritable = d[1].permitted;
	if (syscall(SYS_capset, &head, d) < 0)
		return 1;
	for (unsigned cap = 0; cap < 64; cap++)
		prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0);
	return run(argv + 1);
}

/* What a command and all that it has waited for cost, as JSON on stderr. */
static int host_cost(int argc, char **argv)
{
	struct rusage used;
	pid_t pid = fork();
	int status;

	(void)argc;
	if (pid == 0)
		_exit(run(argv + 1));
	if (pid < 0 || wait4(pid, &status, 0, &used) < 0)
		return 1;
	fprintf(stderr, "{\"faults\": %ld, \"switches\": %ld}\n", used.ru_minflt, used.ru_nvcsw);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* A sandbox whose filter does not know some system calls: "clone3,openat2 EPERM". */
static int host_refuse(int argc, char **argv)
{
	static const struct {
		const char *name;
		unsigned call;
	} calls[] = {
		{ "clone3", SYS_clone3 },	{ "openat2", SYS_openat2 },	{ "close_range", SYS_close_range },
		{ "mount_setattr", SYS_mount_setattr }, { "fsopen", SYS_fsopen }, { "open_tree", SYS_open_tree },
		{ "move_mount", SYS_move_mount },
	};
	unsigned answer = strcmp(argv[2], "ENOSYS") ? EPERM : ENOSYS;

	(void)argc;
	for (char *name = strtok(argv[1], ","); name; name = strtok(NULL, ",")) {
		size_t i = 0;
		while (i < sizeof calls / sizeof *calls && strcmp(calls[i].name, name))
			i++;
		if (i == sizeof calls / sizeof *calls)
			return PROBE_USAGE;
		struct sock_filter code[] = {
			BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i].call, 0, 1),
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | answer),
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		};
		struct sock_fprog program = { sizeof code / sizeof *code, code };
		if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) {
			perror("probe: refuse");
			return 1;
		}
	}
	return run(argv + 3);
}

/* LISTEN_PID has to be the process that is executed. */
static int host_listen_fds(int argc, char **argv)
{
	char pid[16];

	(void)argc;
	snprintf(pid, sizeof pid, "%d", getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", argv[1], 1);
	return run(argv + 2);
}

int probe_listen(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
	unlink(path);
	if (s < 0 || bind(s, (struct sockaddr *)&a, sizeof a) < 0 || listen(s, 8) < 0) {
		fprintf(stderr, "probe: listen on %s: %s\n", path, strerror(errno));
		exit(1);
	}
	return s;
}

int probe_receive_fd(int conn, char *data, size_t size)
{
	char control[CMSG_SPACE(4 * sizeof(int))];
	struct iovec iov = { data, size - 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			    .msg_controllen = sizeof control };
	ssize_t n = recvmsg(conn, &m, MSG_CMSG_CLOEXEC);
	struct cmsghdr *c = n >= 0 ? CMSG_FIRSTHDR(&m) : NULL;
	int fd;

	if (!c || c->cmsg_type != SCM_RIGHTS)
		return -1;
	data[n] = '\0';
	memcpy(&fd, CMSG_DATA(c), sizeof fd);
	return fd;
}

/* Copies between the terminal's master and this program's stdin and stdout until the terminal is
 * gone (EIO). */
static int copy_terminal(int master)
{
	struct pollfd p[2] = { { .fd = master, .events = POLLIN }, { .fd = 0, .events = POLLIN } };
	char data[4096];
	ssize_t n;

	for (;;) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return 1;
		if (p[0].revents) {
			n = read(master, data, sizeof data);
			if (n <= 0)
				return 0;
			if (write(1, data, (size_t)n) != n)
				return 1;
		}
		if (p[1].revents) {
			n = read(0, data, sizeof data);
			if (n <= 0)
				p[1].fd = -1; /* no more input; the terminal stays open */
			else if (write(master, data, (size_t)n) != n)
				return 1;
		}
	}
}

/* The other end of --console-socket. */
static int host_recvtty(int argc, char **argv)
{
	int s = probe_listen(argv[1]), conn, master;
	struct winsize w = { 0 };
	char data[256];

	conn = accept4(s, NULL, NULL, SOCK_CLOEXEC);
	master = probe_receive_fd(conn, data, sizeof data);
	if (master < 0) {
		fprintf(stderr, "probe: no terminal came over %s\n", argv[1]);
		return 1;
	}
	close(conn);
	if (argc > 3) {
		w.ws_row = (unsigned short)parse_number(argv[2]);
		w.ws_col = (unsigned short)parse_number(argv[3]);
		ioctl(master, TIOCSWINSZ, &w);
	}
	return copy_terminal(master);
}

/* The other end of --pidfd-socket: prints the text that came and whose pidfd it is. */
static int host_recvpidfd(int argc, char **argv)
{
	int conn = accept4(probe_listen(argv[1]), NULL, NULL, SOCK_CLOEXEC), pid;
	char data[256], info[64], line[256];
	int pidfd = probe_receive_fd(conn, data, sizeof data);

	(void)argc;
	snprintf(info, sizeof info, "/proc/self/fdinfo/%d", pidfd);
	FILE *f = pidfd < 0 ? NULL : fopen(info, "re");
	while (f && fgets(line, sizeof line, f)) {
		if (sscanf(line, "Pid: %d", &pid) == 1)
			return printf("%s %d\n", data, pid) < 0;
	}
	fprintf(stderr, "probe: no pidfd came over %s\n", argv[1]);
	return 1;
}

/* Runs a command with a terminal of its own, as a person's shell does. */
static int host_with_tty(int argc, char **argv)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave, status;
	struct winsize w = { .ws_row = (unsigned short)parse_number(argv[1]),
			     .ws_col = (unsigned short)parse_number(argv[2]) };
	pid_t pid;

	(void)argc;
	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		return 1;
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	ioctl(master, TIOCSWINSZ, &w);
	pid = fork();
	if (pid == 0) {
		setsid();
		ioctl(slave, TIOCSCTTY, 0);
		for (int fd = 0; fd < 3; fd++)
			dup2(slave, fd);
		_exit(run(argv + 3));
	}
	close(slave);
	copy_terminal(master);
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

const struct probe_command probe_host[] = {
	{ "leak", host_leak, 2, "N COMMAND...: with N more descriptors" },
	{ "inherit", host_inherit, 1, "COMMAND...: with full inheritable and ambient sets" },
	{ "listen-fds", host_listen_fds, 2, "N COMMAND...: with LISTEN_PID and LISTEN_FDS=N" },
	{ "cost", host_cost, 1, "COMMAND...: page faults and context switches, on stderr" },
	{ "refuse", host_refuse, 3, "CALL[,CALL...] EPERM|ENOSYS COMMAND...: below a seccomp filter" },
	{ "recvtty", host_recvtty, 1, "SOCKET [ROWS COLUMNS]: the other end of --console-socket" },
	{ "recvpidfd", host_recvpidfd, 1, "SOCKET: the other end of --pidfd-socket" },
	{ "with-tty", host_with_tty, 3, "ROWS COLUMNS COMMAND...: on a terminal" },
	{ 0 },
};
