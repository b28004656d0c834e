/* SPDX-License-Identifier: Apache-2.0 */
/* name: see name.h. */
#include "systemd/name.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define UNIT_NAME_MAX 255
#define SLICE ".slice"
#define SLICE_LEN (sizeof SLICE - 1)

static const char unit_chars[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ:-_.\\";

static bool ends_in(const char *s, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len > n && !memcmp(s + len - n, end, n);
}

bool systemd_is_place(const char *path)
{
	const char *first = path ? strchr(path, ':') : NULL, *second = first ? strchr(first + 1, ':') : NULL;

	return second && second[1] && !strchr(path, '/') && !strchr(second + 1, ':') &&
	       ends_in(path, (size_t)(first - path), SLICE);
}

/* "a-b.slice": parts that are not empty, or the root of all, "-.slice". */
static bool is_slice(const char *s)
{
	size_t len = strlen(s);

	if (!strcmp(s, "-" SLICE))
		return true;
	if (len > UNIT_NAME_MAX || !ends_in(s, len, SLICE) || strspn(s, unit_chars) != len)
		return false;
	return *s != '-' && s[len - SLICE_LEN - 1] != '-' && !strstr(s, "--");
}

/* As systemd-escape, but only what cannot be: names of containers stay as they are. */
static void put_escaped(struct buf *b, const char *s)
{
	for (; *s; s++) {
		if (strchr(unit_chars, *s))
			buf_put(b, s, 1);
		else
			buf_printf(b, "\\x%02x", (unsigned char)*s);
	}
}

static int make_unit(struct arena *a, const char *prefix, const char *name, char **ret, struct err *e)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	if (ends_in(name, strlen(name), SLICE))
		return err_msg(e, EINVAL, "cgroupsPath names the slice %s: a container's processes are in a scope", name);
	put_escaped(&b, prefix);
	if (*prefix)
		buf_puts(&b, "-");
	put_escaped(&b, name);
	buf_puts(&b, ".scope");
	if (b.len > UNIT_NAME_MAX)
		return err_msg(e, EINVAL, "a unit's name of %zu bytes is too long for systemd: %s", b.len, b.data);
	*ret = b.failed ? NULL : arena_strdup(a, b.data);
	return *ret ? 0 : err_set(e, ENOMEM, "name the unit");
}

/* Cuts at the two colons; what is behind the second is the name, whatever it holds. */
static int name_split(char *path, char **ret_prefix, char **ret_name, struct err *e)
{
	char *first = strchr(path, ':'), *second = first ? strchr(first + 1, ':') : NULL;

	if (!second || !second[1])
		return err_msg(e, EINVAL, "cgroupsPath %s: the systemd cgroup driver needs the form \"slice:prefix:name\"",
			       path);
	*first = *second = '\0';
	*ret_prefix = first + 1;
	*ret_name = second + 1;
	return 0;
}

int systemd_place_of(struct arena *a, const char *cgroups_path, const char *id, const char *default_slice,
		     struct systemd_place *ret, struct err *e)
{
	bool given = cgroups_path && *cgroups_path;
	char *slice = arena_strdup(a, given ? cgroups_path : ""), *prefix = "hart", *name = (char *)id;
	int r = 0;

	if (!slice)
		return err_set(e, ENOMEM, "plan the unit");
	if (given)
		r = name_split(slice, &prefix, &name, e);
	if (r < 0)
		return r;
	ret->slice = *slice ? slice : arena_strdup(a, default_slice);
	if (!ret->slice)
		return err_set(e, ENOMEM, "plan the unit");
	if (!is_slice(ret->slice))
		return err_msg(e, EINVAL, "cgroupsPath: \"%s\" is not the name of a slice, as \"system.slice\"", ret->slice);
	return make_unit(a, prefix, name, &ret->unit, e);
}

char *systemd_slice_path(struct arena *a, const char *slice)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	size_t len = strlen(slice) - SLICE_LEN;

	buf_puts(&b, "");
	for (size_t i = 1; i <= len && *slice != '-'; i++)
		if (i == len || slice[i] == '-')
			buf_printf(&b, "/%.*s" SLICE, (int)i, slice);
	return b.failed ? NULL : arena_strdup(a, b.data);
}

char *systemd_object_of(struct arena *a, const char *unit)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	buf_puts(&b, "/org/freedesktop/systemd1/unit/");
	for (const char *p = unit; *p; p++) {
		bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
			     (*p >= '0' && *p <= '9' && p != unit);
		buf_printf(&b, plain ? "%c" : "_%02x", (unsigned char)*p);
	}
	return b.failed ? NULL : arena_strdup(a, b.data);
}
