/* SPDX-License-Identifier: Apache-2.0 */
/* annotation: see annotation.h. Must not touch the host: whether a folder is there and may be used
 * is the runtime's to find out. */
#include "annotation.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "policy_rows.h"

struct values {
	struct annotation_overlay overlay;
	unsigned private_namespaces; /* 1 << enum oci_ns */
};

/* Each gets a whole value and returns why it is no good, or NULL. */
static const char *parse_upper(struct arena *a, const char *value, struct values *ret);
static const char *parse_lower(struct arena *a, const char *value, struct values *ret);
static const char *parse_private(struct arena *a, const char *value, struct values *ret);
static const char *parse_any(struct arena *a, const char *value, struct values *ret);

static const struct {
	char key[32];
	const char *(*parse)(struct arena *a, const char *value, struct values *ret);
	char doc[160];
} rows[] = {
	{ ANNOTATION_OVERLAY, parse_upper,
	  "Make the root a writable overlay: tmpfs, tmpfs:SIZE (as 64M or 50%), or the absolute "
	  "path of a folder for what is written." },
	{ ANNOTATION_OVERLAY_LOWER, parse_lower,
	  "The overlay's read-only layers, topmost first, separated by \":\" (a \":\" in a path is "
	  "\"\\:\"), absolute or relative to the bundle; left out, the bundle's root." },
	{ ANNOTATION_PRIVATE, parse_private,
	  "In a standby's config: which of network, ipc and uts it has for itself and does not share with "
	  "the service, separated by \",\"." },
	{ ANNOTATION_KEEP_GROUPS, parse_any,
	  "As in crun, for podman --group-add keep-groups: with any value processes keep hart's own "
	  "additional groups, and those of process.user are not set." },
};

#define ROWS (sizeof rows / sizeof *rows)
#define OVERLAY_ROWS 2

/* No "..": what a path names must not depend on symlinks that change. */
static bool is_plain_path(const char *path)
{
	if (!*path)
		return false;
	for (const char *p = path; p; p = strchr(p, '/')) {
		p += strspn(p, "/");
		if (!strncmp(p, "..", 2) && (p[2] == '/' || !p[2]))
			return false;
	}
	return true;
}

/* As tmpfs(5) reads it: digits with at most one unit, or per cent of memory. */
static bool is_size(const char *s)
{
	size_t n = strspn(s, "0123456789");
	bool unit = s[n] && strchr("kKmMgGtT%", s[n]) && !s[n + 1];

	return n && n < 20 && s[strspn(s, "0")] && (!s[n] || unit);
}

static const char *parse_upper(struct arena *a, const char *value, struct values *values)
{
	struct annotation_overlay *ret = &values->overlay;

	if (!strncmp(value, "tmpfs", 5) && (!value[5] || value[5] == ':')) {
		ret->upper = UPPER_TMPFS;
		if (!value[5])
			return NULL;
		ret->size = arena_strdup(a, value + 6);
		if (!ret->size)
			return strerror(ENOMEM);
		return is_size(ret->size) ? NULL : "not a size like 64M or 50%";
	}
	if (value[0] != '/' || !is_plain_path(value))
		return "neither tmpfs, tmpfs:SIZE nor an absolute path without \"..\"";
	ret->upper = UPPER_DIR;
	ret->dir = arena_strdup(a, value);
	return ret->dir ? NULL : strerror(ENOMEM);
}

/* Copies the path up to the next ":" that no backslash protects; *pos goes behind it. */
static char *next_path(struct arena *a, const char **pos)
{
	char *path = arena_strdup(a, *pos), *to = path;
	const char *from = *pos;

	if (!path)
		return NULL;
	for (; *from && *from != ':'; from++) {
		if (*from == '\\' && (from[1] == ':' || from[1] == '\\'))
			from++;
		*to++ = *from;
	}
	*to = '\0';
	*pos = *from ? from + 1 : NULL;
	return path;
}

