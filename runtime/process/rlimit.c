/* SPDX-License-Identifier: Apache-2.0 */
/* rlimit: see rlimit.h. */
#include "process/rlimit.h"

#include <stdio.h>
#include <sys/resource.h>

#include "base/err.h"
#include "base/procfd.h"
#include "names.h"
#include "oci.h"

static int set_limit(pid_t pid, int type, const struct rlimit *limit, struct err *e)
{
	return prlimit(pid, type, limit, NULL) < 0 ? err_set(e, errno, "set %s to %llu:%llu", names_of(NAMES_RLIMIT, type),
							     (unsigned long long)limit->rlim_cur,
							     (unsigned long long)limit->rlim_max)
						   : 0;
}

static struct rlimit limit_of(const struct oci_rlimit_row *row)
{
	return (struct rlimit){ .rlim_cur = row->soft, .rlim_max = row->hard };
}

int rlimits_apply(pid_t pid, const struct oci_process *p, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < p->rlimits.n && r >= 0; i++) {
		struct rlimit limit = limit_of(&p->rlimits.v[i]);
		r = set_limit(pid, p->rlimits.v[i].type, &limit, e);
	}
	return r;
}

int rlimits_apply_own(const struct oci_process *p, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < p->rlimits.n && r >= 0; i++) {
		const struct oci_rlimit_row *row = &p->rlimits.v[i];
		struct rlimit limit = limit_of(row), now;
		if (row->type == RLIMIT_NPROC) {
			if (getrlimit(RLIMIT_NPROC, &now) < 0)
				return err_set(e, errno, "read RLIMIT_NPROC");
			limit.rlim_cur = now.rlim_cur;
			limit.rlim_max = now.rlim_max > limit.rlim_max ? now.rlim_max : limit.rlim_max;
		}
		r = set_limit(0, row->type, &limit, e);
	}
	return r;
}

int rlimits_apply_processes(const struct oci_process *p, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < p->rlimits.n && r >= 0; i++) {
		struct rlimit limit = limit_of(&p->rlimits.v[i]);
		if (p->rlimits.v[i].type == RLIMIT_NPROC)
			r = set_limit(0, RLIMIT_NPROC, &limit, e);
	}
	return r;
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
