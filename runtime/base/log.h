/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log: where `--log`, `--log-format` and `--debug` go. Only the CLI's main, the shim's loop and
 * log_debug call it; everything else returns errors.
 * Formats are those callers parse: text `time="…" level=error msg="…"`, json
 * `{"level":"error","msg":"…","time":"…"}` with RFC 3339 times.
 */
#pragma once

#include <stdbool.h>

struct err;

enum log_level { LOG_DEBUG_, LOG_INFO_, LOG_WARN_, LOG_ERROR_ };
enum log_format { LOG_TEXT, LOG_JSON };

/* Sends records to `path` (opened with O_APPEND|O_CREAT|O_NONBLOCK, 0644; it may be a fifo);
 * NULL: stderr. May be called again. */
int log_open(const char *path, enum log_format format, bool debug, struct err *e);

/* Where records go: a descriptor. */
int log_fd(void);

/* True when records go to a file, so that the caller also prints the plain error line on stderr. */
bool log_to_file(void);

/* From now on, or no longer, a record for which there is no room is left out: whoever reads it may have stopped to. */
void log_never_waits(bool on);

void log_write(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_debug(...) log_write(LOG_DEBUG_, __VA_ARGS__)
#define log_warn(...) log_write(LOG_WARN_, __VA_ARGS__)
#define log_error(...) log_write(LOG_ERROR_, __VA_ARGS__)
