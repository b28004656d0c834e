/* adopt_plan: see adopt_plan.h. */
#include "service/adopt_plan.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/io.h"
#include "json.h"
#include "service/service.h"

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

static void take_flag(struct plan *p)
{
	for (size_t i = 0; i < POLICY_KEYS; i++) {
		struct policy_values *v = &p->flags->values[i];
		if (strcmp(policy_rows[i].name, p->item[0]))
			continue;
		v->v = arena_grow(p->arena, v->v, v->n, sizeof *v->v);
		char *copy = arena_strdup(p->arena, p->item[1]);
		if (v->v && copy)
			v->v[v->n++] = copy;
		else
			p->failed = true;
	}
}

static void take_member(struct plan *p)
{
	if (p->n_members == MACHINE_MEMBERS_MAX) {
		p->failed = true;
		return;
	}
	struct plan_member *m = &p->members[p->n_members++];
	m->name = arena_strdup(p->arena, p->item[0]);
	m->dir = arena_strdup(p->arena, p->item[1]);
	m->gone = p->n_items > 2 && !strcmp(p->item[2], "gone");
	p->failed |= !m->name || !m->dir;
}

static void take_role(struct plan *p)
{
	if (p->n_roles == PLAN_ROLES)
		return;
	p->roles[p->n_roles].role = arena_strdup(p->arena, p->item[0]);
	p->roles[p->n_roles].name = arena_strdup(p->arena, p->item[1]);
	p->failed |= !p->roles[p->n_roles].role || !p->roles[p->n_roles].name;
	p->n_roles++;
}

/* One of a later version would make members that are not as they were. */
static void take_option(struct plan *p)
{
	if (!strcmp(p->item[0], PLAN_OPTION_BUNDLE)) {
		p->bundle = arena_strdup(p->arena, p->item[1]);
		p->failed |= !p->bundle;
	} else if (!strcmp(p->item[0], PLAN_OPTION_OVERLAY)) {
		p->overlay = arena_strdup(p->arena, p->item[1]);
		p->failed |= !p->overlay;
	} else if (!strcmp(p->item[0], PLAN_OPTION_NO_PIVOT)) {
		p->no_pivot = true;
	} else if (!strcmp(p->item[0], PLAN_OPTION_NO_NEW_KEYRING)) {
		p->no_new_keyring = true;
	} else {
		p->failed = true;
	}
}

static int on_event(void *ctx, struct json_reader *r, const struct json_event *ev)
{
	struct plan *p = ctx;

	(void)r;
	if (ev->type == JSON_KEY) {
		snprintf(p->list, sizeof p->list, "%.*s", (int)ev->len, ev->text);
	} else if (ev->type == JSON_OBJECT || ev->type == JSON_ARRAY) {
		p->depth++;
		p->n_items = 0;
	} else if (ev->type == JSON_STRING && p->n_items < 3) {
		snprintf(p->item[p->n_items++], sizeof p->item[0], "%.*s", (int)ev->len, ev->text);
	} else if (ev->type == JSON_END && p->depth-- == 3) {
		if (!strcmp(p->list, "flags"))
			take_flag(p);
		else if (!strcmp(p->list, "roles"))
			take_role(p);
		else if (!strcmp(p->list, "options"))
			take_option(p);
		else
			take_member(p);
	}
	return 0;
}

int plan_read(struct plan *p, int dir_fd, struct err *e)
{
	struct json_fault fault = { 0 };
	char *text;
	size_t len;
	int r = io_read_file(p->arena, dir_fd, SERVICE_FILE, PLAN_MAX_BYTES, &text, &len, e);

	if (r >= 0 && json_read(text, len, on_event, p, &fault) < 0)
		r = err_msg(e, EBADMSG, SERVICE_FILE ": %s", fault.text);
	if (r >= 0 && (p->failed || !p->n_members))
		r = err_msg(e, EBADMSG, SERVICE_FILE ": not a service's");
	return r;
}

int plan_role(const struct plan *p, const char *role)
{
	for (unsigned k = 0; k < p->n_roles; k++)
		for (int i = 0; i < p->n_members && !strcmp(p->roles[k].role, role); i++)
			if (!strcmp(p->members[i].name, p->roles[k].name))
				return i;
	return -1;
}
