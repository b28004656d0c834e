/* SPDX-License-Identifier: Apache-2.0 */
/* generation: see generation.h. */
#include "service/generation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/err.h"
#include "service/files.h"
#include "service/member.h"
#include "service/record.h"

/* The line was reserved at the file's start, so that a full disk does not matter. */
int generation_next(struct record *r, uint64_t *generation, const char *member, struct err *e)
{
	char line[GENERATION_LINE + 1];
	unsigned long long next = ++*generation;

	snprintf(line, sizeof line, "%020llu %-*s\n", next, MEMBER_NAME_MAX - 1, member);
	if (pwrite(r->generation_fd, line, GENERATION_LINE, 0) != GENERATION_LINE)
		return err_set(e, errno, "write down generation %llu", next);
	return r->on_disk ? durable_sync_file(r->generation_fd, GENERATION_FILE, e) : 0;
}

int generation_read(const struct record *r, uint64_t *ret, char *ret_name, size_t size, struct err *e)
{
	char line[GENERATION_LINE + 1];
	ssize_t n = pread(r->generation_fd, line, GENERATION_LINE, 0);

	*ret_name = '\0';
	if (n <= 0)
		return n < 0 ? err_set(e, errno, "read the generation") : 0;
	line[n] = '\0';
	char *name;
	*ret = strtoull(line, &name, 10);
	name += strspn(name, " ");
	name[strcspn(name, " \n")] = '\0';
	snprintf(ret_name, size, "%s", name);
	return 0;
}
