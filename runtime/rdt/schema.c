/* SPDX-License-Identifier: Apache-2.0 */
/* rdt/schema: see rdt/schema.h. */
#include "rdt/schema.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* What one line says of one domain: [value, value_end). */
struct domain {
	unsigned long id;
	const char *value, *value_end;
};

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " \t");
}

/* Takes "ID=VALUE" and the ";" behind it; *s is moved. False at the end of the line or when it is
 * something else. */
static bool take_domain(const char **s, struct domain *ret)
{
	const char *p = skip_blanks(*s);
	char *end;

	if (*p < '0' || *p > '9')
		return false;
	ret->id = strtoul(p, &end, 10);
	p = skip_blanks(end);
	if (*p != '=')
		return false;
	ret->value = skip_blanks(p + 1);
	ret->value_end = ret->value + strcspn(ret->value, ";\n");
	*s = ret->value_end + (*ret->value_end == ';');
	while (ret->value_end > ret->value && ret->value_end[-1] == ' ')
		ret->value_end--;
	return ret->value_end > ret->value;
}

static bool same_value(const struct domain *a, const struct domain *b, int base)
{
	char *a_end, *b_end;
	unsigned long long x = strtoull(a->value, &a_end, base), y = strtoull(b->value, &b_end, base);
	size_t n = (size_t)(a->value_end - a->value);

	if (a_end == a->value_end && b_end == b->value_end)
		return x == y;
	return n == (size_t)(b->value_end - b->value) && !memcmp(a->value, b->value, n);
}

/* What follows "NAME:" of the file's line for that resource, NULL when it has none. */
static const char *find_resource(const char *schemata, const char *name, size_t len)
{
	for (const char *p = schemata; p; p = strchr(p, '\n')) {
		p = skip_blanks(p + (*p == '\n'));
		if (!strncmp(p, name, len) && p[len] == ':')
			return p + len + 1;
	}
	return NULL;
}

static bool has_domain(const char *there, const struct domain *wanted, int base)
{
	struct domain d;

	while (take_domain(&there, &d))
		if (d.id == wanted->id)
			return same_value(&d, wanted, base);
	return false;
}

bool rdt_schema_matches(const char *schemata, const char *line)
{
	const char *name = skip_blanks(line), *s = strchr(name, ':');
	size_t len = s ? (size_t)(s - name) : 0;
	const char *there = len ? find_resource(schemata, name, len) : NULL;
	bool is_percent = len >= 2 && !strncmp(name, "MB", 2);
	struct domain wanted;

	if (!there)
		return false;
	s++;
	while (take_domain(&s, &wanted))
		if (!has_domain(there, &wanted, is_percent ? 10 : 16))
			return false;
	return !s[strspn(s, " \t\n")];
}
