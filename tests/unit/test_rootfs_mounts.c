/* SPDX-License-Identifier: Apache-2.0 */
/* rootfs_mounts: what is mounted, where and how, in real namespaces: rootfs_stage.h. */
#include "rootfs_stage.h"

static bool link_is(const char *path, const char *target)
{
	char text[PATH_MAX];
	ssize_t n = readlink(path, text, sizeof text);

	return n == (ssize_t)strlen(target) && !memcmp(text, target, (size_t)n);
}

static void look_at_defaults(void)
{
	struct err e = ERR_INIT;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	char *info = (char *)"";
	size_t len;

	FACT(fs_magic("/proc") == PROC_SUPER_MAGIC);
	FACT(fs_magic("/dev") == TMPFS_MAGIC);
	FACT(fs_magic("/dev/pts") == DEVPTS_SUPER_MAGIC);
	FACT(fs_magic("/sys") == SYSFS_MAGIC);
	FACT(fs_flags("/dev") & ST_NOSUID);
	FACT(fs_flags("/dev/shm") & ST_NODEV);
	FACT(fs_flags("/dev/shm") & ST_NOEXEC);
	FACT(fs_flags("/sys") & ST_RDONLY);
	FACT(mode_of("/dev/shm") == 01777);
	FACT(mode_of("/dev") == 0755);
	FACT(is_dev("/dev/null", 1, 3) && is_dev("/dev/tty", 5, 0) && is_dev("/dev/urandom", 1, 9));
	FACT(mode_of("/dev/null") == 0666);
	FACT(link_is("/dev/ptmx", "pts/ptmx") && link_is("/dev/fd", "/proc/self/fd"));
	FACT(link_is("/dev/stderr", "/proc/self/fd/2"));
	FACT(access("/dev/ptmx", R_OK | W_OK) == 0);
	FACT(getpid() == 1 && access("/proc/1/stat", R_OK) == 0 && access("/proc/2", F_OK) < 0);
	FACT(access("/tmp", F_OK) < 0);
	FACT(io_read_file(&a, AT_FDCWD, "/proc/self/mountinfo", 1 << 20, &info, &len, &e) >= 0);
	/* Nothing of the host is left in the namespace: root, 6 mounts. */
	int lines = 0;
	for (char *s = info; (s = strchr(s, '\n')); s++)
		lines++;
	FACT(lines == 7);
	FACT(!strstr(info, "shared:"));
	FACT(chdir("..") == 0 && access("proc/1", F_OK) == 0);
}

static void default_mounts(void **state)
{
	(void)state;
	must(run_json(config(DEFAULTS, "", ""), (struct run){ 0 }, look_at_defaults));
	/* Only mount points were made in the rootfs. */
	shell("cd %s/rootfs && test \"$(find . | sort | tr '\\n' ' ')\" = '. ./dev ./proc ./sys '",
	      bundle);
}

/* A new procfs in a user namespace of the container's own would be without the masks. */
static bool can_mount_unmasked_proc(void)
{
	int status = 0;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID) < 0)
		return true;
	pid_t pid = fork();
	if (pid == 0) {
		int fs = sys_fsopen("proc", 0);
		_exit(fs >= 0 && sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0 &&
		      sys_fsmount(fs, 0, 0) >= 0);
	}
	waitpid(pid, &status, 0);
	return status;
}

static void look_for_host_proc(void)
{
	FACT(fs_magic("/proc") == PROC_SUPER_MAGIC && getpid() == 1);
	FACT(is_dev("/proc/version", 1, 3));
	FACT(!can_mount_unmasked_proc());
}

/* The host's tree is still in the namespace, but no whole proc mount that the kernel would take as
 * leave to mount another. */
static void no_pivot(void **state)
{
	(void)state;
	must(run_json(config(PROC "," DEV, ",\"maskedPaths\":[\"/proc/version\"]", ""),
		      (struct run){ .opts.no_pivot = true }, look_for_host_proc));
}

