/* service/generation: the number that rises with each member that serves, and never repeats. */
#include <stdio.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/err.h"
#include "service/parts.h"

/* The number is down before the first instruction of who gets it; it was reserved at the file's start, so
 * that a full disk does not matter. */
static int write_generation(struct service *s, const struct member *m, struct err *e)
{
	char line[GENERATION_LINE + 1];

	snprintf(line, sizeof line, "%020llu %-*s\n", (unsigned long long)s->generation,
		 MEMBER_NAME_MAX - 1, m->name);
	if (pwrite(s->record.generation_fd, line, GENERATION_LINE, 0) != GENERATION_LINE)
		return err_set(e, errno, "write down generation %llu",
			       (unsigned long long)s->generation);
	return s->record.on_disk ? durable_sync_file(s->record.generation_fd, GENERATION_FILE, e) : 0;
}

int service_next_generation(struct service *s, const struct member *m, struct err *e)
{
	s->generation++;
	return write_generation(s, m, e);
}
