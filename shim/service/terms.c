/* SPDX-License-Identifier: Apache-2.0 */
/* terms: see terms.h. */
#include "service/terms.h"

#include <string.h>

#include "allow/allow.h"
#include "annotation_kind.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "base/path.h"
#include "bundle.h"
#include "policy/hostconf.h"
#include "service/api.h"
#include "service/origin.h"

#define NOT_KNOWN "it is not known; hart-config(5) lists those that are"

static int terms_no_memory(struct err *e)
{
	return err_set(e, ENOMEM, "read the policy");
}

/* -- annotations ----------------------------------------------------------------------------- */

static int terms_add(struct arena *a, struct policy_values *values, char *v)
{
	values->v = arena_grow(a, values->v, values->n, sizeof *values->v);
	if (!values->v || !v)
		return -ENOMEM;
	values->v[values->n++] = v;
	return 0;
}

/* A list's items are separated by blanks. */
static int add_annotation(struct arena *a, size_t key, const char *text, struct policy_values *values)
{
	char *copy = arena_strdup(a, text), *save = NULL;
	int r = copy ? 0 : -ENOMEM;

	if (!(policy_rows[key].flags & POLICY_LIST_))
		return r < 0 ? r : terms_add(a, values, copy);
	for (char *item = copy ? strtok_r(copy, " ", &save) : NULL; r >= 0 && item; item = strtok_r(NULL, " ", &save))
		r = terms_add(a, values, item);
	return r;
}

/* What no flag says. */
static int take_annotations(struct arena *a, const oci_map *annotations, struct policy_flags *flags, struct err *e)
{
	for (size_t i = 0; i < POLICY_KEYS; i++) {
		const char *text = flags->values[i].n ? NULL : policy_annotation(annotations, i);
		if (text && add_annotation(a, i, text, &flags->values[i]) < 0)
			return terms_no_memory(e);
	}
	return 0;
}

int terms_warnings(struct arena *a, const oci_map *annotations, oci_strings *ret, struct err *e)
{
	size_t at = 0;

	*ret = (oci_strings){ 0 };
	for (const char *key; (key = annotation_next_unknown(annotations, &at));) {
		char **v = arena_grow(a, ret->v, ret->n, sizeof *v);
		char *text = arena_printf(a, "annotation %s has no effect: " NOT_KNOWN, key);
		if (!v || !text)
			return terms_no_memory(e);
		ret->v = v;
		v[ret->n++] = text;
	}
	return 0;
}

/* Who typed it sees an error; of an engine's or an image's it is told where people look. */
static int find_unknown(struct arena *a, const struct create_opts *o, const oci_map *annotations, oci_strings *ret,
			struct err *e)
{
	int r = terms_warnings(a, annotations, ret, e);

	return r >= 0 && o->typed && ret->n ? err_msg(e, EINVAL, "%s", ret->v[0]) : r;
}

/* -- paths ----------------------------------------------------------------------------------- */

/* A folder that is there and can be a member: at the first failure it would be too late to find out. */
static int real_standby(struct arena *a, char **path, struct err *e)
{
	const char *suffix = policy_standby_suffix(*path);
	char *folder = arena_strndup(a, *path, (size_t)(suffix - *path));

	if (!folder)
		return terms_no_memory(e);
	if (!strcmp(folder, ORIGIN_SELF))
		return 0;
	int r = path_real(a, folder, false, &folder);
	if (r >= 0)
		r = origin_check(folder, e);
	else
		r = err_set(e, -r, "standby %s", folder);
	if (r < 0)
		return r;
	*path = arena_printf(a, "%s%s", folder, suffix);
	return *path ? 0 : terms_no_memory(e);
}

static int real_socket(struct arena *a, char **word, struct err *e)
{
	char *path = strstr(*word, "unix:"), *real;

	if (!path)
		return 0;
	int r = path_real(a, path + 5, true, &real);
	if (r < 0)
		return err_set(e, -r, "--listen %s", *word);
	*word = arena_printf(a, "%.*sunix:%s", (int)(path - *word), *word, real);
	return *word ? 0 : terms_no_memory(e);
}

