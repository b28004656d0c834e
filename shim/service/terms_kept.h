/* SPDX-License-Identifier: Apache-2.0 */
/*
 * terms_kept: what a service was started with, read from its state folder, for those that find it without its shim: adopt and
 * delete.
 */
#pragma once

#include <stddef.h>

struct container;
struct err;
struct oci_config;
struct plan;
struct policy;

/* The primary's config.json; all of it in the plan's arena. */
struct terms_kept {
	struct oci_config *config;
	char *json;
	size_t len;
};

/* Reads config.json and service.json: `policy` is that of the annotations of the one below the flags of the other. `p` is
 * plan_new()'s; all memory is from its arena. */
int terms_kept_read(const struct container *c, struct plan *p, struct policy *policy, struct terms_kept *ret, struct err *e);

/* Removes the files of the service's unix sockets that nobody listens on any more. */
int service_forget_sockets(struct container *c, struct err *e);