static void look_at_binds(void)
{
	FACT(file_says("/a/b/file", "hello\n"));
	FACT(file_says("/one", "hello\n"));
	FACT(fs_flags("/a/b") & ST_RDONLY);
	FACT(fs_flags("/a/b") & ST_NOSUID);
	FACT(fs_magic("/rec/sub") == TMPFS_MAGIC && fs_flags("/rec/sub") & ST_RDONLY);
	FACT(fs_magic("/top/sub") == TMPFS_MAGIC && !(fs_flags("/top/sub") & ST_RDONLY));
	FACT(fs_flags("/top") & ST_RDONLY && fs_flags("/top") & ST_NOEXEC);
	FACT(device_of("/flat/sub") == device_of("/flat") && !(fs_flags("/flat") & ST_RDONLY));
	FACT(fs_flags("/flat") & ST_NOATIME);
}

static void binds(void **state)
{
	(void)state;
	shell("mount -t tmpfs t %s/src/sub", bundle);
	must(run_json(
		config("{\"destination\":\"/a/b\",\"source\":\"src\",\"options\":[\"bind\",\"ro\","
		       "\"nosuid\",\"rprivate\"]},"
		       "{\"destination\":\"one\",\"source\":\"src/file\",\"options\":[\"bind\"]},"
		       "{\"destination\":\"/rec\",\"source\":\"src\",\"options\":[\"rbind\",\"rro\"]},"
		       "{\"destination\":\"/top\",\"source\":\"src\",\"options\":[\"rbind\",\"ro\","
		       "\"noexec\",\"rslave\"]},"
		       "{\"destination\":\"/flat\",\"source\":\"src\",\"type\":\"bind\","
		       "\"options\":[\"noatime\"]}", "", ""),
		(struct run){ 0 }, look_at_binds));
}

static void bad_entries(void **state)
{
	static const struct {
		const char *mount;
		int errnum;
		const char *text;
	} bad[] = {
		{ "{\"destination\":\"/a\",\"source\":\"missing\",\"options\":[\"bind\"]}", ENOENT,
		  "bind source missing" },
		{ "{\"destination\":\"/a\",\"type\":\"tmpfs\",\"options\":[\"size=x\"]}", EINVAL,
		  "size" },
		{ "{\"destination\":\"/a\",\"type\":\"tmpfs\",\"options\":[\"wrong\"]}", EINVAL,
		  "wrong" },
		{ "{\"destination\":\"/a\",\"type\":\"nosuchfs\"}", ENODEV, "nosuchfs" },
		{ "{\"destination\":\"/proc\",\"type\":\"tmpfs\"}", EPERM, "/proc" },
		{ PROC ",{\"destination\":\"/proc/sys\",\"type\":\"tmpfs\"}", EPERM, "/proc" },
		{ PROC ",{\"destination\":\"/x/../proc/1\",\"source\":\"src\",\"options\":[\"bind\"]}",
		  EPERM, "/proc" },
		{ PROC ",{\"destination\":\"/link/sys\",\"type\":\"tmpfs\"}", EPERM, "/proc" },
		{ "{\"destination\":\"/link2\",\"type\":\"proc\"}", ENOTDIR, "ordinary folder" },
		{ "{\"destination\":\"/link2\",\"type\":\"sysfs\"}", ENOTDIR, "ordinary folder" },
		{ "{\"destination\":\"/f\",\"source\":\"src\",\"options\":[\"bind\"]}", ENOTDIR,
		  "/f" },
	};

	(void)state;
	shell("cd %s/rootfs && ln -s proc link && ln -s dev link2 && touch f", bundle);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		must_fail(run_json(config(bad[i].mount, "", ""), (struct run){ 0 }, NULL),
			  bad[i].errnum, bad[i].text);
}