static int terms_real_file(struct arena *a, char **path, struct err *e)
{
	int r = path_real(a, *path, true, path);

	return r < 0 ? err_set(e, -r, "the folder of %s", *path) : 0;
}

static int find_paths(struct arena *a, struct policy_flags *flags, struct err *e)
{
	static const struct {
		enum policy_key key;
		int (*find)(struct arena *a, char **value, struct err *e);
	} kinds[] = { { POLICY_STANDBY, real_standby }, { POLICY_LISTEN, real_socket },
		      { POLICY_LOG_FILE, terms_real_file }, { POLICY_JOURNAL, terms_real_file } };
	int r = 0;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct policy_values *values = &flags->values[kinds[i].key];
		char **own = arena_calloc(a, values->n + 1, sizeof *own);
		if (!own)
			return terms_no_memory(e);
		if (values->n)
			memcpy(own, values->v, values->n * sizeof *own);
		values->v = own;
		for (size_t k = 0; r >= 0 && k < values->n; k++)
			r = kinds[i].find(a, &values->v[k], e);
	}
	return r;
}

/* -- of a plain container -------------------------------------------------------------------- */

#define WHAT_MAKES_ONE "nothing makes this a supervised service, as --standby, --restarts, --watchdog, --probe, " \
		       "--stall, --listen or --port would"

static int say(const struct service_look *look, const char *key, const char *why, struct err *e)
{
	if (look->typed)
		return err_msg(e, EINVAL, "annotation %s: %s", key, why);
	log_warn("annotation %s has no effect: %s", key, why);
	return 0;
}

int terms_of_plain(const struct service_look *look, const oci_map *annotations, struct err *e)
{
	enum annotation_form form;
	int r = 0;

	for (size_t i = 0; look->flags && i < POLICY_KEYS; i++)
		if (look->flags->values[i].n)
			return err_msg(e, EINVAL, "--%s has no effect: " WHAT_MAKES_ONE, policy_rows[i].name);
	for (size_t i = 0; r >= 0 && i < annotations->n; i++) {
		const char *key = annotations->v[i].key;
		if (annotation_is_policy(key))
			r = say(look, key, WHAT_MAKES_ONE, e);
		else if (annotation_kind(key, &form) == ANNOTATION_UNKNOWN)
			r = say(look, key, NOT_KNOWN, e);
	}
	return r;
}

/* -- all of it ------------------------------------------------------------------------------- */

static int of_config(struct arena *a, const struct create_opts *o, const struct bundle *b, struct service_terms *t,
		     struct err *e)
{
	oci_map *annotations = &b->config->annotations;
	struct policy_flags of_host;
	int r = find_unknown(a, o, annotations, &t->warnings, e);

	if (r >= 0)
		r = hostconf_policy(a, b->config, &of_host, e);
	if (r > 0 && !policy_is_asked(&t->flags, annotations))
		for (size_t i = 0; i < POLICY_KEYS; i++)
			if (!t->flags.values[i].n)
				t->flags.values[i] = of_host.values[i];
	if (r >= 0)
		r = allow_annotations(a, b->fd, ALLOW_SERVICE, annotations, e);
	/* Once with annotations under their own names: for the messages. */
	if (r >= 0)
		r = policy_parse(a, &t->flags, annotations, &t->policy, e);
	if (r >= 0)
		r = take_annotations(a, annotations, &t->flags, e);
	if (r >= 0)
		r = find_paths(a, &t->flags, e);
	return r < 0 ? r : policy_parse(a, &t->flags, NULL, &t->policy, e);
}

int service_terms(struct arena *a, const struct create_opts *o, const struct policy_flags *flags,
		  struct service_terms *ret, struct err *e)
{
	struct bundle b = BUNDLE_INIT;

	*ret = (struct service_terms){ 0 };
	if (flags)
		ret->flags = *flags;
	int r = bundle_open(a, o->bundle, NULL, 0, &b, e);
	if (r >= 0)
		r = of_config(a, o, &b, ret, e);
	bundle_close(&b);
	return r;
}
