/* SPDX-License-Identifier: Apache-2.0 */
/* origin: see origin.h. */
#include "service/origin.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/path.h"
#include "merge.h"
#include "spec.h"

#define PATCH_FILE "config.patch.json"

static bool has(int dir_fd, const char *name)
{
	return faccessat(dir_fd, name, F_OK, 0) == 0;
}

/* The folder's rootfs/, if it has one, is what the primary's config names. */
static int use_rootfs(struct arena *a, int dir_fd, const char *dir, struct origin *ret,
		      struct err *e)
{
	if (!has(dir_fd, "rootfs"))
		return 0;
	ret->rootfs = arena_printf(a, "%s/rootfs", dir);
	return ret->rootfs ? 1 : err_set(e, ENOMEM, "use %s/rootfs", dir);
}

static int read_config(struct arena *a, struct origin *o, struct err *e)
{
	char *json;

	if (o->json)
		return 0;
	_cleanup_fd_ int fd = path_open_real(o->bundle, O_PATH | O_DIRECTORY);
	if (fd < 0)
		return err_set(e, -fd, "open %s", o->bundle);
	int r = io_read_file(a, fd, "config.json", SPEC_MAX_BYTES, &json, &o->json_len, e);
	if (r < 0)
		return err_in(e, "bundle %s", o->bundle);
	o->json = json;
	return 0;
}

static int apply_patch(struct arena *a, int dir_fd, const char *dir, struct origin *ret,
		       struct err *e)
{
	char *patch, *merged;
	size_t len, merged_len;
	int r = read_config(a, ret, e);

	if (r >= 0)
		r = io_read_file(a, dir_fd, PATCH_FILE, SPEC_MAX_BYTES, &patch, &len, e);
	if (r >= 0)
		r = merge_patch(a, (struct merge_text){ ret->json, ret->json_len }, (struct merge_text){ patch, len },
				&merged, &merged_len, e);
	if (r < 0)
		return err_in(e, "standby %s", dir);
	ret->json = merged;
	ret->json_len = merged_len;
	return 0;
}

static int origin_open_dir(const char *dir, struct err *e)
{
	int fd = path_open_real(dir, O_PATH | O_DIRECTORY);

	return fd < 0 ? err_set(e, -fd, "open standby %s", dir) : fd;
}

static int say_nothing_there(const char *dir, struct err *e)
{
	return err_msg(e, ENOENT, "standby %s: it contains neither config.json nor " PATCH_FILE " nor rootfs/", dir);
}

int origin_check(const char *dir, struct err *e)
{
	_cleanup_fd_ int fd = origin_open_dir(dir, e);

	if (fd < 0)
		return fd;
	return has(fd, "config.json") || has(fd, PATCH_FILE) || has(fd, "rootfs") ? 0 : say_nothing_there(dir, e);
}

int origin_find(struct arena *a, const char *dir, const struct origin *base, struct origin *ret,
		struct err *e)
{
	*ret = *base;
	if (!dir || !strcmp(dir, ORIGIN_SELF))
		return 0;
	_cleanup_fd_ int fd = origin_open_dir(dir, e);
	if (fd < 0)
		return fd;
	if (has(fd, "config.json")) {
		*ret = (struct origin){ .bundle = dir, .own_config = true };
		return 0;
	}
	int r = use_rootfs(a, fd, dir, ret, e);
	if (has(fd, PATCH_FILE))
		return r < 0 ? r : apply_patch(a, fd, dir, ret, e);
	return r ? (r < 0 ? r : 0) : say_nothing_there(dir, e);
}
