/* SPDX-License-Identifier: Apache-2.0 */
/* nowhere: see nowhere.h. */
#include "rootfs/nowhere.h"

#include "base/fd.h"
#include "base/sys.h"
#include "rootfs/mount.h"
#include "rootfs/mount_options.h"
#include "rootfs/pivot.h"

int nowhere_enter(struct err *e)
{
	const struct mount_options o = { .attr_set = MOUNT_ATTR_RDONLY };
	const struct mount_fs fs = { .type = "tmpfs", .source = "tmpfs", .options = &o };
	_cleanup_fd_ int fd = mount_new(&fs, e);

	return fd < 0 ? fd : pivot_chroot(fd, e);
}
