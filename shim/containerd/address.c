/* SPDX-License-Identifier: Apache-2.0 */
/* address: see address.h. */
#include "address.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/sha256.h"

#define FOLDER "/run/containerd/s"
#define BACKLOG 128

static void address_add(struct sha256 *h, const char *text)
{
	sha256_add(h, text, strlen(text));
}

void address_name(const char *containerd, const char *name_space, const char *id, char ret[ADDRESS_MAX])
{
	struct sha256 h;
	uint8_t sum[SHA256_BYTES];
	int at = snprintf(ret, ADDRESS_MAX, FOLDER "/");

	sha256_init(&h);
	address_add(&h, containerd);
	address_add(&h, "/");
	address_add(&h, name_space);
	address_add(&h, "/");
	address_add(&h, id);
	sha256_finish(&h, sum);
	for (int i = 0; i < SHA256_BYTES; i++)
		at += snprintf(ret + at, (size_t)(ADDRESS_MAX - at), "%02x", sum[i]);
}

static int new_socket(const char *path, struct sockaddr_un *ret)
{
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(ret->sun_path, sizeof ret->sun_path, "%s", path);
	return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* Whoever does not get round to accepting (EAGAIN) is alive, too. */
static bool is_dead(const char *path)
{
	struct sockaddr_un at;
	_cleanup_fd_ int fd = new_socket(path, &at);

	return fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) < 0 && errno == ECONNREFUSED;
}

/* Between one's bind and its listen a socket looks dead to another. Released with the descriptor. */
static int lock_folder(void)
{
	int fd = open(FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		flock(fd, LOCK_EX);
	return fd;
}

void address_remove(const char *path)
{
	_cleanup_fd_ int lock = lock_folder();

	if (lock >= 0 && is_dead(path))
		unlink(path);
}

static int try_bind(int fd, const struct sockaddr_un *at)
{
	/* 0600 from the first moment on: the process has no other thread. */
	mode_t old = umask(0177);
	int r = bind(fd, (const struct sockaddr *)at, sizeof *at);
	int errnum = errno;

	umask(old);
	return r < 0 ? -errnum : 0;
}

int address_listen(const char *path, struct err *e)
{
	struct sockaddr_un at;
	_cleanup_fd_ int fd = new_socket(path, &at);

	if (fd < 0)
		return err_set(e, errno, "make a socket");
	if (mkdir("/run/containerd", 0711) < 0 && errno != EEXIST)
		return err_set(e, errno, "make /run/containerd");
	if (mkdir(FOLDER, 0711) < 0 && errno != EEXIST)
		return err_set(e, errno, "make " FOLDER);
	_cleanup_fd_ int lock = lock_folder();
	if (lock < 0)
		return err_set(e, errno, "open " FOLDER);
	int r = try_bind(fd, &at);
	if (r == -EADDRINUSE && is_dead(path) && unlink(path) == 0)
		r = try_bind(fd, &at);
	if (r < 0)
		return err_set(e, -r, "listen on %s", path);
	if (listen(fd, BACKLOG) < 0)
		return err_set(e, errno, "listen on %s", path);
	return fd_take(&fd);
}
