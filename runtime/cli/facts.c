/* SPDX-License-Identifier: Apache-2.0 */
/* facts: see facts.h. */
#include "facts.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "json.h"

#define DEPTH_MAX 6
#define PATH_MAX_LEN 128

struct level {
	size_t path_len; /* of the path that the object or array has */
	long long next; /* index of an array's next item; -1: an object */
};

struct flattening {
	struct facts *facts;
	struct arena *arena;
	struct level levels[DEPTH_MAX];
	int depth;
	char path[PATH_MAX_LEN];
	bool failed;
};

static void extend(struct flattening *f, const char *word, size_t len)
{
	size_t at = f->depth ? f->levels[f->depth - 1].path_len : 0;

	snprintf(f->path + at, sizeof f->path - at, "%s%.*s", at ? "." : "", (int)len, word);
}

/* The path of the value that begins: a key has set it, or it is an array's next item. */
static void begin_value(struct flattening *f)
{
	char index[24];

	if (!f->depth || f->levels[f->depth - 1].next < 0)
		return;
	int n = snprintf(index, sizeof index, "%lld", f->levels[f->depth - 1].next++);
	extend(f, index, (size_t)n);
}

static void facts_add(struct flattening *f, const char *value, size_t len)
{
	struct fact *v = arena_grow(f->arena, f->facts->v, f->facts->n, sizeof *v);

	f->failed |= !v;
	if (!v)
		return;
	f->facts->v = v;
	v[f->facts->n] = (struct fact){ arena_strdup(f->arena, f->path), arena_strndup(f->arena, value, len) };
	f->failed |= !v[f->facts->n].path || !v[f->facts->n].value;
	f->facts->n += !f->failed;
}

static int on_facts_event(void *ctx, struct json_reader *r, const struct json_event *ev)
{
	struct flattening *f = ctx;

	if (ev->type == JSON_END) {
		f->depth--;
		return 0;
	}
	if (ev->type == JSON_KEY) {
		extend(f, ev->text, ev->len);
		return 0;
	}
	begin_value(f);
	if (ev->type == JSON_OBJECT || ev->type == JSON_ARRAY) {
		if (f->depth == DEPTH_MAX)
			json_skip(r);
		else
			f->levels[f->depth++] = (struct level){ strlen(f->path), ev->type == JSON_ARRAY ? 0 : -1 };
	} else if (ev->type == JSON_BOOL) {
		facts_add(f, ev->on ? "1" : "0", 1);
	} else if (ev->type != JSON_NULL) {
		facts_add(f, ev->text, ev->len);
	}
	return f->failed ? -ENOMEM : 0;
}

int facts_read(struct facts *ret, struct arena *a, const char *json, size_t len, struct err *e)
{
	struct flattening f = { .facts = ret, .arena = a };
	struct json_fault fault = { 0 };

	*ret = (struct facts){ 0 };
	int r = json_read(json, len, on_facts_event, &f, &fault);
	if (r == -ENOMEM)
		return err_set(e, ENOMEM, "read the shim's answer");
	return r < 0 ? err_msg(e, EPROTO, "the shim's answer: %s", fault.text) : 0;
}

const char *facts_get(const struct facts *f, const char *fmt, ...)
{
	char path[PATH_MAX_LEN];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof path, fmt, ap);
	va_end(ap);
	for (size_t i = 0; i < f->n; i++)
		if (!strcmp(f->v[i].path, path))
			return f->v[i].value;
	return NULL;
}
