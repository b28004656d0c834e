/* SPDX-License-Identifier: Apache-2.0 */
/* bundle: see bundle.h. */
#include "bundle.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/path.h"
#include "spec.h"

int bundle_open(struct arena *a, const char *path, const char *json, size_t json_len,
		struct bundle *b, struct err *e)
{
	int r;

	*b = BUNDLE_INIT;
	b->fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (b->fd < 0) {
		b->fd = FD_NONE;
		return err_set(e, errno, "open bundle %s", path);
	}
	r = path_real_of(a, b->fd, &b->path);
	if (r < 0)
		err_set(e, -r, "name the bundle folder");
	if (r >= 0) {
		b->json = (char *)json;
		b->json_len = json_len;
		if (!json)
			r = io_read_file(a, b->fd, "config.json", SPEC_MAX_BYTES, &b->json,
					 &b->json_len, e);
		if (r == -ENOENT)
			err_msg(e, ENOENT, "there is no config.json in it; \"hart spec --bundle %s\" makes one", path);
		if (r >= 0)
			r = spec_load_config(a, b->json, b->json_len, &b->config, NULL, e);
		if (r < 0)
			err_in(e, "bundle %s", b->path);
	}
	if (r < 0)
		bundle_close(b);
	return r;
}

void bundle_close(struct bundle *b)
{
	fd_close(&b->fd);
}
