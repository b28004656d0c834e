/* SPDX-License-Identifier: Apache-2.0 */
/* opt: see opt.h. Knows no command. */
#include "opt.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/io.h"
#include "base/quantity.h"

/* Go's strconv.ParseBool, which runc's callers write for. */
static bool parse_bool(const char *s, bool *ret)
{
	static const char *const yes[] = { "1", "t", "T", "true", "TRUE", "True" };
	static const char *const no[] = { "0", "f", "F", "false", "FALSE", "False" };

	for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
		if (!strcmp(s, yes[i]) || !strcmp(s, no[i])) {
			*ret = !strcmp(s, yes[i]);
			return true;
		}
	}
	return false;
}

/* As quantity_bytes, and "-1": no limit. */
static bool parse_bytes(const char *s, int64_t *ret_bytes)
{
	if (strcmp(s, "-1") != 0)
		return quantity_bytes(s, ret_bytes);
	*ret_bytes = -1;
	return true;
}

static bool put_list(struct opt_list *l, struct arena *a, const char *value)
{
	char **v = arena_grow(a, l->v, l->n, sizeof *v);

	if (!v)
		return false;
	l->v = v;
	/* Argument vectors are handed on as char *; nobody writes to them. */
	v[l->n++] = (char *)(uintptr_t)value;
	return true;
}

static bool put_u32(struct opt_u32_list *l, struct arena *a, uint32_t value)
{
	uint32_t *v = arena_grow(a, l->v, l->n, sizeof *v);

	if (!v)
		return false;
	l->v = v;
	v[l->n++] = value;
	return true;
}

/* Parses `value` into the row's member: 0, EINVAL or ENOMEM. */
static int store(const struct opt_row *row, void *opts, struct arena *a, const char *value)
{
	void *at = (char *)opts + row->offset;
	bool ok = true;
	unsigned u32 = 0;
	long long i64 = 0;
	unsigned long long u64 = 0;

	switch ((enum opt_type)row->type) {
	case OPT_TYPE_FLAG:
		ok = parse_bool(value, at);
		break;
	case OPT_TYPE_STRING:
		*(const char **)at = value;
		break;
	case OPT_TYPE_UINT:
		ok = io_parse_u32(value, at);
		break;
	case OPT_TYPE_I64:
		ok = io_parse_i64(value, &i64);
		*(struct opt_i64 *)at = (struct opt_i64){ .set = true, .v = i64 };
		break;
	case OPT_TYPE_U64:
		ok = io_parse_u64(value, &u64);
		*(struct opt_u64 *)at = (struct opt_u64){ .set = true, .v = u64 };
		break;
	case OPT_TYPE_BYTES:
		((struct opt_i64 *)at)->set = true;
		ok = parse_bytes(value, &((struct opt_i64 *)at)->v);
		break;
	case OPT_TYPE_DURATION:
		ok = quantity_duration(value, at);
		break;
	case OPT_TYPE_LIST:
		return put_list(at, a, value) ? 0 : ENOMEM;
	case OPT_TYPE_U32_LIST:
		ok = io_parse_u32(value, &u32);
		if (ok && !put_u32(at, a, u32))
			return ENOMEM;
		break;
	}
	return ok ? 0 : EINVAL;
}

static int store_or_err(const struct opt_row *row, void *opts, struct arena *a, const char *name,
			const char *value, struct err *e)
{
	int r = store(row, opts, a, value);

	if (r == ENOMEM)
		return err_set(e, ENOMEM, "parse option -%s", name);
	if (r && row->type == OPT_TYPE_FLAG)
		return err_msg(e, EINVAL, "invalid boolean value \"%s\" for -%s: parse error",
			       value, name);
	if (r)
		return err_msg(e, EINVAL, "invalid value \"%s\" for flag -%s: parse error", value,
			       name);
	return 0;
}

static const struct opt_row *find_row(const struct opt_table *t, const char *name, size_t len)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct opt_row *row = &t->rows[i];
		if (len == 1 && row->alias == name[0])
			return row;
		if (!strncmp(row->name, name, len) && !row->name[len])
			return row;
	}
	return NULL;
}

/* One option, the word before `*rest`, which ends behind the last word that it used. */
static int parse_option(const struct opt_table *t, void *opts, struct arena *a, char *const **rest, bool *ret_help,
			struct err *e)
{
	const char *word = (*rest)[-1];
	const char *name = word + (word[1] == '-' ? 2 : 1);
	size_t len = strcspn(name, "=");
	const char *value = name[len] ? name + len + 1 : NULL;

	if (!len || *name == '-')
		return err_msg(e, EINVAL, "bad flag syntax: %s", word);
	const struct opt_row *row = find_row(t, name, len);
	if (!row && ((len == 4 && !strncmp(name, "help", 4)) || (len == 1 && *name == 'h'))) {
		*ret_help = true;
		return 0;
	}
	char *shown = arena_strndup(a, name, len);
	if (!shown)
		return err_set(e, ENOMEM, "parse %s", word);
	if (!row)
		return err_msg(e, EINVAL, "flag provided but not defined: -%s", shown);
	if (!value && row->type == OPT_TYPE_FLAG)
		value = "true";
	if (!value && **rest)
		value = *(*rest)++;
	if (!value)
		return err_msg(e, EINVAL, "flag needs an argument: -%s", shown);
	return store_or_err(row, opts, a, shown, value, e);
}

static int store_initial(const struct opt_table *t, void *opts, struct arena *a, struct err *e)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct opt_row *row = &t->rows[i];
		if (!row->initial)
			continue;
		int r = store_or_err(row, opts, a, row->name, row->initial, e);
		if (r < 0)
			return r;
	}
	return 0;
}

int opt_parse(const struct opt_table *t, void *opts, struct arena *a, char *const *argv, struct opt_args *ret,
	      struct err *e)
{
	bool ended = false;
	size_t n = 0;
	int r = store_initial(t, opts, a, e);

	while (argv[n])
		n++;
	*ret = (struct opt_args){ .v = arena_calloc(a, n + 1, sizeof *ret->v) };
	if (!ret->v)
		return err_set(e, ENOMEM, "parse the command line");
	for (char *const *rest = argv; r >= 0 && *rest && !ret->help;) {
		char *word = *rest++;
		/* A lone "-" is an argument: standard input. */
		bool option = !ended && word[0] == '-' && word[1];
		if (option && !strcmp(word, "--")) {
			ended = true;
		} else if (option) {
			r = parse_option(t, opts, a, &rest, &ret->help, e);
		} else {
			ret->v[ret->n++] = word;
			ended |= t->stop_at_args;
		}
	}
	return r;
}
