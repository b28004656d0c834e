/* SPDX-License-Identifier: Apache-2.0 */
/*
 * adopt_plan: service.json (plan.h of spec, service/save_plan.h writes it) as adopt reads it: the policy's flags, the options that
 * members are made with, the members and which of them play a part in an upgrade.
 */
#pragma once

#include "machine/machine.h"
#include "policy/policy.h"

#define PLAN_OPTION_BUNDLE "bundle"
#define PLAN_OPTION_OVERLAY "overlay"
#define PLAN_OPTION_NO_PIVOT "no-pivot"
#define PLAN_OPTION_NO_NEW_KEYRING "no-new-keyring"

struct arena;
struct err;

struct plan_pair;

struct plan {
	struct arena *arena;
	struct policy_flags *flags;
	struct plan_member {
		const char *name, *dir; /* of the primary's bundle: "" */
		bool gone;
	} members[MACHINE_MEMBERS_MAX];
	int n_members;
	const struct plan_pair *roles;
	size_t n_roles;
	/* Options of `run` that are no policy: members are made with them. */
	const char *bundle, *overlay; /* the bundle that the service was started with */
	bool no_pivot, no_new_keyring;
};

/* An empty one in the arena; NULL: no memory. */
struct plan *plan_new(struct arena *a);

/* Fills it from service.json below dir_fd. -EBADMSG: that is not a service's. */
int plan_read(struct plan *p, int dir_fd, struct err *e);

/* The index of the role's member; -1: it has none. */
int plan_role(const struct plan *p, const char *role);
