/* SPDX-License-Identifier: Apache-2.0 */
/* allow: see allow.h. */
#include "allow/allow.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "annotation_kind.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/path.h"
#include "policy_rows.h"

#define FILE_MAX_BYTES (64u << 10)
#define BLANKS " \t"

struct permissions {
	struct arena *arena;
	bool loaded;
	char *folders; /* "allow"; NULL: none */
	char *annotations; /* "allow-annotation" */
	int bundle_fd;
};

/* -- hart.conf ------------------------------------------------------------------------------- */

char *allow_word(char *line, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(line, word, n) != 0 || !strchr(BLANKS "=", line[n]))
		return NULL;
	return line + n + strspn(line + n, BLANKS);
}

static bool is_known(char *line)
{
	char *folders = allow_word(line, "allow"), *annotations = allow_word(line, "allow-annotation");

	return (folders && *folders == '=') || (annotations && *annotations == '=') || allow_word(line, "policy");
}

/* Each line by itself, without its newline; a line of nothing, or a comment, is empty. */
static char *next_line(char **text)
{
	char *line = strsep(text, "\n");

	if (!line)
		return NULL;
	line += strspn(line, BLANKS);
	if (*line == '#')
		*line = '\0';
	return line;
}

/* A line that is none of these would be a protection that is missing: all are looked at before the first one counts. */
static int check_words(struct arena *a, const char *text, struct err *e)
{
	char *copy = arena_strdup(a, text);

	if (!copy)
		return err_set(e, ENOMEM, "read " HOSTCONF_FILE);
	for (char *line; (line = next_line(&copy));)
		if (*line && !is_known(line))
			return err_msg(e, EINVAL, HOSTCONF_FILE ": not understood: %s", line);
	return 0;
}

int allow_each_line(struct arena *a, int (*fn)(char *line, void *arg, struct err *e), void *arg, struct err *e)
{
	char *text;
	size_t len;
	int r = io_read_file(a, AT_FDCWD, HOSTCONF_FILE, FILE_MAX_BYTES, &text, &len, e);

	if (r == -ENOENT) {
		err_clear(e);
		return 0;
	}
	if (r >= 0)
		r = check_words(a, text, e);
	for (char *line; r == 0 && (line = next_line(&text));)
		if (*line)
			r = fn(line, arg, e);
	return r;
}

static int take_line(char *line, void *arg, struct err *e)
{
	struct permissions *p = arg;
	char *folders = allow_word(line, "allow"), *annotations = allow_word(line, "allow-annotation");
	char *value = folders ? folders : annotations;

	(void)e;
	if (!value)
		return 0;
	*(folders ? &p->folders : &p->annotations) = value + 1;
	return 0;
}

static int allow_load(struct permissions *p, struct err *e)
{
	int r = p->loaded ? 0 : allow_each_line(p->arena, take_line, p, e);

	p->loaded = true;
	return r;
}

/* The next of the words in *list that `ends` separate, which is moved on; NULL at its end. */
static char *next_of(struct permissions *p, const char **list, const char *ends)
{
	const char *from = *list + strspn(*list, ends);
	size_t n = strcspn(from, ends);

	*list = from + n;
	return n ? arena_strndup(p->arena, from, n) : NULL;
}

/* -- paths ----------------------------------------------------------------------------------- */

/* What `path` leaves below `folder`; NULL: it is not below it, by its text. */
static const char *below(const char *folder, const char *path)
{
	size_t n = strlen(folder);

	while (n && folder[n - 1] == '/') /* of "/" nothing is left: all begin with it */
		n--;
	if (*folder != '/' || strncmp(path, folder, n) != 0 || (path[n] != '/' && path[n]))
		return NULL;
	path += n;
	return path + strspn(path, "/");
}

/* A folder's real path: found beneath dir_fd, no symlink or ".." leads out of it. */
static int find_beneath(struct permissions *p, int dir_fd, const char *rest, char **ret)
{
	_cleanup_fd_ int fd = path_open_beneath(dir_fd, *rest ? rest : ".", O_PATH | O_DIRECTORY);

	return fd < 0 ? fd : path_real_of(p->arena, fd, ret);
}

