/* SPDX-License-Identifier: Apache-2.0 */
/* fd: see fd.h. */
#include "base/fd.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/procfd.h"
#include "base/refusal.h"
#include "base/sys.h"

bool fd_is_same_file(int a, int b)
{
	struct stat x, y;

	return a >= 0 && b >= 0 && fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* The smallest of `keep` that is at least `from`, or -1. */
static int next_kept(unsigned from, const int *keep, size_t n)
{
	int next = -1;

	for (size_t i = 0; i < n; i++)
		if (keep[i] >= (int)from && (next < 0 || keep[i] < next))
			next = keep[i];
	return next;
}

#define MOST_BY_DEFAULT (1U << 20) /* fs.nr_open of a kernel that nobody has told otherwise */

/* The kernel's table of ours has no descriptor from here on. */
static unsigned table_size(void)
{
	struct err ignored;
	char text[4096];
	int procfd = procfd_open(&ignored), fd = procfd < 0 ? procfd : procfd_openat(procfd, "self/status", O_RDONLY, &ignored);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);

	fd_close(&fd);
	fd_close(&procfd);
	text[n < 0 ? 0 : n] = '\0';
	const char *line = strstr(text, "\nFDSize:");
	return line ? (unsigned)strtoul(line + strlen("\nFDSize:"), NULL, 10) : 0;
}

/* Without a procfs: a limit that was lowered does not close what is above it, so no limit below the system's is
 * believed. */
static unsigned most_possible(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_max < MOST_BY_DEFAULT)
		return MOST_BY_DEFAULT;
	return limit.rlim_max > INT32_MAX ? INT32_MAX : (unsigned)limit.rlim_max;
}

static void close_each(unsigned first, unsigned last)
{
	unsigned end = table_size();

	if (!end)
		end = most_possible();
	for (unsigned fd = first; fd < end && fd <= last; fd++)
		close((int)fd);
}

int fd_close_range(unsigned first, unsigned last)
{
	if (sys_close_range(first, last, 0) == 0)
		return 0;
	if ((errno != ENOSYS && errno != EPERM) || !refusal_is(SYS_close_range))
		return -1;
	close_each(first, last);
	return 0;
}

int fd_close_from(unsigned first, const int *keep, size_t n, struct err *e)
{
	int next;

	for (; (next = next_kept(first, keep, n)) >= 0; first = (unsigned)next + 1)
		if ((unsigned)next > first && fd_close_range(first, (unsigned)next - 1) < 0)
			return err_set(e, errno, "close the descriptors %u to %d", first, next - 1);
	if (fd_close_range(first, ~0U) < 0)
		return err_set(e, errno, "close the descriptors from %u on", first);
	return 0;
}

void fd_close_others(const int *keep, size_t n)
{
	struct err ignored;

	fd_close_from(STDERR_FILENO + 1, keep, n, &ignored);
}
