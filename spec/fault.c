/* SPDX-License-Identifier: Apache-2.0 */
/* fault: see fault.h. */
#include "fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "json.h"
#include "spec.h"

#define FAULT_TEXT_SIZE 512

static int fault_keep(struct fault_sink *s, struct json_place at, const char *path, const char *text)
{
	struct spec_faults *all = s->faults;
	struct spec_fault *v = arena_grow(all->arena, all->v, all->n, sizeof *v);
	struct spec_fault f = {
		.path = arena_strdup(all->arena, path),
		.text = arena_strdup(all->arena, text),
		.line = at.line,
		.column = at.column,
	};

	if (!v || !f.path || !f.text)
		return err_set(s->e, ENOMEM, "%s", s->name);
	all->v = v;
	all->v[all->n++] = f;
	return 0;
}

/* Keeps a fault; at the last one says so and stops. */
static int fault_collect(struct fault_sink *s, struct json_place at, const char *path, const char *text)
{
	int r = fault_keep(s, at, path, text);

	if (r == 0 && s->faults->n == FAULTS_MAX - 1)
		r = fault_keep(s, (struct json_place){ 0, 0 }, "",
			       "too many faults: the rest was not looked for");
	if (r == 0 && s->faults->n >= FAULTS_MAX)
		r = err_msg(s->e, EINVAL, "%s: too many faults", s->name);
	return r;
}

static int add(struct fault_sink *s, size_t offset, const char *path, const char *text)
{
	struct json_place at = { 0, 0 };

	if (offset != FAULT_NOWHERE)
		at = json_place(s->text, s->len, offset);
	if (s->faults)
		return fault_collect(s, at, path, text);
	err_msg(s->e, EINVAL, "%s%s%s", path, *path ? ": " : "", text);
	if (at.line)
		return err_in(s->e, "%s:%d:%d", s->name, at.line, at.column);
	return err_in(s->e, "%s", s->name);
}

int fault_add(struct fault_sink *s, size_t offset, const char *path, const char *fmt, ...)
{
	char text[FAULT_TEXT_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return add(s, offset, path, text);
}

/* A walk down to one path. */
struct search {
	const char *rest; /* of the path, below the container that the walk is in */
	size_t offset;    /* of what was found so far */
	bool below_root, in_array, here; /* here: the next value is the wanted one */
	size_t index;
};

/* True when the first token of `path` is text[0..len). */
static bool token_is(const char *path, const char *text, size_t len)
{
	if (*path++ != '/')
		return false;
	for (; *path && *path != '/'; path++, text++, len--) {
		char c = *path;
		if (c == '~')
			c = *++path == '0' ? '~' : '/';
		if (!len || c != *text)
			return false;
	}
	return len == 0;
}

static int search_step(void *ctx, struct json_reader *r, const struct json_event *ev)
{
	struct search *s = ctx;
	bool container = ev->type == JSON_OBJECT || ev->type == JSON_ARRAY;

	if (ev->type == JSON_KEY) {
		s->here = token_is(s->rest, ev->text, ev->len);
		return 0;
	}
	if (ev->type == JSON_END)
		return -ECANCELED; /* of what the walk is in: the wanted value is not there */
	if (s->in_array)
		s->here = (size_t)atol(s->rest + 1) == s->index++;
	if (!s->here) {
		if (container)
			json_skip(r);
		return 0;
	}
	s->offset = json_offset(r, ev);
	if (s->below_root)
		s->rest += 1 + strcspn(s->rest + 1, "/");
	s->below_root = true;
	if (!*s->rest || !container)
		return -ECANCELED;
	s->in_array = ev->type == JSON_ARRAY;
	s->here = false;
	s->index = 0;
	return 0;
}

int fault_at(struct fault_sink *s, const char *path, const char *fmt, ...)
{
	struct search search = { .rest = path, .here = true };
	struct json_fault ignored;
	char text[FAULT_TEXT_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	json_read(s->text, s->len, search_step, &search, &ignored);
	return add(s, search.offset, path, text);
}

int fault_result(struct fault_sink *s)
{
	if (!s->faults || !s->faults->n)
		return 0;
	return err_msg(s->e, EINVAL, "%s: %zu fault%s", s->name, s->faults->n,
		       s->faults->n == 1 ? "" : "s");
}

void fault_path_add(char *path, size_t size, const char *token, size_t len)
{
	size_t n = strlen(path);

	for (size_t i = 0; i <= len && n + 3 < size; i++) {
		char c = i ? token[i - 1] : '\0';
		if (!i)
			path[n++] = '/';
		else if (c == '~' || c == '/')
			n += (size_t)sprintf(path + n, "~%c", c == '~' ? '0' : '1');
		else
			path[n++] = c;
	}
	path[n] = '\0';
}

struct fault_path fault_path(const char *fmt, ...)
{
	struct fault_path p;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p.text, sizeof p.text, fmt, ap);
	va_end(ap);
	return p;
}

struct fault_path fault_key(const char *map_path, const char *key)
{
	struct fault_path p = fault_path("%s", map_path);

	fault_path_add(p.text, sizeof p.text, key, strlen(key));
	return p;
}
