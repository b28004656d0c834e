/* SPDX-License-Identifier: Apache-2.0 */
/* console: console sockets, and a container's own pty. */
#include "console_folder.h"

/* -- console sockets ------------------------------------------------------------------------- */

static int listen_at(const char *name)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof a.sun_path, "%s", name);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static void console_sockets_may_have_long_paths(void **state)
{
	char path[4096], longer[300];
	size_t n = strlen(folder);

	(void)state;
	memset(longer, 'd', 250);
	longer[250] = '\0';
	assert_int_equal(mkdir(longer, 0700), 0);
	assert_int_equal(chdir(longer), 0);
	int listener = listen_at("s");
	assert_int_equal(chdir(folder), 0);
	snprintf(path, sizeof path, "%s/%s/s", folder, longer);
	for (int i = 0; i < 2; i++) { /* absolute, relative */
		int fd = fdsocket_connect(i ? path + n + 1 : path, "console socket", &e);
		assert_true(fd >= 0);
		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		close(fd);
	}
	close(listener);
	memset(path, 'p', sizeof path - 1);
	path[sizeof path - 1] = '\0';
	assert_int_equal(fdsocket_connect(path, "console socket", &e), -ENAMETOOLONG);
	path[2000] = '/';
	path[4090] = '\0';
	assert_int_equal(fdsocket_connect(path, "console socket", &e), -ENAMETOOLONG);
	assert_int_equal(fdsocket_connect("nowhere", "console socket", &e), -ENOENT);
	assert_string_equal(e.text, "connect to console socket nowhere: No such file or directory");
}

static void messages_without_a_descriptor_are_refused(void **state)
{
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(write(pair[0], "x", 1), 1);
	assert_int_equal(console_receive(pair[1], &e), -EPROTO);
	close(pair[0]);
	assert_int_equal(console_receive(pair[1], &e), -EPIPE);
	close(pair[1]);
}

static void detaching_needs_a_console_socket(void **state)
{
	int fd = FD_NONE, peer = FD_NONE;

	(void)state;
	assert_int_equal(console_channel(NULL, NULL, true, &fd, &peer, &e), -EINVAL);
	assert_int_equal(console_channel(NULL, NULL, false, &fd, &peer, &e), 0);
	close(fd);
	close(peer);
}

/* -- a container's pty ----------------------------------------------------------------------- */

/* In a child with its own mounts: `prepare` makes dev below the folder; true when it went as the
 * test says. */
static void in_rootfs(bool (*fn)(int root))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		    mount("tmpfs", folder, "tmpfs", 0, NULL) < 0 || chdir(folder) < 0)
			_exit(77);
		mkdir("dev", 0755);
		mkdir("dev/pts", 0755);
		setsid();
		_exit(fn(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)) ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

static bool mount_devpts(void)
{
	return mount("devpts", "dev/pts", "devpts", 0, "newinstance,ptmxmode=0666,mode=0620") == 0;
}

static bool has_a_terminal(int root)
{
	struct oci_box box = { .height = 12, .width = 34 };
	struct oci_process p = { .console_size = &box, .user = { .uid = 1000 } };
	struct winsize size;
	struct stat tty, console;
	int pair[2];

	if (!mount_devpts() || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0 ||
	    console_setup(root, &p, pair[0], false, true, &e) < 0 || console_control(&e) < 0)
		return false;
	int master = console_receive(pair[1], &e);
	return master >= 0 && ioctl(master, TIOCGWINSZ, &size) == 0 && size.ws_row == 12 &&
	       size.ws_col == 34 && isatty(0) && isatty(1) && isatty(2) && fstat(0, &tty) == 0 &&
	       tty.st_uid == 1000 && stat("dev/console", &console) == 0 &&
	       console.st_rdev == tty.st_rdev && tcgetsid(0) == getpid() &&
	       write(1, "through", 7) == 7 && read(master, &size, sizeof size) > 0;
}

/* The program must not see another size first, however late the relay starts. */
static bool has_our_size(int root)
{
	struct winsize size = { .ws_row = 21, .ws_col = 43 };
	struct oci_process p = { 0 };
	int pair[2], ours, slave;

	if (!mount_devpts() || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0 ||
	    openpty(&ours, &slave, NULL, NULL, &size) < 0 || dup2(slave, 0) < 0 ||
	    console_setup(root, &p, pair[0], false, false, &e) < 0)
		return false;
	memset(&size, 0, sizeof size);
	return ioctl(0, TIOCGWINSZ, &size) == 0 && size.ws_row == 21 && size.ws_col == 43;
}

static void the_console_is_the_container_s_own(void **state)
{
	(void)state;
	in_rootfs(has_a_terminal);
	in_rootfs(has_our_size);
}

static bool refuses(int root, int errnum)
{
	struct oci_process p = { 0 };
	int pair[2];

	return socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 &&
	       console_setup(root, &p, pair[0], false, true, &e) == -errnum && !isatty(0);
}

static bool no_devpts(int root)
{
	close(0);
	open("/dev/null", O_RDWR);
	mknod("dev/pts/ptmx", S_IFCHR | 0666, makedev(5, 2));
	return refuses(root, EXDEV);
}

static bool pts_is_a_link_out(int root)
{
	close(0);
	open("/dev/null", O_RDWR);
	rmdir("dev/pts");
	/* The host's own devpts, from outside of the root. */
	return symlink("/dev/pts", "dev/pts") == 0 && refuses(root, ELOOP);
}

static bool ptmx_is_covered(int root)
{
	close(0);
	open("/dev/null", O_RDWR);
	return mount_devpts() && mount("/dev/null", "dev/pts/ptmx", NULL, MS_BIND, NULL) == 0 &&
	       refuses(root, EXDEV);
}

static void other_devices_are_not_taken_for_a_terminal(void **state)
{
	(void)state;
	in_rootfs(no_devpts);
	in_rootfs(pts_is_a_link_out);
	in_rootfs(ptmx_is_covered);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(console_sockets_may_have_long_paths),
		cmocka_unit_test(messages_without_a_descriptor_are_refused),
		cmocka_unit_test(detaching_needs_a_console_socket),
		cmocka_unit_test(the_console_is_the_container_s_own),
		cmocka_unit_test(other_devices_are_not_taken_for_a_terminal),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