/* -ENOENT and the like: it would be allowed, but is not there. */
static int find_allowed(struct permissions *p, const char *path, char **ret)
{
	const char *list = p->folders ? p->folders : "";
	int r = -EACCES;

	for (char *folder; r < 0 && (folder = next_of(p, &list, ":" BLANKS));) {
		const char *rest = below(folder, path);
		_cleanup_fd_ int fd = rest ? open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC) : FD_NONE;
		int found = fd < 0 ? -EACCES : find_beneath(p, fd, rest, ret);
		if (found >= 0 || (found != -EXDEV && found != -ELOOP && found != -EACCES))
			r = found;
	}
	return r;
}

static int allow_refuse(const char *key, const char *path, int errnum, struct err *e)
{
	if (errnum != EACCES)
		return err_set(e, errnum, "annotation %s: %s", key, path);
	return err_msg(e, EACCES, "annotation %s: %s is not below a folder that " HOSTCONF_FILE " allows (allow = DIR)",
		       key, path);
}

static int real_folder(struct permissions *p, const char *key, const char *path, char **ret, struct err *e)
{
	int r = find_allowed(p, path, ret);

	return r < 0 ? allow_refuse(key, path, -r, e) : 0;
}

/* A file may be made yet: its folder is looked up. */
static int real_file(struct permissions *p, const char *key, const char *path, char **ret, struct err *e)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	char *folder = slash ? arena_strndup(p->arena, path, (size_t)(slash - path) + 1) : NULL, *real;

	if (!slash || !*name || !strcmp(name, ".") || !strcmp(name, ".."))
		return err_msg(e, EINVAL, "annotation %s: %s: not the absolute path of a file", key, path);
	int r = folder ? find_allowed(p, folder, &real) : -ENOMEM;
	if (r < 0)
		return allow_refuse(key, path, -r, e);
	*ret = arena_printf(p->arena, "%s/%s", strcmp(real, "/") ? real : "", name);
	return *ret ? 0 : err_set(e, ENOMEM, "read annotations");
}

/* -- the forms of values --------------------------------------------------------------------- */

typedef int form_fn(struct permissions *p, const char *key, const char *value, struct buf *out, struct err *e);

static int put_word(struct buf *out, const char *key, const char *word, struct err *e)
{
	if (strpbrk(word, BLANKS))
		return err_msg(e, EINVAL, "annotation %s: %s: a blank is in its real path", key, word);
	buf_printf(out, "%s%s", out->len ? " " : "", word);
	return 0;
}

static int put_folders(struct permissions *p, const char *key, const char *value, struct buf *out, struct err *e)
{
	int r = 0;

	for (char *word; r >= 0 && (word = next_of(p, &value, " "));) {
		const char *suffix = policy_standby_suffix(word);
		char *folder = arena_strndup(p->arena, word, (size_t)(suffix - word));
		if (!folder)
			return err_set(e, ENOMEM, "read annotations");
		if (strcmp(folder, "self") != 0)
			r = real_folder(p, key, folder, &folder, e);
		if (r >= 0)
			r = put_word(out, key, folder, e);
		if (r >= 0)
			buf_puts(out, suffix);
	}
	return r;
}

static int put_file(struct permissions *p, const char *key, const char *value, struct buf *out, struct err *e)
{
	char *real;
	int r = real_file(p, key, value, &real, e);

	if (r >= 0)
		buf_puts(out, real);
	return r;
}

/* "unix:" behind the name, if there is one; as policy_word_listen reads it. */
static const char *socket_path(const char *word)
{
	const char *equals = strchr(word, '='), *colon = strchr(word, ':');
	const char *what = equals && (!colon || equals < colon) ? equals + 1 : word;

	return strncmp(what, "unix:", 5) ? NULL : what + 5;
}

static int put_sockets(struct permissions *p, const char *key, const char *value, struct buf *out, struct err *e)
{
	int r = 0;

	for (char *word; r >= 0 && (word = next_of(p, &value, " "));) {
		const char *path = socket_path(word);
		char *real;
		r = path ? real_file(p, key, path, &real, e) : 0;
		if (r >= 0 && path)
			word = arena_printf(p->arena, "%.*s%s", (int)(path - word), word, real);
		if (r >= 0)
			r = word ? put_word(out, key, word, e) : err_set(e, ENOMEM, "read annotations");
	}
	return r;
}