static void look_at_copyup(void)
{
	struct stat st;

	FACT(fs_magic("/data") == TMPFS_MAGIC && file_says("/data/f", "data\n"));
	FACT(mode_of("/data") == 0751 && mode_of("/data/d") == 0700 && mode_of("/data/f") == 0604);
	FACT(stat("/data/f", &st) == 0 && st.st_uid == 5 && st.st_gid == 6);
	FACT(link_is("/data/l", "/etc/shadow") && file_says("/data/d/g", "deep\n"));
	FACT(stat("/data/p", &st) == 0 && S_ISFIFO(st.st_mode));
	FACT(open("/data/new", O_CREAT | O_WRONLY, 0644) >= 0);
}

static void tmpcopyup(void **state)
{
	(void)state;
	shell("cd %s/rootfs && mkdir -m 751 data && cd data && mkdir -m 700 d && echo deep > d/g && "
	      "echo data > f && chown 5:6 f && chmod 604 f && ln -s /etc/shadow l && mkfifo p", bundle);
	must(run_json(config("{\"destination\":\"/data\",\"type\":\"tmpfs\",\"options\":"
			     "[\"tmpcopyup\"]}", "", ""), (struct run){ 0 }, look_at_copyup));
	shell("! test -e %s/rootfs/data/new", bundle);
}

static void look_at_remount(void)
{
	FACT(fs_flags("/t") & ST_RDONLY && fs_flags("/t") & ST_NOEXEC);
	FACT(fs_flags("/b") & ST_NODEV && !(fs_flags("/b") & ST_RDONLY));
}

static void remounts(void **state)
{
	(void)state;
	must(run_json(
		config("{\"destination\":\"/t\",\"type\":\"tmpfs\"},"
		       "{\"destination\":\"/t\",\"options\":[\"remount\",\"ro\",\"noexec\","
		       "\"size=1m\"]},"
		       "{\"destination\":\"/b\",\"source\":\"src\",\"options\":[\"bind\",\"ro\"]},"
		       "{\"destination\":\"/b\",\"options\":[\"remount\",\"bind\",\"rw\",\"nodev\"]}",
		       "", ""),
		(struct run){ 0 }, look_at_remount));
}

/* The folder above is closed to the container's root: the working directory is the way in. */
static void closed_bundle(void **state)
{
	struct run run = { .extra_flags = CLONE_NEWUSER, .user_ns = true };

	(void)state;
	shell("chown -R 100000:100000 %s/rootfs && chmod 700 %s", bundle, bundle);
	must(run_json(user_config(DEFAULTS, "uts"), run, NULL));
}

static void look_at_root_mount(void)
{
	FACT(file_says("/file", "hello\n"));
	FACT(fs_magic("/proc") == PROC_SUPER_MAGIC);
}

static void mount_over_root(void **state)
{
	(void)state;
	must(run_json(config("{\"destination\":\"/\",\"source\":\"src\",\"options\":[\"bind\"]}," PROC,
			     "", ""), (struct run){ 0 }, look_at_root_mount));
}

static bool root_line_has(const char *text)
{
	struct err e = ERR_INIT;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	char *info, *line;
	size_t len;

	if (io_read_file(&a, AT_FDCWD, "/proc/self/mountinfo", 1 << 20, &info, &len, &e) < 0)
		return false;
	while ((line = strsep(&info, "\n")))
		if (strstr(line, " / rw"))
			return strstr(line, text);
	return false;
}

static void look_for_shared(void)
{
	FACT(root_line_has(" shared:"));
}

static void look_for_unbindable(void)
{
	FACT(root_line_has(" unbindable"));
}

static void propagation(void **state)
{
	(void)state;
	must(run_json(config(PROC, ",\"rootfsPropagation\":\"shared\"", ""), (struct run){ 0 },
		      look_for_shared));
	must(run_json(config(PROC, ",\"rootfsPropagation\":\"unbindable\"", ""), (struct run){ 0 },
		      look_for_unbindable));
	must(run_json(config(PROC, ",\"rootfsPropagation\":\"rslave\"", ""), (struct run){ 0 }, NULL));
	must(run_json(config(PROC, ",\"rootfsPropagation\":\"private\"", ""), (struct run){ 0 }, NULL));
}

