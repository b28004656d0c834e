/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_runtime: container.h, and service/api.h (fake_service.c), for tests of the command line. Nothing is run:
 * each call is noted, and the test says how it ends. IDs with a meaning: "none" does not exist, "broken" cannot be read,
 * "done" is stopped, "odd" has no status, "noted" has an annotation.
 */
#pragma once

struct fake {
	char text[1024]; /* "call arguments", calls separated by "; " */
	int fail; /* errno that the next call fails with */
	int status; /* of run and exec */
	unsigned taken; /* how many of the next IDs turn out to be taken */
	const char *input; /* what hart reads from stdin */
	unsigned sealed; /* calls of seal_self */
	const char *const *ids; /* of the containers that there are, NULL-terminated */
};

struct fake *fake(void);

/* Runs "hart LINE" in the temporary folder; returns the exit status. hart_output() is what it
 * wrote to stdout and stderr. */
int hart(const char *line);
const char *hart_output(void);

/* cmocka group setup and teardown: a folder with bundle/config.json (empty) and state/. */
int fake_make_folder(void **state);
int fake_remove_folder(void **state);
const char *fake_folder(void);

/* For the calls themselves. */
struct create_opts;
struct err;
void fake_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void fake_note_create(const char *call, const struct create_opts *o);
/* What the test wants of the next call. */
int fake_result(struct err *e);
int fake_create_result(const struct create_opts *o, struct err *e);
