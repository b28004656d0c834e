/* SPDX-License-Identifier: Apache-2.0 */
/* stdio_give: see stdio_give.h. */
#include "process/stdio_give.h"

#include <sys/stat.h>
#include <unistd.h>

void stdio_give(uint32_t uid)
{
	struct stat st;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fstat(fd, &st) == 0 && st.st_uid != uid && !S_ISCHR(st.st_mode) &&
		    !S_ISBLK(st.st_mode) && fchown(fd, uid, (gid_t)-1) < 0)
			continue; /* foreign to our user namespace, or read-only */
}
