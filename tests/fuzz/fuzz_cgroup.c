/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_cgroup: a cgroup's files, one behind the other, parted by 0xff, and the lines of /proc/PID/cgroup. */
#include <fcntl.h>
#include <unistd.h>

#include "base/buf.h"
#include "cgroup/cgroup.h"
#include "cgroup/limits.h"
#include "cgroup/stats.h"
#include "fuzz.h"
#include "json.h"

static int dir = -1;

/* A folder that looks like a cgroup: which sizes of huge pages there are is told by names. */
static void make_dir(void)
{
	static const char *const names[] = { "cgroup.procs", "hugetlb.2MB.current", "hugetlb.1GB.current" };

	dir = fuzz_folder();
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		close(openat(dir, names[i], O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_text_ char *text = fuzz_text(data, len);
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct json_out o = { .buf = &out };
	struct cgroup cg = { .fd = dir, .path = "/x" };
	struct cgroup_stats stats;
	struct err e = ERR_INIT;
	char *path;

	if (dir < 0)
		make_dir();
	cg.fd = dir;
	fuzz_files(data, len);
	if (cgroup_stats_read(&cg, &a, &stats, &e) >= 0)
		cgroup_stats_write(&o, &stats);
	fuzz_files(data, len);
	cgroup_path_of(&a, 0, &path, &e);
	cgroup_controllers_parse(text);
	return 0;
}
