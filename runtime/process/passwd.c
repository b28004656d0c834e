/* SPDX-License-Identifier: Apache-2.0 */
/* passwd: see passwd.h. name:password:uid:gid:gecos:home:shell */
#include "process/passwd.h"

#include <fcntl.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"

#define PASSWD_MAX_BYTES ((size_t)1 << 20)
#define FIELDS 7

/* Cuts a line into its fields in place; false when it has other than seven. */
static bool passwd_split(char *line, char *fields[FIELDS])
{
	int n = 0;

	for (char *p = line; p; n++) {
		char *end = strchr(p, ':');
		if (n == FIELDS)
			return false;
		fields[n] = p;
		if (end)
			*end++ = '\0';
		p = end;
	}
	return n == FIELDS;
}

char *passwd_get(struct arena *a, uid_t uid, enum passwd_field field, const char *fallback)
{
	/* O_NONBLOCK: an image may have a fifo there. */
	_cleanup_fd_ int fd = open("/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	char *text, *save, *fields[FIELDS];
	struct err ignored;
	unsigned found;
	size_t len;

	if (fd < 0 ||
	    io_read_all(a, fd, PASSWD_MAX_BYTES, "/etc/passwd", &text, &len, &ignored) < 0)
		return arena_strdup(a, fallback);
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (passwd_split(line, fields) && io_parse_u32(fields[2], &found) && found == uid)
			return arena_strdup(a, *fields[field] ? fields[field] : fallback);
	return arena_strdup(a, fallback);
}