static int put_upper(struct permissions *p, const char *key, const char *value, struct buf *out, struct err *e)
{
	char *real = (char *)value;
	int r = *value == '/' ? real_folder(p, key, value, &real, e) : 0; /* tmpfs */

	buf_puts(out, real);
	return r;
}

static char *next_layer(struct permissions *p, const char **list)
{
	char *layer = arena_strdup(p->arena, *list), *to = layer;
	const char *from = *list;

	for (; layer && *from && *from != ':'; from++) {
		if (*from == '\\' && (from[1] == ':' || from[1] == '\\'))
			from++;
		*to++ = *from;
	}
	if (layer)
		*to = '\0';
	*list = *from ? from + 1 : NULL;
	return layer;
}

static int put_layers(struct permissions *p, const char *key, const char *value, struct buf *out, struct err *e)
{
	for (const char *at = value; at;) {
		char *layer = next_layer(p, &at), *real;
		if (!layer)
			return err_set(e, ENOMEM, "read annotations");
		int r = *layer == '/' ? real_folder(p, key, layer, &real, e) :
					find_beneath(p, p->bundle_fd, layer, &real);
		if (r < 0)
			return *layer == '/' ? r : err_set(e, -r, "annotation %s: %s in the bundle", key, layer);
		if (out->len)
			buf_puts(out, ":");
		for (const char *c = real; *c; c++)
			buf_printf(out, "%s%c", *c == ':' || *c == '\\' ? "\\" : "", *c);
	}
	return 0;
}

static form_fn *const forms[] = {
	[FORM_FOLDERS] = put_folders, [FORM_FILE] = put_file,	[FORM_SOCKETS] = put_sockets,
	[FORM_UPPER] = put_upper,     [FORM_LAYERS] = put_layers,
};

/* -- each annotation ------------------------------------------------------------------------- */

static int resolve(struct permissions *p, enum annotation_form form, struct oci_pair *pair, struct err *e)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	int r = forms[form](p, pair->key, pair->value, &out, e);

	if (r < 0)
		return r;
	char *value = out.failed ? NULL : arena_strndup(p->arena, out.data ? out.data : "", out.len);
	if (!value)
		return err_set(e, ENOMEM, "read annotations");
	pair->value = value;
	return 0;
}

static int must_be_named(struct permissions *p, const char *key, const char *why, struct err *e)
{
	const char *list = p->annotations ? p->annotations : "";

	for (char *word; (word = next_of(p, &list, BLANKS));)
		if (!strcmp(word, key))
			return 0;
	return err_msg(e, EACCES, "annotation %s: %s; " HOSTCONF_FILE " can allow it (allow-annotation = %s)", key, why, key);
}

static int allow_check(struct permissions *p, struct oci_pair *pair, struct err *e)
{
	enum annotation_form form;
	enum annotation_kind kind = annotation_kind(pair->key, &form);
	int r = 0;

	if (kind == ANNOTATION_FOREIGN || kind == ANNOTATION_UNKNOWN || kind == ANNOTATION_HARMLESS)
		return 0;
	r = allow_load(p, e);
	if (r < 0)
		return r;
	if (kind == ANNOTATION_HOST_PATH)
		return resolve(p, form, pair, e);
	return must_be_named(p, pair->key, kind == ANNOTATION_RUNS_OUTSIDE ? "it runs a program outside of the container" :
									      "it loosens isolation or limits", e);
}

int allow_annotations(struct arena *a, int bundle_fd, enum allow_whose whose, oci_map *annotations, struct err *e)
{
	struct permissions p = { .arena = a, .bundle_fd = bundle_fd };
	int r = 0;

	for (size_t i = 0; r >= 0 && i < annotations->n; i++)
		if (annotation_is_policy(annotations->v[i].key) == (whose == ALLOW_SERVICE))
			r = allow_check(&p, &annotations->v[i], e);
	return r;
}
