/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_update: update, whose options are the members of linux.resources that people change. */
#include <fcntl.h>
#include <stddef.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/log.h"
#include "cmd.h"
#include "policy_rows.h"
#include "shim_replace.h"
#include "spec.h"
#include "update.h"

struct update_flags {
	const char *file, *cpuset_cpus, *cpuset_mems, *l3_cache_schema, *mem_bw_schema;
	struct opt_u64 cpu_period, cpu_burst, cpu_share, cpu_rt_period;
	struct opt_i64 cpu_quota, cpu_rt_runtime, cpu_idle, pids_limit;
	struct opt_i64 memory, memory_reservation, memory_swap, kernel_memory, kernel_memory_tcp;
	unsigned blkio_weight;
	struct opt_list policy[POLICY_KEYS]; /* of a service */
};

#define POLICY_ROW(key, name_, metavar_) \
	OPT_LIST(struct update_flags, policy[key], name_, 0, metavar_, "of a supervised service: see run; empty: the default again")

static const struct opt_row rows[] = {
	OPT_STRING(struct update_flags, file, "resources", 'r', "FILE",
		   "take a linux.resources object from FILE, \"-\" for stdin; other options are "
		   "ignored",
		   .complete = OPT_FILE),
	OPT_UINT(struct update_flags, blkio_weight, "blkio-weight", 0, "N",
		 "relative weight of block i/o, 10 to 1000"),
	OPT_U64(struct update_flags, cpu_period, "cpu-period", 0, "USEC",
		"period that --cpu-quota is for"),
	OPT_I64(struct update_flags, cpu_quota, "cpu-quota", 0, "USEC",
		"CPU time in a period, -1 for no limit"),
	OPT_U64(struct update_flags, cpu_burst, "cpu-burst", 0, "USEC",
		"CPU time that may be saved up beyond the quota"),
	OPT_U64(struct update_flags, cpu_share, "cpu-share", 0, "N",
		"relative weight of CPU time, 2 to 262144"),
	OPT_U64(struct update_flags, cpu_rt_period, "cpu-rt-period", 0, "USEC",
		"accepted for runc's callers: cgroup2 has no such limit"),
	OPT_I64(struct update_flags, cpu_rt_runtime, "cpu-rt-runtime", 0, "USEC",
		"accepted for runc's callers: cgroup2 has no such limit"),
	OPT_STRING(struct update_flags, cpuset_cpus, "cpuset-cpus", 0, "LIST",
		   "CPUs to use: 0-3,7"),
	OPT_STRING(struct update_flags, cpuset_mems, "cpuset-mems", 0, "LIST",
		   "memory nodes to use"),
	OPT_I64(struct update_flags, cpu_idle, "cpu-idle", 0, "0|1",
		"1: run only when nothing else does (SCHED_IDLE)"),
	OPT_BYTES(struct update_flags, memory, "memory", 0, "BYTES",
		  "memory limit, -1 for none"),
	OPT_BYTES(struct update_flags, memory_reservation, "memory-reservation", 0, "BYTES",
		  "memory that is kept from being reclaimed"),
	OPT_BYTES(struct update_flags, memory_swap, "memory-swap", 0, "BYTES",
		  "limit of memory and swap together, -1 for none"),
	OPT_BYTES(struct update_flags, kernel_memory, "kernel-memory", 0, "BYTES", NULL),
	OPT_BYTES(struct update_flags, kernel_memory_tcp, "kernel-memory-tcp", 0, "BYTES", NULL),
	OPT_I64(struct update_flags, pids_limit, "pids-limit", 0, "N",
		"how many processes there may be, -1 (0 before 1.3 of the runtime-spec) for no limit"),
	OPT_STRING(struct update_flags, l3_cache_schema, "l3-cache-schema", 0, "SCHEMA",
		   "Intel RDT's L3 cache schema"),
	OPT_STRING(struct update_flags, mem_bw_schema, "mem-bw-schema", 0, "SCHEMA",
		   "Intel RDT's memory bandwidth schema"),
	POLICY_ROW(POLICY_RESTARTS, "restarts", "N"),
	POLICY_ROW(POLICY_MAX_FAILURES, "max-failures", "N"),
	POLICY_ROW(POLICY_WINDOW, "window", "TIME"),
	POLICY_ROW(POLICY_BACKOFF, "backoff", "MIN[:MAX]"),
	POLICY_ROW(POLICY_SUCCESS, "success", "CODE[,CODE...]"),
	POLICY_ROW(POLICY_READY_TIMEOUT, "ready-timeout", "TIME"),
	POLICY_ROW(POLICY_WATCHDOG, "watchdog", "TIME"),
	POLICY_ROW(POLICY_PROBE, "probe", "PROBE"),
	POLICY_ROW(POLICY_PROBE_INTERVAL, "probe-interval", "TIME"),
	POLICY_ROW(POLICY_PROBE_TIMEOUT, "probe-timeout", "TIME"),
	POLICY_ROW(POLICY_PROBE_RETRIES, "probe-retries", "N"),
	POLICY_ROW(POLICY_PROBE_START_PERIOD, "probe-start-period", "TIME"),
	POLICY_ROW(POLICY_FAILBACK, "failback", "manual|auto[:TIME]"),
	POLICY_ROW(POLICY_STOP_SIGNAL, "stop-signal", "SIGNAL"),
	POLICY_ROW(POLICY_STOP_TIMEOUT, "stop-timeout", "TIME"),
	POLICY_ROW(POLICY_FENCE_TIMEOUT, "fence-timeout", "TIME"),
	POLICY_ROW(POLICY_ON_EVENT, "on-event", "exec:COMMAND"),
	POLICY_ROW(POLICY_EVENTS_TO, "events-to", "syslog[:PATH]|journald[:PATH]"),
};

