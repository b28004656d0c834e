/* SPDX-License-Identifier: Apache-2.0 */
/* caller: see caller.h. */
#include "base/caller.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"

bool caller_is_inside(void)
{
	char map[128];

	if (geteuid() != 0 || io_read_small(AT_FDCWD, "/proc/self/uid_map", map, sizeof map, NULL) < 0)
		return false;
	return !strstr(map, " 4294967295");
}

bool caller_is_unprivileged(void)
{
	return geteuid() != 0 || caller_is_inside();
}