static void look_at_overlay(void)
{
	FACT(fs_magic("/o") == OVERLAYFS_SUPER_MAGIC);
	FACT(access("/o/layer-0", F_OK) == 0 && access("/o/layer-9", F_OK) == 0);
}

/* Values longer than fsconfig takes. */
static void long_options(void **state)
{
	static char mounts[4096];
	size_t len = (size_t)snprintf(mounts, sizeof mounts, "{\"destination\":\"/o\",\"type\":\"overlay\","
				      "\"source\":\"overlay\",\"options\":[\"lowerdir=");

	(void)state;
	for (int i = 0; i < 10; i++) {
		shell("mkdir -p %s/src/a-long-name-for-a-layer-%d/layer-%d", bundle, i, i);
		len += (size_t)snprintf(mounts + len, sizeof mounts - len,
					"%s%s/src/a-long-name-for-a-layer-%d", i ? ":" : "", bundle, i);
	}
	snprintf(mounts + len, sizeof mounts - len, "\"]}");
	must(run_json(config(mounts, "", ""), (struct run){ 0 }, look_at_overlay));
}

static void look_at_many(void)
{
	FACT(file_says("/m/0/file", "hello\n") && file_says("/m/399/file", "hello\n"));
}

static void many_binds(void **state)
{
	static char mounts[65536];
	size_t len = 0;

	(void)state;
	for (int i = 0; i < 400; i++)
		len += (size_t)snprintf(mounts + len, sizeof mounts - len,
					"%s{\"destination\":\"/m/%d\",\"source\":\"src\",\"options\":[\"bind\"]}",
					i ? "," : "", i);
	must(run_json(config(mounts, "", ""), (struct run){ 0 }, look_at_many));
}

/* As a sandbox that does not know the new mount API: ENOSYS. */
static void refuse_new_api(void)
{
	static const int calls[] = { SYS_fsopen, SYS_open_tree, SYS_move_mount, SYS_mount_setattr,
				     SYS_fspick };
	struct sock_filter f[16] = { BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					      offsetof(struct seccomp_data, nr)) };
	unsigned short n = 1;

	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls[i], 0, 1);
		f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
	}
	f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog prog = { n, f };
	assert_int_equal(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	assert_int_equal(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog), 0);
}

static void look_at_plain_binds(void)
{
	look_at_masks();
	FACT(file_says("/a/b/file", "hello\n") && fs_flags("/a/b") & ST_RDONLY);
	FACT(file_says("/one", "hello\n"));
}

static void without_the_new_api(void **state)
{
	(void)state;
	shell("cd %s/rootfs && mkdir hidden hidden2 && touch hidden/x hidden2/x && echo s > secret",
	      bundle);
	pid_t pid = fork();
	if (pid == 0) {
		refuse_new_api();
		if (run_json(config(DEFAULTS, "", ""), (struct run){ 0 }, look_at_defaults) < 0)
			_exit(1);
		_exit(run_json(with_masks(",{\"destination\":\"/a/b\",\"source\":\"src\",\"options\":"
					  "[\"rbind\",\"ro\",\"rprivate\"]},{\"destination\":\"one\","
					  "\"source\":\"src/file\",\"options\":[\"bind\"]}"),
			       (struct run){ 0 }, look_at_plain_binds) < 0);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status)
		fail_msg("%s", report->e.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(default_mounts),
		T(no_pivot),
		T(binds),
		T(bad_entries),
		T(tmpcopyup),
		T(remounts),
		T(closed_bundle),
		T(mount_over_root),
		T(propagation),
		T(without_the_new_api),
		T(long_options),
		T(many_binds),
		cmocka_unit_test(nothing_stays_on_the_host),
	};

	return run_on_stage(tests, sizeof tests / sizeof *tests);
}
