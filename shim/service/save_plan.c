/* SPDX-License-Identifier: Apache-2.0 */
/* save_plan: see save_plan.h. */
#include "service/save_plan.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "machine/machine.h"
#include "plan.h"
#include "policy/policy.h"
#include "service/adopt_plan.h"
#include "service/files.h"
#include "service/made.h"
#include "service/member.h"

#define OPTIONS_MAX 4
#define ROLES_MAX 3

/* Or will be as soon as it has ended. */
static bool is_gone(const struct machine *m, int i)
{
	return m->members[i].state == MEMBER_GONE || m->members[i].retired;
}

static int put_flags(struct arena *a, const struct policy_flags *flags, struct plan_rows *p, struct err *e)
{
	for (size_t i = 0; flags && i < POLICY_KEYS; i++)
		for (size_t k = 0; k < flags->values[i].n; k++) {
			p->flags.v = arena_grow(a, p->flags.v, p->flags.n, sizeof *p->flags.v);
			if (!p->flags.v)
				return err_set(e, ENOMEM, "write " SERVICE_FILE);
			p->flags.v[p->flags.n++] = (struct plan_pair){ (char *)policy_rows[i].name, flags->values[i].v[k] };
		}
	return 0;
}

static size_t put_pair(struct plan_pair *at, const char *name, const char *value)
{
	if (!value)
		return 0;
	*at = (struct plan_pair){ (char *)name, (char *)value };
	return 1;
}

static size_t put_options(const struct service_made *made, struct plan_pair *at)
{
	const struct create_opts *c = &made->create;
	size_t n = put_pair(at, PLAN_OPTION_BUNDLE, made->bundle);

	n += put_pair(at + n, PLAN_OPTION_OVERLAY, c->overlay);
	n += put_pair(at + n, PLAN_OPTION_NO_PIVOT, c->no_pivot ? "" : NULL);
	return n + put_pair(at + n, PLAN_OPTION_NO_NEW_KEYRING, c->no_new_keyring ? "" : NULL);
}

static size_t put_roles(const struct machine *m, const struct member *members, struct plan_pair *at)
{
	const struct {
		const char *role;
		int member;
	} roles[ROLES_MAX] = {
		{ "primary", m->primary },
		{ "upgraded", m->upgraded },
		{ "replaced", m->replaced },
	};
	size_t n = 0;

	for (size_t i = 0; i < ROLES_MAX; i++)
		n += put_pair(at + n, roles[i].role, roles[i].member < 0 ? NULL : members[roles[i].member].name);
	return n;
}

static size_t put_members(const struct machine *m, const struct member *members, struct plan_member_row *at)
{
	for (int i = 0; i < m->n_members; i++)
		at[i] = (struct plan_member_row){
			.name = (char *)members[i].name,
			.dir = members[i].dir,
			.gone = is_gone(m, i) ? (char *)"gone" : NULL,
		};
	return (size_t)m->n_members;
}

uint64_t save_plan_number(const struct machine *m)
{
	uint64_t gone = 0;

	for (int i = 0; i < m->n_members; i++)
		gone |= (uint64_t)is_gone(m, i) << i;
	return 1 + (gone << 32 | (uint64_t)(m->n_members << 24 | m->primary << 16 | (m->upgraded + 1) << 8 |
					    (m->replaced + 1)));
}

int save_plan_encode(const struct service_made *made, const struct machine *m, const struct member *members, struct buf *out,
		     struct err *e)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct plan_pair options[OPTIONS_MAX], roles[ROLES_MAX];
	struct plan_member_row rows[MACHINE_MEMBERS_MAX];
	struct plan_rows p = {
		.options = { options, put_options(made, options) },
		.roles = { roles, put_roles(m, members, roles) },
		.members = { rows, put_members(m, members, rows) },
	};
	int r = put_flags(&a, made->flags, &p, e);

	return r < 0 ? r : plan_encode(&p, out, e);
}
