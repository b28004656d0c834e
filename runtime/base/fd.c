/* fd: see fd.h. */
#include "base/fd.h"

#include "base/err.h"
#include "base/sys.h"

/* The smallest of `keep` that is at least `from`, or -1. */
static int next_kept(unsigned from, const int *keep, size_t n)
{
	int next = -1;

	for (size_t i = 0; i < n; i++)
		if (keep[i] >= (int)from && (next < 0 || keep[i] < next))
			next = keep[i];
	return next;
}

int fd_close_from(unsigned first, const int *keep, size_t n, struct err *e)
{
	int next;

	for (; (next = next_kept(first, keep, n)) >= 0; first = (unsigned)next + 1)
		if ((unsigned)next > first && sys_close_range(first, (unsigned)next - 1, 0) < 0)
			return err_set(e, errno, "close the descriptors %u to %d", first, next - 1);
	if (sys_close_range(first, ~0U, 0) < 0)
		return err_set(e, errno, "close the descriptors from %u on", first);
	return 0;
}

void fd_close_others(const int *keep, size_t n)
{
	struct err ignored;

	fd_close_from(STDERR_FILENO + 1, keep, n, &ignored);
}
