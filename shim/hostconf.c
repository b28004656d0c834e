/* hostconf: see hostconf.h. */
#include "hostconf.h"

#include <fcntl.h>
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

/* The value of "allow", NULL when there is none. */
static int read_allowed(struct arena *a, char **ret, struct err *e)
{
	char *text, *save = NULL;
	size_t len;
	int r = io_read_file(a, AT_FDCWD, HOSTCONF_FILE, HOSTCONF_MAX_BYTES, &text, &len, e);

	*ret = NULL;
	if (r == -ENOENT) {
		err_clear(e);
		return 0;
	}
	for (char *line = r < 0 ? NULL : strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		line += strspn(line, " \t");
		if (!*line || *line == '#')
			continue;
		char *equals = strchr(line, '=');
		if (!equals || strncmp(line, "allow", 5) || line + 5 + strspn(line + 5, " \t") != equals)
			return err_msg(e, EINVAL, HOSTCONF_FILE ": not understood: %s", line);
		*ret = equals + 1 + strspn(equals + 1, " \t");
	}
	return r;
}

/* Beneath `dir`, for a file: its folder. The kernel walks, so no symlink or ".." leads out. */
static bool is_beneath(const char *dir, const char *path, bool is_file)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC,
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
	size_t n = strlen(dir);
	char rest[4096];

	while (n > 1 && dir[n - 1] == '/')
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
