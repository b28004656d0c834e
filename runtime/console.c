/* SPDX-License-Identifier: Apache-2.0 */
/* console: see console.h. */
#include "console.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "oci.h"
#include "rootfs/mount.h"
#include "wire/fdsocket.h"

#define CONSOLE_SOCKET "console socket" /* in messages */
#define MASTER_NAME "/dev/ptmx" /* the text beside the descriptor, as callers expect one */

int console_channel(const char *socket_path, const int *socket_fd, bool detach, int *ret_fd, int *ret_peer,
		    struct err *e)
{
	int fds[2];

	if (socket_fd) {
		*ret_fd = fcntl(*socket_fd, F_DUPFD_CLOEXEC, 0);
		return *ret_fd < 0 ? err_set(e, errno, "keep the console socket") : 0;
	}
	if (detach && !socket_path)
		return err_msg(e, EINVAL, "cannot allocate tty if hart will detach without setting "
			       "console socket");
	if (socket_path)
		return *ret_fd = fdsocket_connect(socket_path, CONSOLE_SOCKET, e);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return err_set(e, errno, "make the console socket pair");
	*ret_fd = fds[0];
	*ret_peer = fds[1];
	return 0;
}

int console_receive(int fd, struct err *e)
{
	int master = fdsocket_receive(fd, 0);

	if (master == -EPIPE)
		return err_msg(e, EPIPE, "receive the terminal: the process that makes it is gone");
	if (master == -EPROTO)
		return err_msg(e, EPROTO, "receive the terminal: no descriptor in the message");
	return master < 0 ? err_set(e, -master, "receive the terminal") : master;
}

#define PTMX_MAJOR 5
#define PTMX_MINOR 2

/*
 * The master end of a new pty of the container's devpts instance. The folder is checked first, so
 * that no other device is ever opened: below a devpts the name "ptmx" cannot be anything else, and
 * nothing that is mounted on it is entered.
 */
static int open_master(int root_fd, struct err *e)
{
	struct open_how how = {
		.flags = O_RDWR | O_NOCTTY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS,
	};
	_cleanup_fd_ int dir = path_open_in(root_fd, "/dev/pts", O_PATH | O_DIRECTORY, e);
	struct statfs fs;
	struct stat st;
	int unlock = 0;

	if (dir < 0)
		return err_in(e, "make a terminal");
	if (fstatfs(dir, &fs) < 0)
		return err_set(e, errno, "check /dev/pts");
	if (fs.f_type != DEVPTS_SUPER_MAGIC)
		return err_msg(e, EXDEV, "make a terminal: /dev/pts is not a devpts file system");
	_cleanup_fd_ int fd = sys_openat2(dir, "ptmx", &how);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(e, errno, "make a terminal: open /dev/pts/ptmx");
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(PTMX_MAJOR, PTMX_MINOR))
		return err_msg(e, EXDEV, "make a terminal: /dev/pts/ptmx is not a devpts master");
	if (ioctl(fd, TIOCSPTLCK, &unlock) < 0)
		return err_set(e, errno, "unlock the terminal");
	return fd_take(&fd);
}

/* Before the program can ask for it: consoleSize, or that of the terminal we were started from. */
static int set_size(int slave, const struct oci_box *box, struct err *e)
{
	struct winsize size;

	if (box)
		size = (struct winsize){ .ws_row = (unsigned short)box->height,
					 .ws_col = (unsigned short)box->width };
	else if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) < 0 &&
		 ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
		return 0;
	return ioctl(slave, TIOCSWINSZ, &size) < 0 ? err_set(e, errno, "set the terminal's size") : 0;
}

bool console_is_plain(int peer)
{
	return peer >= 0 && !isatty(STDOUT_FILENO);
}

/* A reader that is no terminal wants the program's own newlines, as with runc. */
static int leave_newlines(int slave, struct err *e)
{
	struct termios t;

	if (tcgetattr(slave, &t) < 0)
		return err_set(e, errno, "read the terminal's settings");
	t.c_oflag &= ~(tcflag_t)ONLCR;
	return tcsetattr(slave, TCSANOW, &t) < 0 ? err_set(e, errno, "set the terminal's newlines") : 0;
}

static int open_slave(int master, const struct oci_process *p, bool plain, struct err *e)
{
	_cleanup_fd_ int fd = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return err_set(e, errno, "open the terminal's other end");
	int r = set_size(fd, p->console_size, e);
	if (r >= 0 && plain)
		r = leave_newlines(fd, e);
	if (r < 0)
		return r;
	/* Refused where the devpts is not the container's own: it can be used, but not opened again. */
	if (fchown(fd, p->user.uid, (gid_t)-1) < 0 && errno != EPERM && errno != EROFS)
		return err_set(e, errno, "give the terminal to user %u", p->user.uid);
	return fd_take(&fd);
}

static int bind_console(int root_fd, int slave, struct err *e)
{
	_cleanup_fd_ int target = path_mkfile_in(root_fd, "/dev/console", 0620, e);

	if (target < 0)
		return err_in(e, "bind the terminal on /dev/console");
	_cleanup_fd_ int tree = mount_clone(slave, "", false, e);
	return tree < 0 ? err_in(e, "bind the terminal on /dev/console")
			: mount_attach(tree, target, "/dev/console", e);
}

int console_control(struct err *e)
{
	return ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0 ? err_set(e, errno, "make it the controlling terminal") : 0;
}

static int take_over(int slave, struct err *e)
{
	for (int fd = 0; fd < 3; fd++)
		if (dup2(slave, fd) < 0)
			return err_set(e, errno, "make the terminal stdin, stdout and stderr");
	return 0;
}

int console_setup(int root_fd, const struct oci_process *p, int send_fd, bool plain, bool bind, struct err *e)
{
	_cleanup_fd_ int master = open_master(root_fd, e);

	if (master < 0)
		return master;
	_cleanup_fd_ int slave = open_slave(master, p, plain, e);
	if (slave < 0)
		return slave;
	int r = bind ? bind_console(root_fd, slave, e) : 0;
	if (r >= 0)
		r = fdsocket_send(send_fd, master, MASTER_NAME, sizeof MASTER_NAME - 1,
				  CONSOLE_SOCKET, e);
	return r < 0 ? r : take_over(slave, e);
}
