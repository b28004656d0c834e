/* SPDX-License-Identifier: Apache-2.0 */
/* files: see fuzz.h. The wrappers of base/io's readers (-Wl,--wrap=io_read_file and so on). */
#include "fuzz.h"

#include <errno.h>
#include <string.h>

#include "base/io.h"

int __wrap_io_read_file(struct arena *a, int dirfd, const char *path, size_t max, char **ret_data, size_t *ret_len,
			struct err *e);
int __wrap_io_read_all(struct arena *a, int fd, size_t max, const char *name, char **ret_data, size_t *ret_len,
		       struct err *e);

static const uint8_t *left;
static size_t n_left;

void fuzz_files(const uint8_t *data, size_t len)
{
	left = data;
	n_left = len;
}

int __wrap_io_read_all(struct arena *a, int fd, size_t max, const char *name, char **ret_data, size_t *ret_len,
		       struct err *e)
{
	const uint8_t *end = n_left ? memchr(left, 0xff, n_left) : NULL;
	size_t len = end ? (size_t)(end - left) : n_left;

	(void)fd;
	if (len > max)
		return err_set(e, EFBIG, "read %s", name);
	*ret_data = arena_alloc(a, len + 1);
	if (!*ret_data)
		return err_set(e, ENOMEM, "read %s", name);
	if (len)
		memcpy(*ret_data, left, len);
	*ret_len = len;
	left += end ? len + 1 : len;
	n_left -= end ? len + 1 : len;
	return 0;
}

int __wrap_io_read_file(struct arena *a, int dirfd, const char *path, size_t max, char **ret_data, size_t *ret_len,
			struct err *e)
{
	(void)dirfd;
	return __wrap_io_read_all(a, -1, max, path, ret_data, ret_len, e);
}
