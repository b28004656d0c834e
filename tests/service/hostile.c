/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hostile: a member that makes its supervisor's life hard (classes 19 and 23 of attacks), for ever.
 *
 *   hostile flood           FDSTORE=1 without end
 *   hostile fuse-probe      a file system of its own that never answers, over /tmp
 *   hostile fuse-store      a descriptor of such a file system is parked
 *   hostile fuse-given      in the place of a descriptor that it was given back there is one of such a file system
 *   hostile fuse-bind PORT      binds such a file, then listens at the port
 *   hostile linger-listen PORT  its listening socket becomes a connection whose close waits
 *   hostile linger-store    parked connections whose close(2) waits for a peer that reads nothing
 */
#include "service.h"

#include <err.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/fuse.h>

static int send_fd(const char *text, int fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct iovec iov = { (char *)text, strlen(text) };
	struct msghdr msg = { .msg_name = &a, .msg_namelen = sizeof a, .msg_iov = &iov, .msg_iovlen = 1,
			      .msg_control = control.bytes, .msg_controllen = sizeof control.bytes };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	static int to = -1;

	if (to < 0)
		to = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	strncpy(a.sun_path, getenv("NOTIFY_SOCKET"), sizeof a.sun_path - 1);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	return sendmsg(to, &msg, 0) < 0 ? -1 : 0;
}

static void flood(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	for (unsigned i = 0;; i++) {
		char text[64];
		snprintf(text, sizeof text, "FDSTORE=1\nFDNAME=x%u", i);
		send_fd(text, fd);
	}
}

/* A FUSE mount at /tmp: INIT and GETATTR of its root are answered, OPEN too; nothing else, FLUSH above all. */
static int mount_fuse(void)
{
	char data[100];
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		die("/dev/fuse");
	snprintf(data, sizeof data, "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fd);
	if (mount("hostile", "/tmp", "fuse", 0, data) < 0)
		die("mount");
	return fd;
}

static void reply(int fd, uint64_t unique, const void *data, size_t len)
{
	char out[4096];
	struct fuse_out_header h = { .len = (uint32_t)(sizeof h + len), .unique = unique };

	memcpy(out, &h, sizeof h);
	memcpy(out + sizeof h, data, len);
	if (write(fd, out, sizeof h + len) < 0)
		die("reply");
}

static void answer(int fd)
{
	static char in[1 << 17];
	struct fuse_in_header *h = (struct fuse_in_header *)in;
	struct fuse_attr attr = { .ino = 2, .mode = S_IFREG | 0666, .nlink = 1 };
	ssize_t n = read(fd, in, sizeof in);

	if (n < (ssize_t)sizeof *h)
		die("read");
	if (h->nodeid == 1)
		attr = (struct fuse_attr){ .ino = 1, .mode = S_IFDIR | 0777, .nlink = 2 };
	struct fuse_init_out init = { .major = 7, .minor = 31, .max_write = 4096 };
	struct fuse_attr_out got = { .attr_valid = 1000, .attr = attr };
	struct fuse_entry_out entry = { .nodeid = 2, .entry_valid = 1000, .attr_valid = 1000,
					.attr = { .ino = 2, .mode = S_IFREG | 0666, .nlink = 1 } };
	struct fuse_open_out opened = { .fh = 1 };
	if (h->opcode == FUSE_INIT)
		reply(fd, h->unique, &init, sizeof init);
	else if (h->opcode == FUSE_GETATTR)
		reply(fd, h->unique, &got, sizeof got);
	else if (h->opcode == FUSE_LOOKUP && !strcmp(in + sizeof *h, "file"))
		reply(fd, h->unique, &entry, sizeof entry);
	else if (h->opcode == FUSE_OPEN)
		reply(fd, h->unique, &opened, sizeof opened);
}

static void serve_fuse(int fd)
{
	for (;;)
		answer(fd);
}

static int open_fuse(void)
{
	int fd = mount_fuse();

	if (fork() == 0)
		serve_fuse(fd);
	/* Who held both would wait for itself at its end, for ever: that is the kernel's matter. */
	close(fd);
	int file = open("/tmp/file", O_RDWR | O_CLOEXEC);
	if (file < 0)
		die("/tmp/file");
	return file;
}

static void fuse_given(void)
{
	if (!getenv("LISTEN_FDS"))
		send_fd("FDSTORE=1\nFDNAME=memory", memfd_create("memory", MFD_CLOEXEC));
	else if (dup2(open_fuse(), 3) < 0)
		die("dup2");
	puts(getenv("LISTEN_FDS") ? "swapped" : "stored");
	fflush(stdout);
	for (;;)
		pause();
}

static void fuse_store(void)
{
	int file = open_fuse();

	for (;;) {
		send_fd("FDSTORE=1\nFDNAME=file", file);
		send_fd("FDSTOREREMOVE=1\nFDNAME=file", file);
		sleep(1);
	}
}

static void linger_store(void)
{
	static char data[1 << 16];
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof a;
	struct linger linger = { 1, 1000 };
	int server = socket(AF_INET, SOCK_STREAM, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(server, (struct sockaddr *)&a, sizeof a) < 0 || listen(server, 100) < 0 ||
	    getsockname(server, (struct sockaddr *)&a, &len) < 0)
		die("listen");
	for (;;) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
		if (connect(fd, (struct sockaddr *)&a, sizeof a) < 0)
			die("connect");
		while (send(fd, data, sizeof data, MSG_DONTWAIT) > 0)
			;
		send_fd("FDSTORE=1\nFDNAME=conn", fd);
		close(fd);
		usleep(100000);
		send_fd("FDSTOREREMOVE=1\nFDNAME=conn", 0);
		usleep(500000);
	}
}

