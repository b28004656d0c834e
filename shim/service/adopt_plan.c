/* SPDX-License-Identifier: Apache-2.0 */
/* adopt_plan: see adopt_plan.h. */
#include "service/adopt_plan.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/io.h"
#include "plan.h"
#include "service/files.h"

#define PLAN_MAX_BYTES ((size_t)1 << 20)

struct plan *plan_new(struct arena *a)
{
	struct plan *p = arena_alloc(a, sizeof *p);

	if (!p)
		return NULL;
	p->arena = a;
	p->flags = arena_alloc(a, sizeof *p->flags);
	return p->flags ? p : NULL;
}

/* What a later version has written would make members that are not as they were. */
static int refuse(const char *kind, const char *name, struct err *e)
{
	return err_msg(e, EBADMSG, SERVICE_FILE ": the %s \"%s\" is not known to this hart", kind, name);
}

static char *or_empty(char *text)
{
	return text ? text : (char *)"";
}

static int take_flag(struct plan *p, const struct plan_pair *pair, struct err *e)
{
	size_t i = 0;

	while (i < POLICY_KEYS && strcmp(policy_rows[i].name, pair->name))
		i++;
	if (i == POLICY_KEYS)
		return refuse("flag", pair->name, e);
	struct policy_values *v = &p->flags->values[i];
	v->v = arena_grow(p->arena, v->v, v->n, sizeof *v->v);
	if (!v->v)
		return err_set(e, ENOMEM, "read " SERVICE_FILE);
	v->v[v->n++] = or_empty(pair->value);
	return 0;
}

static int take_option(struct plan *p, const struct plan_pair *pair, struct err *e)
{
	if (!strcmp(pair->name, PLAN_OPTION_BUNDLE))
		p->bundle = pair->value;
	else if (!strcmp(pair->name, PLAN_OPTION_OVERLAY))
		p->overlay = or_empty(pair->value);
	else if (!strcmp(pair->name, PLAN_OPTION_NO_PIVOT))
		p->no_pivot = true;
	else if (!strcmp(pair->name, PLAN_OPTION_NO_NEW_KEYRING))
		p->no_new_keyring = true;
	else
		return refuse("option", pair->name, e);
	return 0;
}

static int take_members(struct plan *p, const struct plan_rows *rows, struct err *e)
{
	if (!rows->members.n || rows->members.n > MACHINE_MEMBERS_MAX)
		return err_msg(e, EBADMSG, SERVICE_FILE ": %zu members", rows->members.n);
	for (size_t i = 0; i < rows->members.n; i++) {
		const struct plan_member_row *m = &rows->members.v[i];
		p->members[p->n_members++] = (struct plan_member){
			.name = m->name,
			.dir = or_empty(m->dir),
			.gone = m->gone && !strcmp(m->gone, "gone"),
		};
	}
	return 0;
}

static int adopt_plan_take(struct plan *p, const struct plan_rows *rows, struct err *e)
{
	int r = take_members(p, rows, e);

	for (size_t i = 0; r >= 0 && i < rows->flags.n; i++)
		r = take_flag(p, &rows->flags.v[i], e);
	for (size_t i = 0; r >= 0 && i < rows->options.n; i++)
		r = take_option(p, &rows->options.v[i], e);
	p->roles = rows->roles.v;
	p->n_roles = rows->roles.n;
	return r;
}

int plan_read(struct plan *p, int dir_fd, struct err *e)
{
	struct plan_rows rows;
	char *text;
	size_t len;
	int r = io_read_file(p->arena, dir_fd, SERVICE_FILE, PLAN_MAX_BYTES, &text, &len, e);

	if (r < 0)
		return r;
	r = plan_decode(p->arena, text, len, &rows, e);
	if (r == -EINVAL) {
		e->code = EBADMSG;
		return -EBADMSG;
	}
	return r < 0 ? r : adopt_plan_take(p, &rows, e);
}

int plan_role(const struct plan *p, const char *role)
{
	for (size_t k = 0; k < p->n_roles; k++)
		for (int i = 0; i < p->n_members && !strcmp(p->roles[k].name, role); i++)
			if (p->roles[k].value && !strcmp(p->members[i].name, p->roles[k].value))
				return i;
	return -1;
}
