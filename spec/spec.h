/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spec: loading and checking of documents. The entry point for runtime/, shim/ and the CLI.
 */
#pragma once

#include <stddef.h>

#include "oci.h"

struct arena;
struct buf;
struct err;

#define SPEC_MAX_BYTES ((size_t)16 << 20)
#define SPEC_MAX_DEPTH 64

/* A fault found in a document, by JSON path: "/linux/resources/memory/limit: expected integer". */
struct spec_fault {
	char *path;
	char *text;
	int line, column; /* 1-based; 0 = not tied to a place */
};

struct spec_faults {
	struct spec_fault *v;
	size_t n;
	struct arena *arena; /* where faults are kept; must be set */
};

/*
 * Decodes and validates config.json text. With `faults` NULL the first fault becomes `e` as
 * "config.json:LINE:COLUMN: PATH: TEXT" (-EINVAL); otherwise all faults are collected and the
 * result is -EINVAL when there is any. *ret lives in `a`.
 */
int spec_load_config(struct arena *a, const char *json, size_t len, struct oci_config **ret,
		     struct spec_faults *faults, struct err *e);

/* The same for a process object (exec --process) and a resources object (update -r). */
int spec_load_process(struct arena *a, const char *json, size_t len, struct oci_process **ret,
		      struct err *e);
int spec_load_resources(struct arena *a, const char *json, size_t len,
			struct oci_resources **ret, struct err *e);

/* What `hart spec` is asked for. Strings are borrowed. */
struct spec_wish {
	bool rootless; /* for the user with this uid and gid */
	uint32_t uid, gid;
	bool host_network, writable;
	char **args; /* NULL-terminated: run without a terminal; NULL: a shell on one */
	char **env; /* NAME=VALUE, each in place of the one with its name */
	size_t n_env;
};

/* Writes the document `hart spec` prints: a config.json that runs. Ends with a newline. */
int spec_write_default(struct buf *out, const struct spec_wish *wish, struct err *e);

/* Documents every member of config.json and then hart's annotations, as "text", "markdown" or "man"
 * (roff); "dictionary": the words, for a fuzzer. -EINVAL for another format. */
int spec_write_doc(struct buf *out, const char *format, struct err *e);
