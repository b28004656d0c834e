/* service/plan: writes service.json (plan.h of spec): with what the service was started, and whom it has. */
#include "plan.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "service/adopt_plan.h"
#include "service/parts.h"

#define OPTIONS_MAX 4
#define ROLES_MAX 3

/* Or will be as soon as it has ended. */
static bool is_gone(const struct service *s, int i)
{
	return s->machine.members[i].state == MEMBER_GONE || s->machine.members[i].retired;
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

static size_t put_roles(const struct service *s, struct plan_pair *at)
{
	const struct {
		const char *role;
		int member;
	} roles[ROLES_MAX] = {
		{ "primary", s->machine.primary },
		{ "upgraded", s->machine.upgraded },
		{ "replaced", s->machine.replaced },
	};
	size_t n = 0;

	for (size_t i = 0; i < ROLES_MAX; i++)
		n += put_pair(at + n, roles[i].role, roles[i].member < 0 ? NULL : s->members[roles[i].member].name);
	return n;
}

static size_t put_members(const struct service *s, struct plan_member_row *at)
{
	for (int i = 0; i < s->machine.n_members; i++)
		at[i] = (struct plan_member_row){
			.name = (char *)s->members[i].name,
			.dir = s->members[i].dir,
			.gone = is_gone(s, i) ? (char *)"gone" : NULL,
		};
	return (size_t)s->machine.n_members;
}

uint64_t service_plan_now(const struct service *s)
{
	const struct machine *m = &s->machine;
	uint64_t gone = 0;

	for (int i = 0; i < m->n_members; i++)
		gone |= (uint64_t)is_gone(s, i) << i;
	return 1 + (gone << 32 | (uint64_t)(m->n_members << 24 | m->primary << 16 | (m->upgraded + 1) << 8 |
					    (m->replaced + 1)));
}

int service_save_plan(struct service *s, struct err *e)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct plan_pair options[OPTIONS_MAX], roles[ROLES_MAX];
	struct plan_member_row members[MACHINE_MEMBERS_MAX];
	struct plan_rows p = {
		.options = { options, put_options(&s->made, options) },
		.roles = { roles, put_roles(s, roles) },
		.members = { members, put_members(s, members) },
	};
	int r = put_flags(&a, s->made.flags, &p, e);

	s->saving.plan = service_plan_now(s);
	if (r >= 0)
		r = plan_encode(&p, &out, e);
	return r < 0 ? r : record_replace_file(&s->record, s->container.dir_fd, SERVICE_FILE, out.data, out.len, e);
}
