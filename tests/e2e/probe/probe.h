/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe: the program that tests run inside containers, and beside them. `probe report` tells as
 * JSON what a process sees of itself; the other commands do one thing each. Static, so that it runs
 * in any rootfs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit status for a wrong command line. */
#define PROBE_USAGE 2

/* Commands: argv[0] is the command's name. They return the exit status. */
typedef int probe_fn(int argc, char **argv);

struct probe_command {
	const char *name;
	probe_fn *fn;
	int min_args; /* besides the name */
	const char *usage;
};

/* report.c: `report` writes to stdout. */
probe_fn probe_report;

/* Tables that end with a row without a name: act.c, try.c, attack.c, peek.c (inside), host.c, notify.c (outside). */
extern const struct probe_command probe_act[], probe_try[], probe_host[], probe_notify[], probe_attack[],
	probe_peek[];

/* Parts of the report, each writing one JSON value. */
void report_fds(void);
void report_mounts(void);
void report_devices(void);
void report_namespaces(void);
void report_caps(void);
void report_scheduling(void);

/* host.c: a listening unix stream socket; one descriptor and its message from a connection. */
int probe_listen(const char *path);
int probe_receive_fd(int conn, char *data, size_t size);

/* json.c: a writer for stdout that puts the commas by itself. `key` is NULL inside arrays. */
void json_open(const char *key, char bracket);
void json_close(char bracket);
void json_string(const char *key, const char *value); /* NULL becomes null */
void json_number(const char *key, long long value);
void json_bool(const char *key, bool value);
void json_format(const char *key, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* read.c: the whole of a small file without its last newline, NULL when it cannot be read. */
char *read_text(const char *path);
/* The target of a symlink, NULL on failure. */
char *read_target(const char *path);

/* "EPERM" for EPERM; "0" for 0. */
const char *errno_name(int errnum);

/* Parses a number, decimal or 0x…; ends the program with a message when it is none. */
long long parse_number(const char *text);
