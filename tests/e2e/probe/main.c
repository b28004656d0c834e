/* SPDX-License-Identifier: Apache-2.0 */
/* probe: finds the command in the tables. */
#include "probe.h"

#include <stdio.h>
#include <string.h>

static const struct probe_command report_command[] = {
	{ "report", probe_report, 0, ": what this process sees, as JSON" },
	{ 0 },
};

static const struct probe_command *const tables[] = { report_command, probe_act, probe_try,
						      probe_host, probe_notify, probe_attack, probe_peek };
#define N_TABLES (sizeof tables / sizeof *tables)

static const struct probe_command *find(const char *name)
{
	for (size_t i = 0; i < N_TABLES; i++)
		for (const struct probe_command *c = tables[i]; c->name; c++)
			if (strcmp(c->name, name) == 0)
				return c;
	return NULL;
}

static int usage(void)
{
	for (size_t i = 0; i < N_TABLES; i++)
		for (const struct probe_command *c = tables[i]; c->name; c++)
			fprintf(stderr, "probe %s %s\n", c->name, c->usage);
	return PROBE_USAGE;
}

int main(int argc, char **argv)
{
	const struct probe_command *c = argc > 1 ? find(argv[1]) : NULL;

	if (!c || argc - 2 < c->min_args)
		return usage();
	return c->fn(argc - 1, argv + 1);
}
