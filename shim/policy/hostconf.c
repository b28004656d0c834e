/* SPDX-License-Identifier: Apache-2.0 */
/* hostconf: see hostconf.h. */
#include "policy/hostconf.h"

#include <fnmatch.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "policy_rows.h"

static int not_understood(const char *line, struct err *e)
{
	return err_msg(e, EINVAL, HOSTCONF_FILE ": not understood: %s", line);
}

struct matching {
	struct arena *arena;
	const struct oci_config *config;
	struct policy_flags *flags;
};

static bool env_matches(const struct oci_process *p, const char *name, const char *glob)
{
	size_t len = strlen(name);

	for (size_t i = 0; p && i < p->env.n; i++)
		if (!strncmp(p->env.v[i], name, len) && p->env.v[i][len] == '=' &&
		    !fnmatch(glob, p->env.v[i] + len + 1, 0))
			return true;
	return false;
}

/* 1 or 0; -EINVAL: not a key. */
static int matches(const struct oci_config *c, const char *key, const char *glob)
{
	const char *value = NULL;

	if (!strncmp(key, "env.", 4))
		return env_matches(c->process, key + 4, glob);
	if (!strcmp(key, "hostname"))
		value = c->hostname;
	else if (!strncmp(key, "annotation.", 11))
		value = oci_map_get(&c->annotations, key + 11);
	else
		return -EINVAL;
	return value && !fnmatch(glob, value, 0);
}

/* The next NAME=VALUE or NAME="VALUE" of a line, cut out of it; NULL at its end. A word without a value is the
 * last one: its value is NULL. */
static char *next_word(char **at, char **ret_value)
{
	char *name = *at + strspn(*at, " \t"), *end;

	if (!*name)
		return NULL;
	*ret_value = strchr(name, '=');
	if (!*ret_value)
		return name;
	*(*ret_value)++ = '\0';
	const char *ends = **ret_value == '"' ? "\"" : " \t";
	*ret_value += *ends == '"';
	end = *ret_value + strcspn(*ret_value, ends);
	*at = *end ? end + 1 : end;
	*end = '\0';
	return name;
}

static int add_value(struct matching *m, const char *name, char *value, struct err *e)
{
	if (!value)
		return err_msg(e, EINVAL, HOSTCONF_FILE ": policy: %s has no value", name);
	for (size_t i = 0; i < POLICY_KEYS; i++) {
		struct policy_values *v = &m->flags->values[i];
		if (strcmp(policy_rows[i].name, name))
			continue;
		v->v = arena_grow(m->arena, v->v, v->n, sizeof *v->v);
		if (!v->v)
			return err_set(e, ENOMEM, "read " HOSTCONF_FILE);
		v->v[v->n++] = value;
		return 0;
	}
	return err_msg(e, EINVAL, HOSTCONF_FILE ": unknown policy option %s", name);
}

static int take_policy(char *line, void *arg, struct err *e)
{
	struct matching *m = arg;
	char *key, *glob, *words, *name, *value;
	int r;

	key = allow_word(line, "policy");
	if (!key)
		return 0;
	words = strchr(key, ':');
	glob = strchr(key, '=');
	if (!words || !glob || glob > words)
		return not_understood(line, e);
	*words++ = *glob++ = '\0';
	r = matches(m->config, key, glob);
	if (r < 0)
		return err_msg(e, EINVAL, HOSTCONF_FILE ": policy %s: must be hostname, env.NAME or annotation.NAME", key);
	if (!r)
		return 0;
	while ((name = next_word(&words, &value)))
		if ((r = add_value(m, name, value, e)) < 0)
			return r;
	return 1;
}

/* Its faults are told all the same. */
static int skip(char *line, void *arg, struct err *e)
{
	(void)line;
	(void)arg;
	(void)e;
	return 0;
}

int hostconf_policy(struct arena *a, const struct oci_config *c, struct policy_flags *ret, struct err *e)
{
	struct matching m = { a, c, ret };

	*ret = (struct policy_flags){ 0 };
	return allow_each_line(a, policy_is_asked(NULL, &c->annotations) ? skip : take_policy, &m, e);
}