/* -- what somebody takes who listens to bind(2) and listen(2) ------------------------------------------ */

static void serve_nobody(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(fd, 10) < 0)
		die("listen");
	puts("listens");
	fflush(stdout);
	for (;;)
		pause();
}

/* bind(2) of a file whose every close waits. */
static void fuse_bind(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int file = open_fuse();

	if (bind(file, (struct sockaddr *)&a, sizeof a) == 0)
		errx(1, "a file was bound");
	serve_nobody(port);
}

/* A listening socket becomes a connection, which waits for its peer when it is closed; then it is a program's end. */
static void linger_listen(int port)
{
	static char data[1 << 16];
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) }, peer = { .sin_family = AF_INET };
	socklen_t len = sizeof peer;
	struct linger linger = { 1, 1000 };
	int server = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);

	peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(server, (struct sockaddr *)&peer, sizeof peer) < 0 || listen(server, 100) < 0 ||
	    getsockname(server, (struct sockaddr *)&peer, &len) < 0)
		die("listen");
	if (bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(fd, 10) < 0)
		die("listen");
	puts("listens");
	fflush(stdout);
	sleep(1); /* until it is taken */
	shutdown(fd, SHUT_RDWR);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	if (connect(fd, (struct sockaddr *)&peer, sizeof peer) < 0)
		die("connect");
	while (send(fd, data, sizeof data, MSG_DONTWAIT) > 0)
		;
	/* So that the peer stays. */
	send_fd("FDSTORE=1\nFDNAME=peer", server);
	puts("connected");
	fflush(stdout);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";

	if (!strcmp(how, "flood"))
		flood();
	if (!strcmp(how, "fuse-probe"))
		for (mount_fuse();;)
			pause();
	if (!strcmp(how, "fuse-store"))
		fuse_store();
	if (!strcmp(how, "fuse-given"))
		fuse_given();
	if (!strcmp(how, "linger-store"))
		linger_store();
	if (!strcmp(how, "fuse-bind") && argc > 2)
		fuse_bind(atoi(argv[2]));
	if (!strcmp(how, "linger-listen") && argc > 2)
		linger_listen(atoi(argv[2]));
	return 2;
}
