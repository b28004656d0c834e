/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault: where the faults of a document go. Either all of them into a list (`hart validate`) or the
 * first one into an error, as "config.json:LINE:COLUMN: PATH: TEXT".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct err;
struct spec_faults;

struct fault_sink {
	const char *name; /* what the document is called in messages */
	const char *text; /* the document */
	size_t len;
	struct arena *arena;        /* for what is decoded */
	struct spec_faults *faults; /* NULL: stop at the first */
	struct err *e;
	bool broken; /* the text is no JSON: what was decoded of it is not whole */
};

#define FAULT_NOWHERE ((size_t)-1)

/* A list ends here, its last entry saying that there may be more. */
#define FAULTS_MAX 100

/*
 * Notes a fault of the value at `path` (JSON pointer, "" = the document), found at that byte offset
 * of the text or FAULT_NOWHERE. Returns 0 when the caller may go on looking, otherwise -errno.
 */
int fault_add(struct fault_sink *s, size_t offset, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* The same with the place looked up in the text: the value at `path`, or what is there of its
 * parents. Slow; for faults alone. */
int fault_at(struct fault_sink *s, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* 0, or -EINVAL with `e` set when faults were collected. */
int fault_result(struct fault_sink *s);

/* Appends "/" and `token` to the path in `path`, with "~" and "/" escaped as RFC 6901 says.
 * Truncates what does not fit into `size` bytes. */
void fault_path_add(char *path, size_t size, const char *token, size_t len);

/* A path for fault_at, made in passing: fault_at(s, fault_path("/mounts/%zu", i).text, …). */
struct fault_path {
	char text[512];
};
struct fault_path fault_path(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The path of the entry `key` of the map at `map_path`. */
struct fault_path fault_key(const char *map_path, const char *key);
