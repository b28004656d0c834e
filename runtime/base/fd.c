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
