/*
 * hooks: running the programs of config.md "POSIX-platform Hooks".
 */
#pragma once

#include <stddef.h>

#include "oci.h"

struct err;

/*
 * Runs each of `hooks` in order and waits for it: path, args (default: the path), env exactly as
 * given (none: empty), `json` of `len` bytes on stdin, timeout in seconds (then it is killed). No
 * descriptor but 0, 1, 2 reaches a hook. The first that fails ends it: the error has `name`, the
 * hook's path and how it ended; its stderr is the caller's, so that operators see it.
 */
int hooks_run(const oci_hook_list *hooks, const char *json, size_t len, const char *name,
	      struct err *e);