/* What the options say, in the form that config.json has. */
struct from_flags {
	struct oci_resources resources;
	struct oci_memory memory;
	struct oci_cpu cpu;
	struct oci_block_io block_io;
};

static void fill_from_flags(struct from_flags *to, const struct update_flags *f)
{
	to->memory = (struct oci_memory){
		.limit = f->memory,
		.reservation = f->memory_reservation,
		.swap = f->memory_swap,
		.kernel = f->kernel_memory,
		.kernel_tcp = f->kernel_memory_tcp,
	};
	to->cpu = (struct oci_cpu){
		.shares = f->cpu_share,
		.quota_us = f->cpu_quota,
		.burst_us = f->cpu_burst,
		.period_us = f->cpu_period,
		.realtime_runtime_us = f->cpu_rt_runtime,
		.realtime_period_us = f->cpu_rt_period,
		.cpus = (char *)f->cpuset_cpus,
		.mems = (char *)f->cpuset_mems,
		.idle = f->cpu_idle,
	};
	to->block_io = (struct oci_block_io){
		.weight = { f->blkio_weight != 0, f->blkio_weight },
	};
	to->resources = (struct oci_resources){
		.memory = &to->memory,
		.cpu = &to->cpu,
		.block_io = &to->block_io,
		.pids_limit = f->pids_limit,
	};
}

static int read_file(struct cli *cli, const char *path, struct oci_resources **ret, struct err *e)
{
	bool is_stdin = !strcmp(path, "-");
	_cleanup_fd_ int opened = FD_NONE;
	char *text;
	size_t len;

	if (!is_stdin) {
		opened = open(path, O_RDONLY | O_CLOEXEC);
		if (opened < 0)
			return err_set(e, errno, "open %s", path);
	}
	int r = io_read_all(cli->arena, is_stdin ? STDIN_FILENO : opened, SPEC_MAX_BYTES,
			    is_stdin ? "stdin" : path, &text, &len, e);
	return r < 0 ? r : spec_load_resources(cli->arena, text, len, ret, e);
}

static int update(struct container *c, const struct oci_resources *r,
		  const struct update_flags *f, struct err *e)
{
	if (r->memory && (r->memory->kernel.set || r->memory->kernel_tcp.set))
		log_warn("Kernel memory settings are ignored and will be removed");
	int ret = container_update(c, r, e);
	if (ret >= 0 && (f->l3_cache_schema || f->mem_bw_schema))
		ret = container_update_rdt(c, f->l3_cache_schema, f->mem_bw_schema, e);
	return ret;
}

static int update_limits(struct cli *cli, struct err *e)
{
	const struct update_flags *f = cli->opts;
	struct container c = CONTAINER_INIT;
	struct from_flags given;
	struct oci_resources *resources = &given.resources;
	struct runtime rt;
	int r = 0;

	fill_from_flags(&given, f);
	/* Before the lock is taken: stdin may be slow. */
	if (f->file)
		r = read_file(cli, f->file, &resources, e);
	if (r >= 0)
		r = cli_open_container(cli, &rt, &c, e);
	if (r < 0)
		return r;
	r = update(&c, resources, f, e);
	container_close(&c);
	runtime_close(&rt);
	return r;
}

/* A line each, NAME=VALUE; *ret NULL: there is none. */
static int settings_of(struct cli *cli, const struct update_flags *f, const char **ret, struct err *e)
{
	char *all = NULL;

	for (size_t i = 0; i < POLICY_KEYS; i++)
		for (size_t k = 0; k < f->policy[i].n; k++) {
			if (strchr(f->policy[i].v[k], '\n'))
				return err_msg(e, EINVAL, "--%s: more than a line", policy_rows[i].name);
			all = arena_printf(cli->arena, "%s%s%s=%s", all ? all : "", all ? "\n" : "", policy_rows[i].name,
					   f->policy[i].v[k]);
			if (!all)
				return err_set(e, ENOMEM, "read the options");
		}
	*ret = all;
	return 0;
}

/* Limits without a policy, or with one. */
static bool has_limits(const struct update_flags *f)
{
	static const struct update_flags none;

	return memcmp(f, &none, offsetof(struct update_flags, policy)) != 0;
}

static int run_update(struct cli *cli, struct err *e)
{
	const struct update_flags *f = cli->opts;
	const char *settings = NULL;
	int r = settings_of(cli, f, &settings, e);

	if (r >= 0 && (has_limits(f) || !settings))
		r = update_limits(cli, e);
	return r < 0 || !settings ? r : shim_replace(cli, settings, e);
}

const struct command cmd_update = {
	.name = "update",
	.args = "CONTAINER",
	.summary = "change the resource limits of a container, or the policy of a supervised service",
	.doc = "What is not named stays as it is. FILE has the form of config.json's "
	       "linux.resources, for example "
	       "{\"memory\":{\"limit\":67108864},\"pids\":{\"limit\":100}}. Another policy is in force at once and from then "
	       "on, also after adopt; the service's shim executes this hart for it, as with \"adopt --replace\".",
	.table = { rows, sizeof rows / sizeof rows[0], false },
	.opts_size = sizeof(struct update_flags),
	.min_args = 1,
	.max_args = 1,
	.run = run_update,
};
