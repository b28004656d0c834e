/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/tree: see cgroup/tree.h. getdents64(2) on the stack: readdir(3) would allocate 32 KiB. */
#include "cgroup/tree.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/io.h"
#include "base/sys.h"

struct entry { /* struct linux_dirent64 */
	uint64_t ino;
	int64_t next;
	unsigned short len;
	unsigned char type;
	char name[];
};

const char *cgroup_subdirs_next(struct cgroup_subdirs *it)
{
	for (;;) {
		if (it->pos >= it->len) {
			ssize_t n = sys_getdents64(it->fd, it->buf, sizeof it->buf);
			it->error = n < 0 ? errno : 0;
			if (n <= 0)
				return NULL;
			it->pos = 0;
			it->len = (size_t)n;
		}
		const struct entry *d = (const void *)(it->buf + it->pos);
		it->pos += d->len;
		if (d->type == DT_DIR && strcmp(d->name, ".") && strcmp(d->name, ".."))
			return d->name;
	}
}

long long cgroup_read_key(int fd, const char *file, const char *key, struct err *e)
{
	char text[4096];
	size_t len = strlen(key);
	ssize_t n = io_read_small(fd, file, text, sizeof text, e);

	if (n < 0)
		return n;
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, key, len) && line[len] == ' ')
			return strtoll(line + len + 1, NULL, 10);
	}
	return err_msg(e, ENOENT, "%s has no %s", file, key);
}
