/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hooks: running the programs of config.md "POSIX-platform Hooks".
 */
#pragma once

#include <stddef.h>

#include "oci.h"

struct err;

/*
 * Runs each of `hooks` in order and waits for it: path, args (default: the path), env (default:
 * ours, as with runc), `json` of `len` bytes on stdin, the caller's working directory, namespaces
 * and root; after `timeout` seconds it is killed. No descriptor but 0, 1, 2 reaches a hook. What it
 * writes to stdout and stderr is kept aside, so that it can neither mix with the container's output
 * nor hold a caller's pipe open; its tail is shown when the hook fails.
 * The first that fails ends it. The error has `name` ("createRuntime"), the hook's index and path,
 * and how it ended: -ETIMEDOUT, the errno of execve(2), or -EIO for a status that is not 0.
 */
int hooks_run(const oci_hook_list *hooks, const char *json, size_t len, const char *name,
	      struct err *e);

/* How the hooks of init are run. */
struct hooks_how {
	char *const *env; /* of hooks that name none */
	/* What each hook's task does to itself before it executes the program: in our memory, as vfork's child;
	 * or NULL. Programs of the image are no more to be trusted than the container's own. */
	int (*confine)(void *arg, struct err *e);
	void *arg;
};

int hooks_run_as(const oci_hook_list *hooks, const char *json, size_t len, const char *name,
		 const struct hooks_how *how, struct err *e);