static const char *parse_lower(struct arena *a, const char *value, struct values *values)
{
	struct annotation_overlay *ret = &values->overlay;

	for (const char *pos = value; pos;) {
		char **v = arena_grow(a, ret->lower.v, ret->lower.n, sizeof *v);
		char *path = next_path(a, &pos);
		if (!v || !path)
			return strerror(ENOMEM);
		if (!is_plain_path(path))
			return "not a list of paths without \"..\"";
		ret->lower.v = v;
		ret->lower.v[ret->lower.n++] = path;
	}
	return NULL;
}

static const char *parse_private(struct arena *a, const char *value, struct values *ret)
{
	static const struct {
		const char *name;
		enum oci_ns kind;
	} kinds[] = { { "network", OCI_NS_NETWORK }, { "ipc", OCI_NS_IPC }, { "uts", OCI_NS_UTS } };

	(void)a;
	for (const char *at = value;; at++) {
		size_t i = 0, len = strcspn(at, ",");
		while (i < 3 && (strlen(kinds[i].name) != len || strncmp(at, kinds[i].name, len) != 0))
			i++;
		if (i == 3)
			return "not a list of network, ipc and uts";
		ret->private_namespaces |= 1U << kinds[i].kind;
		at += len;
		if (!*at)
			return NULL;
	}
}

static const char *parse_any(struct arena *a, const char *value, struct values *ret)
{
	(void)a;
	(void)value;
	(void)ret;
	return NULL;
}

int annotation_overlay(struct arena *a, const oci_map *annotations, const char *upper_flag,
		       struct annotation_overlay *ret, struct err *e)
{
	struct values values = { 0 };

	for (size_t i = 0; i < OVERLAY_ROWS; i++) {
		const char *value = oci_map_get(annotations, rows[i].key), *name = rows[i].key;

		if (upper_flag && rows[i].parse == parse_upper) {
			value = upper_flag;
			name = "--overlay";
		}
		const char *why = value ? rows[i].parse(a, value, &values) : NULL;
		if (why)
			return err_msg(e, EINVAL, "%s \"%s\": %s", name, value, why);
	}
	*ret = values.overlay;
	if (ret->lower.n && ret->upper == UPPER_NONE)
		return err_msg(e, EINVAL, ANNOTATION_OVERLAY_LOWER " without " ANNOTATION_OVERLAY);
	return 0;
}

int annotation_private(const oci_map *annotations, unsigned *ret, struct err *e)
{
	const char *value = oci_map_get(annotations, ANNOTATION_PRIVATE);
	struct values values = { 0 };
	const char *why = value ? parse_private(NULL, value, &values) : NULL;

	*ret = values.private_namespaces;
	return why ? err_msg(e, EINVAL, ANNOTATION_PRIVATE " \"%s\": %s", value, why) : 0;
}

bool annotation_keep_groups(const oci_map *annotations)
{
	return oci_map_get(annotations, ANNOTATION_KEEP_GROUPS);
}

const char *annotation_fault(const char *key, const char *value)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct values ignored = { 0 };

	for (size_t i = 0; i < ROWS; i++)
		if (!strcmp(key, rows[i].key))
			return rows[i].parse(&a, value, &ignored);
	return NULL;
}

#define WITH_DEFAULT(key, name_, metavar_, initial_, flags_, doc_)                                 \
	{ POLICY_ANNOTATION_PREFIX name_, metavar_ ": " doc_ " (default: " initial_ ")" },
#define WITHOUT(key, name_, metavar_, flags_, doc_)                                                \
	{ POLICY_ANNOTATION_PREFIX name_, metavar_ ": " doc_ },

const char *annotation_key(size_t i, const char **ret_doc)
{
	static const struct {
		const char *key, *doc;
	} policy[] = { POLICY_ROWS(WITH_DEFAULT, WITHOUT) };

	if (i < ROWS) {
		*ret_doc = rows[i].doc;
		return rows[i].key;
	}
	if (i - ROWS >= sizeof policy / sizeof *policy)
		return NULL;
	*ret_doc = policy[i - ROWS].doc;
	return policy[i - ROWS].key;
}
