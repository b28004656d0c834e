/*
 * stuck: a file system whose one file, `file`, never answers a read: the reader waits uninterruptibly, and
 * even SIGKILL cannot end it until this program ends. Stands in for a dead disk or NFS server.
 *
 *   stuck FOLDER        mounts, says "ready", serves until something comes in on stdin, or its end
 */
#include "service.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILE_NODE 2

static void reply(int fuse, uint64_t unique, int err, const void *data, size_t size)
{
	struct fuse_out_header h = { .len = (uint32_t)(sizeof h + size), .error = -err,
				     .unique = unique };
	struct iovec v[2] = { { &h, sizeof h }, { (void *)data, size } };

	(void)!writev(fuse, v, size ? 2 : 1);
}

static struct fuse_attr attributes(uint64_t node)
{
	return (struct fuse_attr){ .ino = node, .nlink = 1, .size = 4096, .blksize = 4096,
				   .mode = node == FILE_NODE ? S_IFREG | 0444 : S_IFDIR | 0755 };
}

static void on_init(int fuse, uint64_t unique, const struct fuse_init_in *in)
{
	struct fuse_init_out out = { .major = FUSE_KERNEL_VERSION, .minor = in->minor,
				     .max_readahead = 0, .max_write = 4096 };

	reply(fuse, unique, 0, &out, sizeof out);
}

static void on_lookup(int fuse, uint64_t unique, const char *name)
{
	struct fuse_entry_out out = { .nodeid = FILE_NODE, .attr_valid = 3600, .entry_valid = 3600,
				      .attr = attributes(FILE_NODE) };

	if (strcmp(name, "file"))
		reply(fuse, unique, ENOENT, NULL, 0);
	else
		reply(fuse, unique, 0, &out, sizeof out);
}

static void on_getattr(int fuse, uint64_t unique, uint64_t node)
{
	struct fuse_attr_out out = { .attr_valid = 3600, .attr = attributes(node) };

	reply(fuse, unique, 0, &out, sizeof out);
}

static void on_open(int fuse, uint64_t unique)
{
	struct fuse_open_out out = { .open_flags = FOPEN_DIRECT_IO };

	reply(fuse, unique, 0, &out, sizeof out);
}

static void serve(int fuse)
{
	static union {
		struct fuse_in_header h;
		char bytes[FUSE_MIN_READ_BUFFER + 4096];
	} in;

	if (read(fuse, &in, sizeof in) < (ssize_t)sizeof in.h)
		return;
	const void *arg = &in.h + 1;
	switch (in.h.opcode) {
	case FUSE_INIT:
		on_init(fuse, in.h.unique, arg);
		break;
	case FUSE_LOOKUP:
		on_lookup(fuse, in.h.unique, arg);
		break;
	case FUSE_GETATTR:
		on_getattr(fuse, in.h.unique, in.h.nodeid);
		break;
	case FUSE_OPEN:
	case FUSE_OPENDIR:
		on_open(fuse, in.h.unique);
		break;
	case FUSE_READ: /* never */
	case FUSE_INTERRUPT:
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
		break;
	default:
		reply(fuse, in.h.unique, ENOSYS, NULL, 0);
	}
}

int main(int argc, char **argv)
{
	char options[128];

	if (argc != 2) {
		fprintf(stderr, "usage: stuck FOLDER\n");
		return 2;
	}
	int fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fuse < 0)
		die("/dev/fuse");
	snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fuse);
	if (mount("stuck", argv[1], "fuse", MS_NOSUID | MS_NODEV, options) < 0)
		die(argv[1]);
	puts("ready");
	fflush(stdout);
	struct pollfd p[2] = { { fuse, POLLIN, 0 }, { STDIN_FILENO, POLLIN, 0 } };
	while (poll(p, 2, -1) > 0 && !p[1].revents && !(p[0].revents & (POLLERR | POLLHUP)))
		serve(fuse);
	umount2(argv[1], MNT_DETACH);
	return 0;
}
