/* rlimit: see rlimit.h. */
#include "process/rlimit.h"

#include <stdio.h>
#include <sys/resource.h>

#include "base/err.h"
#include "base/procfd.h"
#include "names.h"
#include "oci.h"

int rlimits_apply(pid_t pid, const struct oci_process *p, struct err *e)
{
	for (size_t i = 0; i < p->rlimits.n; i++) {
		const struct oci_rlimit_row *row = &p->rlimits.v[i];
		struct rlimit limit = { .rlim_cur = row->soft, .rlim_max = row->hard };
		if (prlimit(pid, row->type, &limit, NULL) < 0)
			return err_set(e, errno, "set %s to %llu:%llu",
				       names_of(NAMES_RLIMIT, row->type),
				       (unsigned long long)row->soft, (unsigned long long)row->hard);
	}
	return 0;
}

bool rlimits_count_processes(const struct oci_process *p)
{
	for (size_t i = 0; i < p->rlimits.n; i++)
		if (p->rlimits.v[i].type == RLIMIT_NPROC)
			return true;
	return false;
}

int oom_score_adj_apply(int procfd, pid_t pid, int value, struct err *e)
{
	char path[48], text[16];

	snprintf(path, sizeof path, "%d/oom_score_adj", pid);
	snprintf(text, sizeof text, "%d", value);
	return procfd_write(procfd, path, text, e);
}
