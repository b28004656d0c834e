/* SPDX-License-Identifier: Apache-2.0 */
/*
 * opt: command lines as tables of rows. One row an option drives parsing, --help, the shell
 * completions and the man page. A command's options are a plain structure of its own; rows say
 * where in it each value goes, and the row macros check the member's type.
 *
 * Syntax, as runc's callers write it: "--opt VALUE", "--opt=VALUE", "-opt VALUE", "-opt=VALUE",
 * one-letter aliases, "--flag=true|false", options before and after the arguments, "--" ends them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci.h" /* opt_i64, opt_u64 */

struct arena;
struct err;

enum opt_type {
	OPT_TYPE_FLAG,     /* bool */
	OPT_TYPE_STRING,   /* const char *; NULL = not given */
	OPT_TYPE_UINT,     /* unsigned */
	OPT_TYPE_I64,      /* struct opt_i64 */
	OPT_TYPE_U64,      /* struct opt_u64 */
	OPT_TYPE_BYTES,    /* struct opt_i64: "1048576", "512M", "1.5g" (powers of 1024), "-1" */
	OPT_TYPE_DURATION, /* uint64_t milliseconds: "250ms", "5s", "1m30s", "1.5h" */
	OPT_TYPE_LIST,     /* struct opt_list, one item each time it is given */
	OPT_TYPE_U32_LIST, /* struct opt_u32_list, the same */
};

struct opt_list {
	char **v;
	size_t n;
};

struct opt_u32_list {
	uint32_t *v;
	size_t n;
};

enum opt_complete { OPT_ANY, OPT_FILE, OPT_DIR }; /* what shells offer as the value */

struct opt_row {
	const char *name; /* without dashes */
	const char *metavar; /* NULL for flags */
	const char *doc; /* a phrase; NULL: accepted, but not shown */
	const char *initial; /* the value when not given, parsed like one; NULL = zero */
	uint16_t offset;
	uint8_t type; /* enum opt_type */
	uint8_t complete; /* enum opt_complete */
	char alias; /* 0 = none */
};

/* offsetof with the member's type checked at compile time */
#define OPT_AT(s, m, T)                                                                           \
	(offsetof(s, m) +                                                                         \
	 0 * sizeof(char[__builtin_types_compatible_p(__typeof__(((s *)0)->m), T) ? 1 : -1]))

#define OPT_FLAG(s, m, name_, alias_, doc_)                                                       \
	{ .name = name_, .alias = alias_, .doc = doc_, .type = OPT_TYPE_FLAG,                     \
	  .offset = OPT_AT(s, m, bool) }
/* A value of any other kind. T is a struct or base type of enum opt_type's list; further
 * designated initialisers (.initial, .complete) may follow the doc. */
#define OPT_VALUE(s, m, T, type_, name_, alias_, metavar_, ...)                                   \
	{ .name = name_, .alias = alias_, .metavar = metavar_, .type = type_,                     \
	  .offset = OPT_AT(s, m, T), .doc = __VA_ARGS__ }
#define OPT_STRING(s, m, ...) OPT_VALUE(s, m, const char *, OPT_TYPE_STRING, __VA_ARGS__)
#define OPT_UINT(s, m, ...) OPT_VALUE(s, m, unsigned, OPT_TYPE_UINT, __VA_ARGS__)
#define OPT_I64(s, m, ...) OPT_VALUE(s, m, struct opt_i64, OPT_TYPE_I64, __VA_ARGS__)
#define OPT_U64(s, m, ...) OPT_VALUE(s, m, struct opt_u64, OPT_TYPE_U64, __VA_ARGS__)
#define OPT_BYTES(s, m, ...) OPT_VALUE(s, m, struct opt_i64, OPT_TYPE_BYTES, __VA_ARGS__)
#define OPT_DURATION(s, m, ...) OPT_VALUE(s, m, uint64_t, OPT_TYPE_DURATION, __VA_ARGS__)
#define OPT_LIST(s, m, ...) OPT_VALUE(s, m, struct opt_list, OPT_TYPE_LIST, __VA_ARGS__)
#define OPT_U32_LIST(s, m, ...)                                                                   \
	OPT_VALUE(s, m, struct opt_u32_list, OPT_TYPE_U32_LIST, __VA_ARGS__)

struct opt_table {
	const struct opt_row *rows;
	size_t n;
	bool stop_at_args; /* the first argument ends the options: the rest is a program's */
};

/* What is left beside the options. */
struct opt_args {
	char **v; /* in the arena, NULL-terminated; the strings are argv's */
	size_t n;
	bool help; /* --help or -h was among the options; parsing stopped there */
};

/*
 * Parses argv up to its NULL (without the program's or command's name) into `opts`, a zeroed structure
 * that the rows describe. Strings point into argv, lists are in `a`. An option given twice: the
 * last one counts, lists grow. -EINVAL names the option, in the words of runc's parser.
 */
int opt_parse(const struct opt_table *t, void *opts, struct arena *a, char *const *argv, struct opt_args *ret,
	      struct err *e);
