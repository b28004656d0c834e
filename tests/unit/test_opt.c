/* SPDX-License-Identifier: Apache-2.0 */
/* opt: the parser's rules on a table of every type. The engines' command lines are in test_cli. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"
#include "cli/opt.h"

struct sample {
	bool all;
	const char *bundle;
	unsigned fds;
	struct opt_i64 idle, memory;
	struct opt_u64 shares;
	uint64_t interval_ms;
	struct opt_list env;
	struct opt_u32_list gids;
};

static const struct opt_row rows[] = {
	OPT_FLAG(struct sample, all, "all", 'a', "all of them"),
	OPT_STRING(struct sample, bundle, "bundle", 'b', "DIR", "bundle", .complete = OPT_DIR),
	OPT_UINT(struct sample, fds, "preserve-fds", 0, "N", "descriptors"),
	OPT_I64(struct sample, idle, "idle", 0, "N", "idle"),
	OPT_U64(struct sample, shares, "shares", 0, "N", "shares"),
	OPT_BYTES(struct sample, memory, "memory", 0, "BYTES", "limit"),
	OPT_DURATION(struct sample, interval_ms, "interval", 0, "TIME", "interval",
		     .initial = "5s"),
	OPT_LIST(struct sample, env, "env", 'e', "NAME=VALUE", "environment"),
	OPT_U32_LIST(struct sample, gids, "additional-gids", 'g', "GID", "groups"),
};
static const struct opt_table table = { rows, sizeof rows / sizeof rows[0], false };

struct parsed {
	struct sample s;
	struct opt_args args;
	struct arena arena;
	struct err e;
	int r;
};

/* Splits at blanks, which no sample value holds. */
static struct parsed *parse_with(const struct opt_table *t, struct parsed *p, const char *line)
{
	char *argv[32], *word, *save = NULL;
	int argc = 0;

	memset(p, 0, sizeof *p);
	char *copy = arena_strdup(&p->arena, line);
	for (word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	argv[argc] = NULL;
	p->r = opt_parse(t, &p->s, &p->arena, argv, &p->args, &p->e);
	return p;
}

static void forms_of_one_option(void **state)
{
	static const char *const lines[] = { "--bundle /b id", "--bundle=/b id", "-bundle /b id",
					     "-bundle=/b id",  "-b /b id",	 "-b=/b id",
					     "id --bundle /b", "id -b=/b",	 "-b /x id -b /b" };
	struct parsed p;

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		parse_with(&table, &p, lines[i]);
		assert_int_equal(p.r, 0);
		assert_string_equal(p.s.bundle, "/b");
		assert_int_equal(p.args.n, 1);
		assert_string_equal(p.args.v[0], "id");
		assert_null(p.args.v[1]);
		arena_free(&p.arena);
	}
}

static void every_type(void **state)
{
	struct parsed p;

	(void)state;
	parse_with(&table, &p, "-a --preserve-fds 3 --idle -1 --shares=18446744073709551615 "
			       "--memory 1.5g --interval=1m30s -e A=1 --env B=2 -g 7 -g=8 id -");
	assert_int_equal(p.r, 0);
	assert_true(p.s.all);
	assert_int_equal(p.s.fds, 3);
	assert_true(p.s.idle.set && p.s.idle.v == -1);
	assert_true(p.s.shares.set && p.s.shares.v == UINT64_MAX);
	assert_true(p.s.memory.set && p.s.memory.v == 1610612736);
	assert_int_equal(p.s.interval_ms, 90000);
	assert_int_equal(p.s.env.n, 2);
	assert_string_equal(p.s.env.v[0], "A=1");
	assert_string_equal(p.s.env.v[1], "B=2");
	assert_int_equal(p.s.gids.n, 2);
	assert_int_equal(p.s.gids.v[1], 8);
	assert_int_equal(p.args.n, 2);
	assert_string_equal(p.args.v[1], "-");
	arena_free(&p.arena);
}

static void what_is_not_given(void **state)
{
	struct parsed p;

	(void)state;
	parse_with(&table, &p, "-a=false");
	assert_int_equal(p.r, 0);
	assert_false(p.s.all || p.s.idle.set || p.s.memory.set || p.s.shares.set);
	assert_null(p.s.bundle);
	assert_int_equal(p.s.interval_ms, 5000);
	assert_int_equal(p.s.env.n + p.s.gids.n + p.args.n, 0);
	arena_free(&p.arena);
}

static void where_options_end(void **state)
{
	static const struct opt_table stops = { rows, sizeof rows / sizeof rows[0], true };
	struct parsed p;

	(void)state;
	parse_with(&stops, &p, "-a id ls -a -- --bundle");
	assert_int_equal(p.r, 0);
	assert_int_equal(p.args.n, 5);
	assert_string_equal(p.args.v[2], "-a");
	assert_string_equal(p.args.v[3], "--");
	arena_free(&p.arena);
	parse_with(&table, &p, "id -- -a");
	assert_int_equal(p.args.n, 2);
	assert_false(p.s.all);
	arena_free(&p.arena);
	parse_with(&table, &p, "id --help --nonsense");
	assert_int_equal(p.r, 0);
	assert_true(p.args.help);
	arena_free(&p.arena);
}

static void faults(void **state)
{
	static const struct {
		const char *line, *text;
	} cases[] = {
		{ "--nope id", "flag provided but not defined: -nope" },
		{ "-nope=1 id", "flag provided but not defined: -nope" },
		{ "--bund x", "flag provided but not defined: -bund" },
		{ "id --bundle", "flag needs an argument: -bundle" },
		{ "--all=maybe", "invalid boolean value \"maybe\" for -all: parse error" },
		{ "--preserve-fds=x", "invalid value \"x\" for flag -preserve-fds: parse error" },
		{ "--preserve-fds=-1", "invalid value \"-1\" for flag -preserve-fds: parse error" },
		{ "--memory 1x", "invalid value \"1x\" for flag -memory: parse error" },
		{ "-g 4294967296",
		  "invalid value \"4294967296\" for flag -g: parse error" },
		{ "---all", "bad flag syntax: ---all" },
		{ "--=x", "bad flag syntax: --=x" },
	};
	struct parsed p;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		parse_with(&table, &p, cases[i].line);
		assert_int_equal(p.r, -EINVAL);
		assert_string_equal(p.e.text, cases[i].text);
		arena_free(&p.arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms_of_one_option),
		cmocka_unit_test(every_type),
		cmocka_unit_test(what_is_not_given),
		cmocka_unit_test(where_options_end),
		cmocka_unit_test(faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
