/* hostconf: see hostconf.h. */
#include "policy/hostconf.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/sys.h"
#include "policy_rows.h"

#define HOSTCONF_MAX_BYTES (64u << 10)

/* The file's lines one by one, comments left out; stops when fn returns other than 0. */
static int each_line(struct arena *a, int (*fn)(char *line, void *arg, struct err *e), void *arg, struct err *e)
{
	char *text, *save = NULL;
	size_t len;
	int r = io_read_file(a, AT_FDCWD, HOSTCONF_FILE, HOSTCONF_MAX_BYTES, &text, &len, e);

	if (r == -ENOENT) {
		err_clear(e);
		return 0;
	}
	for (char *line = r < 0 ? NULL : strtok_r(text, "\n", &save); line && !r;
	     line = strtok_r(NULL, "\n", &save)) {
		line += strspn(line, " \t");
		if (*line && *line != '#')
			r = fn(line, arg, e);
	}
	return r;
}

static int not_understood(const char *line, struct err *e)
{
	return err_msg(e, EINVAL, HOSTCONF_FILE ": not understood: %s", line);
}

static bool is_policy(const char *line)
{
	return !strncmp(line, "policy", 6) && (line[6] == ' ' || line[6] == '\t');
}

static int take_allowed(char *line, void *arg, struct err *e)
{
	char **ret = arg, *equals = strchr(line, '=');

	if (is_policy(line))
		return 0;
	if (!equals || strncmp(line, "allow", 5) || line + 5 + strspn(line + 5, " \t") != equals)
		return not_understood(line, e);
	*ret = equals + 1 + strspn(equals + 1, " \t");
	return 0;
}

/* The value of "allow", NULL when there is none. */
static int read_allowed(struct arena *a, char **ret, struct err *e)
{
	*ret = NULL;
	return each_line(a, take_allowed, ret, e);
}

/* Beneath `dir`, for a file: its folder. The kernel walks, so no symlink or ".." leads out. */
static bool is_beneath(const char *dir, const char *path, bool is_file)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC,
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
	size_t n = strlen(dir);
	char rest[4096];

	while (n && dir[n - 1] == '/') /* of "/" nothing is left: all begin with it */
		n--;
	if (strncmp(path, dir, n) || path[n] != '/' || strlen(path + n) >= sizeof rest)
		return false;
	strcpy(rest, path + n + strspn(path + n, "/"));
	char *slash = strrchr(rest, '/');
	if (is_file && slash)
		*slash = '\0';
	else if (is_file)
		strcpy(rest, ".");
	_cleanup_fd_ int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd_ int found = fd < 0 ? FD_NONE : sys_openat2(fd, *rest ? rest : ".", &how);
	return found >= 0;
}

static bool is_allowed(struct arena *a, const char *allowed, const char *path, bool is_file)
{
	char *copy = allowed ? arena_strdup(a, allowed) : NULL, *save = NULL;

	for (char *dir = copy ? strtok_r(copy, ": \t", &save) : NULL; dir;
	     dir = strtok_r(NULL, ": \t", &save))
		if (*dir == '/' && is_beneath(dir, path, is_file))
			return true;
	return false;
}

/* The host path in an item of an annotation, NULL when it names none. */
static const char *path_in(size_t row, const char *item)
{
	if (row == POLICY_STANDBY)
		return strcmp(item, "self") ? item : NULL;
	if (row != POLICY_LISTEN)
		return item;
	const char *unix_socket = strstr(item, "unix:");
	return unix_socket ? unix_socket + 5 : NULL;
}

static int check_row(struct arena *a, size_t row, const char *value, const char *allowed, struct err *e)
{
	char *copy = arena_strdup(a, value), *save = NULL;

	if (!copy)
		return err_set(e, ENOMEM, "check annotations");
	for (char *item = strtok_r(copy, " ", &save); item; item = strtok_r(NULL, " ", &save)) {
		const char *path = path_in(row, item);
		if (path && !is_allowed(a, allowed, path, row != POLICY_STANDBY))
			return err_msg(e, EACCES, "annotation " POLICY_ANNOTATION_PREFIX "%s: %s is not below "
				       "a folder that " HOSTCONF_FILE " allows", policy_rows[row].name, path);
	}
	return 0;
}

int hostconf_check(const oci_map *annotations, struct err *e)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	bool loaded = false;
	char *allowed = NULL;
	int r = 0;

	for (size_t i = 0; i < POLICY_KEYS && r >= 0; i++) {
		char *key = arena_printf(&a, POLICY_ANNOTATION_PREFIX "%s", policy_rows[i].name);
		const char *value = key ? oci_map_get(annotations, key) : NULL;
		if (!(policy_rows[i].flags & POLICY_HOST_PATH_) || !value)
			continue;
		if (!loaded)
			r = read_allowed(&a, &allowed, e);
		loaded = true;
		if (r >= 0)
			r = check_row(&a, i, value, allowed, e);
	}
	return r;
}

/* -- policies ---------------------------------------------------------------------------------- */

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
	return err_msg(e, EINVAL, HOSTCONF_FILE ": policy: %s is not one of hart run's", name);
}

static int take_policy(char *line, void *arg, struct err *e)
{
	struct matching *m = arg;
	char *key, *glob, *words, *name, *value;
	int r;

	if (!is_policy(line))
		return 0;
	key = line + 6 + strspn(line + 6, " \t");
	words = strchr(key, ':');
	glob = strchr(key, '=');
	if (!words || !glob || glob > words)
		return not_understood(line, e);
	*words++ = *glob++ = '\0';
	r = matches(m->config, key, glob);
	if (r < 0)
		return err_msg(e, EINVAL, HOSTCONF_FILE ": policy %s: not hostname, env.NAME or annotation.NAME", key);
	if (!r)
		return 0;
	while ((name = next_word(&words, &value)))
		if ((r = add_value(m, name, value, e)) < 0)
			return r;
	return 1;
}

int hostconf_policy(struct arena *a, const struct oci_config *c, struct policy_flags *ret, struct err *e)
{
	struct matching m = { a, c, ret };

	*ret = (struct policy_flags){ 0 };
	return policy_is_asked(NULL, &c->annotations) ? 0 : each_line(a, take_policy, &m, e);
}
