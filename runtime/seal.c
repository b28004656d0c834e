/* SPDX-License-Identifier: Apache-2.0 */
/* seal: see seal.h. The way without mounts: a sealed copy in memory. */
#include "seal.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x10U
#endif

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

#define OWN_BINARY "/proc/self/exe"

/* The usual case: the second pass of seal_entry.c. */
static bool is_on_seal_mount(void)
{
	struct statfs fs;

	return statfs(OWN_BINARY, &fs) == 0 && (fs.f_flags & SEAL_MOUNT) == SEAL_MOUNT;
}

/* What else cannot be written through /proc/PID/exe by anything that this user could start. */
static bool is_sealed(int exe, const struct stat *st)
{
	int seals = fcntl(exe, F_GET_SEALS);

	if (seals >= 0 && (seals & SEALS) == SEALS)
		return true;
	return geteuid() != 0 && st->st_uid != geteuid() && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

/* Since Linux 6.3 a host may have files in memory not executable unless that is asked for. */
static int make_executable_memfd(void)
{
	int fd = memfd_create("hart", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

	return fd < 0 && errno == EINVAL ? memfd_create("hart", MFD_CLOEXEC | MFD_ALLOW_SEALING) : fd;
}

static int copy_sealed(int exe, off_t size, struct err *e)
{
	_cleanup_fd_ int fd = make_executable_memfd();
	off_t at = 0;

	if (fd < 0)
		return err_set(e, errno, "make a sealed copy of the hart binary");
	while (at < size) {
		ssize_t n = sendfile(fd, exe, &at, (size_t)(size - at));
		if (n < 0 && errno != EINTR)
			return err_set(e, errno, "copy the hart binary");
		if (n == 0)
			return err_msg(e, EIO, "copy the hart binary: it ended too early");
	}
	if (fcntl(fd, F_ADD_SEALS, SEALS) < 0)
		return err_set(e, errno, "seal the copy of the hart binary");
	return fd_take(&fd);
}

static bool has_seal_fd;

/* Ours, and nothing that a caller of ours has there: it is this very file. */
static void find_seal_fd(const struct stat *exe)
{
	struct stat st;

	has_seal_fd = fstat(SEAL_FD, &st) == 0 && st.st_ino == exe->st_ino && st.st_dev == exe->st_dev;
}

void seal_release(void)
{
	if (has_seal_fd)
		close(SEAL_FD);
	has_seal_fd = false;
}

int seal_self(char *const argv[], struct err *e)
{
	struct stat st;

	if (stat(OWN_BINARY, &st) == 0)
		find_seal_fd(&st);
	if (is_on_seal_mount())
		return 0;
	_cleanup_fd_ int exe = open(OWN_BINARY, O_RDONLY | O_CLOEXEC);
	if (exe < 0 || fstat(exe, &st) < 0)
		return err_set(e, errno, "open the hart binary at " OWN_BINARY);
	if (is_sealed(exe, &st))
		return 0;
	_cleanup_fd_ int copy = copy_sealed(exe, st.st_size, e);
	if (copy < 0)
		return copy;
	fexecve(copy, argv, environ);
	return err_set(e, errno, "execute the sealed copy of the hart binary");
}
