/* fd: see fd.h. */
#include "base/fd.h"

#include "base/err.h"
#include "base/sys.h"

int fd_cloexec_from(unsigned first, struct err *e)
{
	if (sys_close_range(first, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return err_set(e, errno, "mark descriptors from %u close-on-exec", first);
	return 0;
}

void fd_close_others(const int *keep, size_t n)
{
	unsigned from = 3;

	for (;;) {
		int next = -1;
		for (size_t i = 0; i < n; i++)
			if (keep[i] >= (int)from && (next < 0 || keep[i] < next))
				next = keep[i];
		if (next < 0)
			break;
		if ((unsigned)next > from)
			sys_close_range(from, (unsigned)next - 1, 0);
		from = (unsigned)next + 1;
	}
	sys_close_range(from, ~0U, 0);
}
