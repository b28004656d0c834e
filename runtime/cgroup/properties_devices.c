/* properties_devices: device rules as what systemd calls DevicePolicy and DeviceAllow. */
#include "cgroup/properties.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/io.h"
#include "cgroup/devices.h"

#define ANY CGROUP_DEVICE_ANY
#define ACCESS_ALL (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE | BPF_DEVCG_ACC_MKNOD)
#define PROC_DEVICES_MAX ((size_t)1 << 16)
#define RULES_MAX 256 /* more are hart's filter's alone: systemd compiles an entry each */

/* What a list needs while it is made. */
struct list {
	struct arena *arena;
	char **v; /* pairs: the device, the access */
	size_t n;
	const char *majors; /* /proc/devices, NULL = not read yet */
	bool failed; /* out of memory */
};

static bool covers(const struct cgroup_device_rule *r, const struct cgroup_device_rule *other)
{
	return r->allow && (r->type == ANY || r->type == other->type) && (r->major == ANY || r->major == other->major) &&
	       (r->minor == ANY || r->minor == other->minor);
}

/* One entry of systemd's has to allow an access as a whole; with the rules several may, each a part. */
static unsigned access_of(const struct cgroup_device_rule *rules, size_t n, const struct cgroup_device_rule *r)
{
	unsigned access = 0;

	for (size_t i = 0; i < n; i++)
		if (covers(&rules[i], r))
			access |= rules[i].access;
	return access;
}

static bool is_all(const struct cgroup_device_rule *r)
{
	return r->type == ANY && r->major == ANY && r->minor == ANY;
}

static void add(struct list *l, char *device, unsigned access)
{
	char *text = arena_printf(l->arena, "%s%s%s", access & BPF_DEVCG_ACC_READ ? "r" : "",
				  access & BPF_DEVCG_ACC_WRITE ? "w" : "", access & BPF_DEVCG_ACC_MKNOD ? "m" : "");

	for (int i = 0; i < 2; i++) {
		char **grown = arena_grow(l->arena, l->v, l->n, sizeof *grown);
		char *next = i ? text : device;
		if (!grown || !next) {
			l->failed = true;
			return;
		}
		l->v = grown;
		l->v[l->n++] = next;
	}
}

/* The name that this kind's section of /proc/devices has for a major number, NULL when none: systemd takes names. */
static char *name_of_major(struct list *l, bool is_char, int64_t major)
{
	const char *line, *end;
	char *text = NULL, *name = NULL;
	size_t len;

	if (!l->majors && io_read_file(l->arena, AT_FDCWD, "/proc/devices", PROC_DEVICES_MAX, &text, &len, NULL) >= 0)
		l->majors = text;
	line = l->majors ? strstr(l->majors, is_char ? "Character devices:" : "Block devices:") : NULL;
	for (; line && *line && *line != '\n' && !name; line = end + (*end == '\n')) {
		end = line + strcspn(line, "\n");
		char *after;
		if (strtoll(line, &after, 10) == major && *after == ' ')
			name = arena_strndup(l->arena, after + 1, (size_t)(end - after - 1));
	}
	return name;
}

/* False for what systemd has no words for. */
static bool add_kind(struct list *l, const struct cgroup_device_rule *r, bool is_char)
{
	const char *kind = is_char ? "char" : "block", *name = "*";

	if (r->major == ANY && r->minor != ANY)
		return false;
	if (r->minor != ANY) {
		add(l, arena_printf(l->arena, "/dev/%s/%lld:%lld", kind, (long long)r->major, (long long)r->minor),
		    r->access);
		return true;
	}
	/* Each kernel calls it so, and every container has it. */
	if (r->major != ANY)
		name = is_char && r->major == 136 ? "pts" : name_of_major(l, is_char, r->major);
	if (name)
		add(l, arena_printf(l->arena, "%s-%s", kind, name), r->access);
	return name;
}

static bool add_rule(struct list *l, const struct cgroup_device_rule *r)
{
	return (r->type == BPF_DEVCG_DEV_BLOCK || add_kind(l, r, true)) &&
	       (r->type == BPF_DEVCG_DEV_CHAR || add_kind(l, r, false));
}

/* Rules that deny are left to hart's filter, but for one that denies all, which makes those before it void. */
static bool make_list(struct list *l, const struct cgroup_device_rule *rules, size_t n)
{
	size_t first = 0;

	if (n > RULES_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if (is_all(&rules[i]) && !rules[i].allow && rules[i].access == ACCESS_ALL)
			first = i + 1;
	for (size_t i = first; i < n; i++) {
		struct cgroup_device_rule r = rules[i];
		r.access = access_of(rules + first, n - first, &r);
		if (r.allow && (is_all(&r) || !add_rule(l, &r)))
			return false;
	}
	return true;
}

int cgroup_properties_of_devices(const struct oci_resources *r, bool update, struct systemd_properties *out,
				 struct err *e)
{
	struct list l = { .arena = out->arena };
	struct cgroup_device_rule *rules;
	size_t n;
	int ret = cgroup_devices_rules(out->arena, r, &rules, &n, e);

	if (ret < 0)
		return ret;
	bool is_list = make_list(&l, rules, n);
	out->failed |= l.failed;
	if (update)
		systemd_add(out, (struct systemd_property){ "DeviceAllow", SYSTEMD_PAIRS });
	if (is_list || update)
		systemd_add(out, (struct systemd_property){ "DevicePolicy", SYSTEMD_STRING,
							    .data = is_list ? "strict" : "auto" });
	if (is_list)
		systemd_add(out, (struct systemd_property){ "DeviceAllow", SYSTEMD_PAIRS, .data = l.v, .n = l.n });
	return 0;
}
