/* SPDX-License-Identifier: Apache-2.0 */
/* rotate: see rotate.h. */
#include "record/rotate.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define NAME_BYTES 4096

int rotate_names(int dir_fd, const char *name, unsigned keep)
{
	char from[NAME_BYTES], to[NAME_BYTES];
	int r = keep ? 0 : unlinkat(dir_fd, name, 0);

	for (unsigned i = keep; i > 0; i--) {
		snprintf(to, sizeof to, "%s.%u", name, i);
		if (i > 1)
			snprintf(from, sizeof from, "%s.%u", name, i - 1);
		else
			snprintf(from, sizeof from, "%s", name);
		r = renameat(dir_fd, from, dir_fd, to); /* that of the file itself is the last */
	}
	return r < 0 ? -errno : 0;
}
