/* SPDX-License-Identifier: Apache-2.0 */
/*
 * terms: on what terms a service is kept up: flags over the annotations of its bundle over what the host
 * says. Host paths in them are looked up once, here; from then on they are real paths (base/path.h), whoever named
 * them, and what is written down for adopt.
 */
#pragma once

#include "container.h"
#include "policy/policy.h"

struct service_terms {
	struct policy_flags flags; /* all that was asked for, wherever */
	struct policy policy;
	oci_strings warnings; /* annotations without effect that no person has typed who would see an error */
};

/* Memory from `a`. flags: NULL for an engine's, which has none. -EINVAL names a flag or an annotation; -EACCES one that hart.conf does
 * not allow; -ENOENT a standby that is not there. */
int service_terms(struct arena *a, const struct create_opts *o, const struct policy_flags *flags,
		  struct service_terms *ret, struct err *e);

/* Of annotations that nobody knows: a text each, memory from `a`. */
int terms_warnings(struct arena *a, const oci_map *annotations, oci_strings *ret, struct err *e);

struct service_look;

/* Of a plain container: -EINVAL names a flag or annotation that has no effect, as it makes no service of it or is unknown, when a
 * person has typed it (service_look of api.h); else that is logged. */
int terms_of_plain(const struct service_look *look, const oci_map *annotations, struct err *e);
