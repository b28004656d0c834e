/* SPDX-License-Identifier: Apache-2.0 */
/* merge: see merge.h. Both texts become trees in the arena; depth is bounded by the reader. */
#include "merge.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "json.h"
#include "spec.h"

struct node {
	enum json_type type; /* NULL, BOOL, NUMBER, STRING, OBJECT or ARRAY */
	bool on;
	char *key; /* member of an object */
	char *text; /* STRING, NUMBER */
	size_t len;
	struct node *first, *last, *next;
};

struct tree {
	struct arena *arena;
	struct node *stack[SPEC_MAX_DEPTH + 1];
	unsigned depth;
	struct node *root;
	char *key;
};

static int merge_add(struct tree *t, const struct json_event *ev)
{
	struct node *n = arena_alloc(t->arena, sizeof *n);

	if (!n)
		return -ENOMEM;
	n->type = ev->type;
	n->on = ev->on;
	n->key = t->key;
	t->key = NULL;
	if (ev->type == JSON_STRING || ev->type == JSON_NUMBER) {
		n->text = arena_strndup(t->arena, ev->text, ev->len);
		n->len = ev->len;
		if (!n->text)
			return -ENOMEM;
	}
	struct node *parent = t->depth ? t->stack[t->depth - 1] : NULL;
	if (!parent)
		t->root = n;
	else if (parent->last)
		parent->last = parent->last->next = n;
	else
		parent->first = parent->last = n;
	if (ev->type == JSON_OBJECT || ev->type == JSON_ARRAY)
		t->stack[t->depth++] = n;
	return 0;
}

static int on_merge_event(void *ctx, struct json_reader *r, const struct json_event *ev)
{
	struct tree *t = ctx;

	(void)r;
	if (ev->type == JSON_END) {
		t->depth--;
		return 0;
	}
	if (ev->type != JSON_KEY)
		return merge_add(t, ev);
	if (ev->duplicate)
		return -EEXIST;
	t->key = arena_strndup(t->arena, ev->text, ev->len);
	return t->key ? 0 : -ENOMEM;
}

static int merge_parse(struct arena *a, const char *what, const char *json, size_t len, struct node **ret,
		       struct err *e)
{
	struct tree t = { .arena = a };
	struct json_fault fault = { 0 };
	int r = json_read(json, len, on_merge_event, &t, &fault);

	if (r == -ENOMEM)
		return err_set(e, ENOMEM, "read the %s", what);
	if (r == -EEXIST)
		return err_msg(e, EINVAL, "%s: a key is there twice", what);
	if (r < 0) {
		struct json_place at = json_place(json, len, fault.offset);
		return err_msg(e, EINVAL, "%s:%d:%d: %s", what, at.line, at.column,
			       r == -EFBIG ? "longer than 16 MiB" : fault.text);
	}
	*ret = t.root;
	return 0;
}

static struct node **merge_find(struct node *object, const char *key)
{
	struct node **at = &object->first;

	while (*at && strcmp((*at)->key, key))
		at = &(*at)->next;
	return at;
}

/* MergePatch of RFC 7396, section 2; `target` may be NULL. */
static struct node *merge(struct node *target, struct node *patch)
{
	if (patch->type != JSON_OBJECT)
		return patch;
	/* A patch that meets no object makes one: what is left of itself without the nulls. */
	struct node *result = target && target->type == JSON_OBJECT ? target : NULL;
	struct node *members = patch->first;
	if (!result) {
		result = patch;
		result->first = result->last = NULL;
	}
	for (struct node *m = members, *next; m; m = next) {
		next = m->next;
		struct node **at = merge_find(result, m->key);
		struct node *rest = *at ? (*at)->next : NULL;
		if (m->type == JSON_NULL) {
			*at = rest;
			continue;
		}
		struct node *merged = merge(*at, m);
		merged->key = m->key;
		merged->next = rest;
		*at = merged;
	}
	return result;
}

static void write(const struct node *n, struct json_out *o)
{
	if (n->key)
		json_key(o, n->key);
	switch (n->type) {
	case JSON_OBJECT:
		json_begin_object(o);
		for (const struct node *m = n->first; m; m = m->next)
			write(m, o);
		json_end_object(o);
		break;
	case JSON_ARRAY:
		json_begin_array(o);
		for (const struct node *m = n->first; m; m = m->next)
			write(m, o);
		json_end_array(o);
		break;
	case JSON_NUMBER:
		json_number(o, n->text);
		break;
	case JSON_BOOL:
		json_bool(o, n->on);
		break;
	default:
		json_string(o, n->type == JSON_STRING ? n->text : NULL);
		break;
	}
}

int merge_patch(struct arena *a, struct merge_text target, struct merge_text patch, char **ret, size_t *ret_len, struct err *e)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct json_out o = { .buf = &out };
	struct node *t = NULL, *p = NULL;
	int r = merge_parse(a, "config.json", target.at, target.len, &t, e);

	if (r >= 0)
		r = merge_parse(a, "config.patch.json", patch.at, patch.len, &p, e);
	if (r < 0)
		return r;
	struct node *merged = merge(t, p);
	merged->key = NULL;
	write(merged, &o);
	*ret = out.failed ? NULL : arena_strndup(a, out.data, out.len);
	*ret_len = out.len;
	return *ret ? 0 : err_set(e, ENOMEM, "merge config.patch.json");
}
