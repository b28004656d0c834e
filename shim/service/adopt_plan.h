/*
 * adopt_plan: service.json (service/state.c writes it) as adopt reads it: the policy's flags, the options that
 * members are made with, the members and which of them play a part in an upgrade.
 */
#pragma once

#include "machine/machine.h"
#include "policy/policy.h"

#define PLAN_ROLES 3
#define PLAN_OPTION_BUNDLE "bundle"
#define PLAN_OPTION_OVERLAY "overlay"
#define PLAN_OPTION_NO_PIVOT "no-pivot"
#define PLAN_OPTION_NO_NEW_KEYRING "no-new-keyring"

struct arena;
struct err;

struct plan {
	struct arena *arena;
	struct policy_flags *flags;
	char list[16], item[3][4096]; /* the row that is being read */
	unsigned n_items, depth;
	struct plan_member {
		char *name, *dir; /* of the primary's bundle: "" */
		bool gone;
	} members[MACHINE_MEMBERS_MAX];
	int n_members;
	struct {
		char *role, *name;
	} roles[PLAN_ROLES];
	unsigned n_roles;
	/* Options of `run` that are no policy: what members are made with. */
	const char *bundle, *overlay; /* the bundle that the service was started with */
	bool no_pivot, no_new_keyring;
	bool failed;
};

/* An empty one in the arena; NULL: no memory. */
struct plan *plan_new(struct arena *a);

/* Fills it from service.json below dir_fd. -EBADMSG: that is not a service's. */
int plan_read(struct plan *p, int dir_fd, struct err *e);

/* The index of the role's member; -1: it has none. */
int plan_role(const struct plan *p, const char *role);
