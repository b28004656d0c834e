/*
 * rootfs: real mounts in real namespaces, without the rest of the runtime: a config in JSON, an
 * empty rootfs folder, a child that mounts, enters and then looks around. Needs root.
 */
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/procfd.h"
#include "base/sys.h"
#include "cgroup/cgroup.h"
#include "folder.h"
#include "ns/usermap.h"
#include "rootfs/rootfs.h"
#include "spec.h"

static char bundle[FOLDER_MAX];

/* Shared with the child. */
static struct report {
	struct err e;
	int status; /* of the setup, >= 0 = fine */
	char failed[256]; /* the first fact that did not hold */
} *report;

/* In the child: notes a fact that does not hold. */
#define FACT(x)                                                                          \
	do {                                                                             \
		if (!(x) && !*report->failed)                                            \
			snprintf(report->failed, sizeof report->failed, "line %d: %s (errno %d)", \
				 __LINE__, #x, errno);                                   \
	} while (0)

/* The rootfs starts empty but for what the test adds by shell commands run inside it. */
static int fresh_bundle(void **state)
{
	(void)state;
	if (folder_make(bundle) < 0)
		return -1;
	chmod(bundle, 0755);
	shell("mkdir %s/rootfs %s/src && echo hello > %s/src/file && mkdir %s/src/sub", bundle, bundle,
	      bundle, bundle);
	return 0;
}

static int remove_bundle(void **state)
{
	(void)state;
	shell("umount %s/src/sub 2>/dev/null || true", bundle);
	return folder_remove(bundle);
}

struct run {
	struct rootfs_opts opts;
	unsigned long extra_flags, without_flags;
	void (*before)(void); /* child, before rootfs_mount */
	void (*between)(void); /* child, after rootfs_mount */
	bool user_ns;
};

static void child_main(struct rootfs *r, const struct run *run, void (*look)(void), int go)
{
	char c;

	report->status = -EPIPE;
	if (read(go, &c, 1) != 1)
		_exit(1);
	if (run->user_ns && usermap_become_root(&report->e) < 0)
		_exit(1);
	if (run->before)
		run->before();
	report->status = rootfs_mount(r, &report->e);
	if (report->status >= 0 && run->between)
		run->between();
	if (report->status >= 0)
		report->status = rootfs_enter(r, &report->e);
	if (report->status >= 0 && look)
		look();
	_exit(0);
}

/* `mounts` and `rest` are the JSON of the array's entries and of further members of linux and the
 * top level ("" = none, otherwise starting with a comma). */
static int run_json(const char *json, struct run run, void (*look)(void))
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct oci_config *c;
	struct rootfs *r = NULL;
	struct clone_args args = { .exit_signal = SIGCHLD };
	int go[2], was = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd_ int bundle_fd = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);

	memset(report, 0, sizeof *report);
	int rc = spec_load_config(&a, json, strlen(json), &c, NULL, &report->e);
	if (rc < 0)
		fail_msg("%s", report->e.text);
	run.opts.bundle = bundle;
	run.opts.bundle_fd = bundle_fd;
	if (!run.opts.cgroup_fd)
		run.opts.cgroup_fd = FD_NONE;
	if (!run.opts.overlay_fd)
		run.opts.overlay_fd = FD_NONE;
	rc = rootfs_prepare(&a, c, &run.opts, &r, &report->e);
	if (rc < 0)
		return rc;
	assert_int_equal(rootfs_chdir(r, &report->e), 0);
	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	args.flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET |
		     CLONE_NEWCGROUP | run.extra_flags;
	args.flags &= ~(uint64_t)run.without_flags;
	pid_t pid = sys_clone3(&args);
	assert_true(pid >= 0);
	if (pid == 0)
		child_main(r, &run, look, go[0]);
	rootfs_close(r);
	assert_int_equal(fchdir(was), 0);
	close(was);
	if (run.user_ns) {
		_cleanup_fd_ int procfd = procfd_open(&report->e);
		if (usermap_write(procfd, pid, c->linux_, &report->e) < 0)
			fail_msg("%s", report->e.text);
	}
	assert_int_equal(write(go[1], "g", 1), 1);
	close(go[0]);
	close(go[1]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	if (*report->failed)
		return err_msg(&report->e, EPROTO, "%s", report->failed);
	return report->status;
}

#define NAMESPACES                                                                            \
	"{\"type\":\"mount\"},{\"type\":\"pid\"},{\"type\":\"ipc\"},{\"type\":\"uts\"}," \
	"{\"type\":\"network\"},{\"type\":\"cgroup\"}"

/* A config with these mounts; `linux_rest` and `rest` start with a comma when not empty. */
static const char *config(const char *mounts, const char *linux_rest, const char *rest)
{
	static char json[131072];

	snprintf(json, sizeof json,
		 "{\"ociVersion\":\"1.0.2\",\"process\":{\"cwd\":\"/\",\"args\":[\"x\"],"
		 "\"user\":{\"uid\":0,\"gid\":0}},\"root\":{\"path\":\"rootfs\"},\"mounts\":[%s],"
		 "\"linux\":{\"namespaces\":[" NAMESPACES "]%s}%s}",
		 mounts, linux_rest, rest);
	return json;
}

static void must(int rc)
{
	if (rc < 0)
		fail_msg("%d: %s", rc, report->e.text);
}

/* The run must fail with this errno and with `text` in the message. */
static void must_fail(int rc, int errnum, const char *text)
{
	if (rc != -errnum || !strstr(report->e.text, text))
		fail_msg("%d: \"%s\", not %d with \"%s\"", rc, report->e.text, -errnum, text);
}

#define PROC "{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"}"
#define DEV                                                                                \
	"{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":" \
	"[\"nosuid\",\"strictatime\",\"mode=755\",\"size=65536k\"]}"
#define DEFAULTS                                                                              \
	PROC "," DEV                                                                          \
	     ",{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\",\"options\":" \
	     "[\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\",\"mode=0620\"]}"         \
	     ",{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\",\"options\":"  \
	     "[\"nosuid\",\"noexec\",\"nodev\",\"mode=1777\",\"size=65536k\"]}"                 \
	     ",{\"destination\":\"/dev/mqueue\",\"type\":\"mqueue\",\"source\":\"mqueue\"}"       \
	     ",{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\",\"options\":"    \
	     "[\"nosuid\",\"noexec\",\"nodev\",\"ro\"]}"

static long fs_magic(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) < 0 ? -1 : (long)fs.f_type;
}

static unsigned long fs_flags(const char *path)
{
	struct statvfs fs;

	return statvfs(path, &fs) < 0 ? ~0UL : fs.f_flag;
}

static dev_t device_of(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? 0 : st.st_dev;
}

static bool is_dev(const char *path, unsigned maj, unsigned min)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(maj, min);
}

static bool link_is(const char *path, const char *target)
{
	char text[PATH_MAX];
	ssize_t n = readlink(path, text, sizeof text);

	return n == (ssize_t)strlen(target) && !memcmp(text, target, (size_t)n);
}

static bool file_says(const char *path, const char *text)
{
	struct err e = ERR_INIT;
	char data[256];

	return io_read_small(AT_FDCWD, path, data, sizeof data, &e) >= 0 && !strcmp(data, text);
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? 0 : st.st_mode & 07777;
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

static void look_at_proc_file(void)
{
	FACT(file_says("/proc/uptime", "hello\n"));
	FACT(fs_magic("/proc") == PROC_SUPER_MAGIC);
}

static void proc_files_may_be_covered(void **state)
{
	(void)state;
	must(run_json(config(PROC ",{\"destination\":\"/proc/uptime\",\"source\":\"src/file\","
				  "\"options\":[\"bind\"]}", "", ""),
		      (struct run){ 0 }, look_at_proc_file));
}

static void look_at_masks(void)
{
	char c;
	int fd = open("/secret", O_RDONLY);

	FACT(fd >= 0 && read(fd, &c, 1) == 0);
	FACT(is_dev("/secret", 1, 3));
	FACT(is_dev("/proc/version", 1, 3));
	FACT(access("/hidden/x", F_OK) < 0 && fs_flags("/hidden") & ST_RDONLY);
	FACT(access("/hidden2/x", F_OK) < 0 && fs_magic("/hidden2") == TMPFS_MAGIC);
	FACT(mkdir("/hidden/y", 0755) < 0 && errno == EROFS);
	FACT(fs_flags("/proc/sys") & ST_RDONLY && !(fs_flags("/proc") & ST_RDONLY));
	FACT(open("/proc/sys/kernel/hostname", O_WRONLY) < 0 && errno == EROFS);
	FACT(mkdir("/new", 0755) < 0 && errno == EROFS);
	FACT(mkdir("/late/new", 0755) < 0 && errno == EROFS);
	FACT(access("/late/inner", F_OK) == 0);
}

/* A read-only root with masks, and more mounts. */
static const char *with_masks(const char *mounts)
{
	static char all[4096], json[16384];

	snprintf(all, sizeof all, PROC "," DEV ",{\"destination\":\"/late\",\"type\":\"tmpfs\","
		 "\"options\":[\"ro\"]},{\"destination\":\"/late/inner\",\"type\":\"tmpfs\"}%s", mounts);
	strcpy(json, config(all, ",\"maskedPaths\":[\"/secret\",\"/hidden\",\"/hidden2\",\"/missing\","
				 "\"/proc/version\"],\"readonlyPaths\":[\"/proc/sys\",\"/nothing\"]", ""));
	char *root = strstr(json, "\"rootfs\"}");
	memmove(root + 24, root + 8, strlen(root + 8) + 1);
	memcpy(root, "\"rootfs\",\"readonly\":true", 24);
	return json;
}

static void masks_and_read_only(void **state)
{
	(void)state;
	shell("cd %s/rootfs && mkdir hidden hidden2 && touch hidden/x hidden2/x && echo s > secret",
	      bundle);
	must(run_json(with_masks(""), (struct run){ 0 }, look_at_masks));
}

static void look_at_made_dev(void)
{
	FACT(is_dev("/dev/null", 1, 3) || device_of("/dev") == device_of("/"));
}

/* Attack class 5: /dev, /dev/null, /dev/pts … as symlinks of the image. */
static void hostile_dev(void **state)
{
	static const char *const images[] = {
		"ln -s /etc dev", "ln -s ../../../etc dev", "ln -s nowhere dev",
		"mkdir dev; ln -s /etc/passwd dev/null", "mkdir dev; ln -s ../etc dev/pts",
		"mkdir dev; touch dev/null dev/ptmx dev/fd", "mkdir dev; ln -s /nowhere dev/shm",
		"ln -s . dev",
	};

	(void)state;
	for (size_t i = 0; i < sizeof images / sizeof *images; i++) {
		shell("cd %s/rootfs && rm -rf * && mkdir etc && echo pw > etc/passwd && %s", bundle,
		      images[i]);
		must(run_json(config(DEFAULTS, "", ""), (struct run){ 0 }, look_at_made_dev));
		must(run_json(config(PROC, "", ""), (struct run){ 0 }, NULL));
		shell("test \"$(cat %s/rootfs/etc/passwd)\" = pw", bundle);
	}
	shell("! test -e %s/etc && ! test -e %s/nowhere", bundle, bundle);
}

static void look_at_devices(void)
{
	struct stat st;

	FACT(is_dev("/dev/mine", 1, 5) && mode_of("/dev/mine") == 0640);
	FACT(stat("/dev/mine", &st) == 0 && st.st_uid == 7 && st.st_gid == 8);
	FACT(stat("/some/where/pipe", &st) == 0 && S_ISFIFO(st.st_mode) && mode_of("/some") == 0755);
	FACT(stat("/dev/null", &st) == 0 && mode_of("/dev/null") == 0600);
}

/* The working directory is the rootfs before it is mounted. */
static void take_path(void)
{
	FACT(symlink("/etc/passwd", "taken") == 0);
}

static void devices(void **state)
{
	(void)state;
	umask(077);
	must(run_json(config(DEV, ",\"devices\":[{\"path\":\"/dev/mine\",\"type\":\"c\",\"major\":1,"
				  "\"minor\":5,\"fileMode\":416,\"uid\":7,\"gid\":8},"
				  "{\"path\":\"/dev/null\",\"type\":\"c\",\"major\":1,\"minor\":3,"
				  "\"fileMode\":384},"
				  "{\"path\":\"/some/where/pipe\",\"type\":\"p\",\"fileMode\":438}]", ""),
		      (struct run){ 0 }, look_at_devices));
	umask(022);
	must(run_json(config("{\"destination\":\"/dev\",\"source\":\"src\",\"options\":[\"bind\"]}", "",
			     ""), (struct run){ 0 }, NULL));
	shell("! test -e %s/src/null", bundle);
	must_fail(run_json(config("", ",\"devices\":[{\"path\":\"/taken\",\"type\":\"c\",\"major\":1,"
				      "\"minor\":5}]", ""), (struct run){ .before = take_path }, NULL),
		  EEXIST, "/taken");
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

/* Skips where the file system of the test's folder knows no idmapped mounts (tmpfs before 6.3). */
static void must_or_skip(int rc)
{
	if (rc == -EINVAL && fs_magic(bundle) == TMPFS_MAGIC && strstr(report->e.text, "idmap"))
		skip();
	must(rc);
}

static void look_at_idmap(void)
{
	struct stat st;

	FACT(stat("/m", &st) == 0 && st.st_uid == 1000 && st.st_gid == 2000);
	FACT(stat("/plain", &st) == 0 && st.st_uid == 0);
}

static void idmapped(void **state)
{
	(void)state;
	must_or_skip(run_json(
		config("{\"destination\":\"/m\",\"source\":\"src\",\"options\":[\"bind\",\"idmap\"],"
		       "\"uidMappings\":[{\"containerID\":0,\"hostID\":1000,\"size\":10}],"
		       "\"gidMappings\":[{\"containerID\":0,\"hostID\":2000,\"size\":10}]},"
		       "{\"destination\":\"/plain\",\"source\":\"src\",\"options\":[\"bind\"]}", "", ""),
		(struct run){ 0 }, look_at_idmap));
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

static void look_at_user_ns(void)
{
	struct stat st;

	FACT(getuid() == 0);
	FACT(is_dev("/dev/null", 1, 3) && is_dev("/dev/tty", 5, 0));
	FACT(open("/dev/null", O_RDWR) >= 0);
	FACT(stat("/vol", &st) == 0 && st.st_uid == 65534);
	FACT(fs_magic("/proc") == PROC_SUPER_MAGIC && fs_magic("/sys") == SYSFS_MAGIC);
	FACT(mkdir("/dev/new", 0755) == 0);
}

#define MAPS                                                                          \
	",\"uidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":65536}]," \
	"\"gidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":65536}]"

/* With a user namespace in place of the namespace `instead`, which stays the host's. */
static const char *user_config(const char *mounts, const char *instead)
{
	static char json[131072];
	char entry[64];

	snprintf(entry, sizeof entry, "{\"type\":\"%s\"}", instead);
	const char *all = config(mounts, MAPS, ""), *at = strstr(all, entry);
	snprintf(json, sizeof json, "%.*s{\"type\":\"user\"}%s", (int)(at - all), all,
		 at + strlen(entry));
	return json;
}

#define VOLUME ",{\"destination\":\"/vol\",\"source\":\"src\",\"options\":[\"bind\"]}"

static void user_namespace(void **state)
{
	struct run run = { .extra_flags = CLONE_NEWUSER, .user_ns = true };

	(void)state;
	shell("chown -R 100000:100000 %s/rootfs", bundle);
	must(run_json(user_config(DEFAULTS VOLUME, "uts"), run, look_at_user_ns));
	run.without_flags = CLONE_NEWNET;
	must(run_json(user_config(DEFAULTS VOLUME, "network"), run, look_at_user_ns));
	run.without_flags = CLONE_NEWPID;
	must(run_json(user_config(DEFAULTS VOLUME, "pid"), run, look_at_user_ns));
}

static void look_at_mapped(void)
{
	struct stat st;

	FACT(stat("/mapped", &st) == 0 && st.st_uid == 0);
}

static void idmapped_to_the_container(void **state)
{
	struct run run = { .extra_flags = CLONE_NEWUSER, .user_ns = true };

	(void)state;
	shell("chown -R 100000:100000 %s/rootfs", bundle);
	must_or_skip(run_json(user_config("{\"destination\":\"/mapped\",\"source\":\"src\",\"options\":"
					  "[\"bind\",\"idmap\"]}", "uts"), run, look_at_mapped));
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

static void look_at_cgroup(void)
{
	FACT(fs_magic("/sys/fs/cgroup") == CGROUP2_SUPER_MAGIC);
	FACT(fs_flags("/sys/fs/cgroup") & ST_RDONLY);
	FACT(mkdir("/sys/fs/cgroup/x", 0755) < 0);
}

#define CGROUP                                                                           \
	DEFAULTS ",{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\",\"source\":" \
		 "\"cgroup\",\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"relatime\",\"%s\"]}"

static void cgroup_mounts(void **state)
{
	static char mounts[4096], json[16384];

	(void)state;
	snprintf(mounts, sizeof mounts, CGROUP, "ro");
	must(run_json(config(mounts, "", ""), (struct run){ 0 }, look_at_cgroup));
	/* Without a cgroup namespace and a cgroup of its own even "rw" is read-only. */
	snprintf(mounts, sizeof mounts, CGROUP, "rw");
	strcpy(json, config(mounts, "", ""));
	char *at = strstr(json, ",{\"type\":\"cgroup\"}");
	memset(at, ' ', 18);
	must(run_json(json, (struct run){ .without_flags = CLONE_NEWCGROUP }, look_at_cgroup));
}

static void look_at_bound_cgroup(void)
{
	FACT(fs_magic("/sys/fs/cgroup") == CGROUP2_SUPER_MAGIC);
	FACT(fs_flags("/sys/fs/cgroup") & ST_RDONLY);
}

/* A cgroup namespace of the host's cannot be mounted from a user namespace: bound instead. */
static void foreign_cgroup_ns(void **state)
{
	static char mounts[4096], json[131072];
	struct run run = { .extra_flags = CLONE_NEWUSER, .without_flags = CLONE_NEWCGROUP,
			   .user_ns = true };
	struct err e = ERR_INIT;
	_cleanup_fd_ int cgroup = cgroup_mount_open(&e);

	(void)state;
	if (cgroup < 0)
		skip();
	run.opts.cgroup_fd = cgroup;
	shell("chown -R 100000:100000 %s/rootfs", bundle);
	snprintf(mounts, sizeof mounts, CGROUP, "ro");
	const char *all = user_config(mounts, "uts"), *at = strstr(all, "{\"type\":\"cgroup\"}");
	snprintf(json, sizeof json, "%.*s{\"type\":\"cgroup\",\"path\":\"/proc/self/ns/cgroup\"}%s",
		 (int)(at - all), all, at + 17);
	must(run_json(json, run, look_at_bound_cgroup));
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

/* Swaps rootfs/vol (a folder) with rootfs/link (to the host's outside) until it is killed. */
static pid_t start_racer(const char *outside)
{
	char root[PATH_MAX];
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(root, sizeof root, "%s/rootfs", bundle);
	int fd = open(root, O_PATH | O_DIRECTORY);
	if (symlinkat(outside, fd, "link") < 0)
		_exit(1);
	for (;;)
		renameat2(fd, "vol", fd, "link", 1 << 1);
}

/* Attack class 4. */
static void racing_targets(void **state)
{
	char outside[PATH_MAX];
	int made = 0;

	(void)state;
	snprintf(outside, sizeof outside, "%s/outside", bundle);
	shell("mkdir %s %s/rootfs/vol", outside, bundle);
	pid_t racer = start_racer(outside);
	for (int i = 0; i < 60; i++) {
		char mounts[1024];
		snprintf(mounts, sizeof mounts,
			 PROC ",{\"destination\":\"/vol/a%d/b\",\"type\":\"tmpfs\"},"
			      "{\"destination\":\"/vol/c%d\",\"source\":\"src/file\",\"options\":[\"bind\"]},"
			      "{\"destination\":\"/vol/../vol/d%d\",\"source\":\"src\",\"options\":[\"bind\"]}",
			 i, i, i);
		made += run_json(config(mounts, ",\"maskedPaths\":[\"/vol/a0\"]", ""), (struct run){ 0 },
				 NULL) >= 0;
	}
	kill(racer, SIGKILL);
	waitpid(racer, NULL, 0);
	shell("test -z \"$(ls -A %s)\"", outside);
	assert_true(made > 0);
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

static bool mounts_unchanged(void)
{
	static char first[65536], now[65536];
	int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	memset(now, 0, sizeof now);
	while ((n = read(fd, now + len, sizeof now - 1 - len)) > 0)
		len += (size_t)n;
	close(fd);
	if (!*first)
		memcpy(first, now, sizeof now);
	return !strcmp(first, now);
}

static void nothing_stays_on_the_host(void **state)
{
	(void)state;
	assert_true(mounts_unchanged());
}

#define T(f) cmocka_unit_test_setup_teardown(f, fresh_bundle, remove_bundle)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(default_mounts), T(no_pivot),	       T(binds),
		T(bad_entries),	   T(proc_files_may_be_covered), T(masks_and_read_only),
		T(hostile_dev),	   T(devices),	       T(tmpcopyup),
		T(idmapped),	   T(idmapped_to_the_container),	   T(remounts),	       T(user_namespace),
		T(closed_bundle),  T(mount_over_root), T(propagation),
		T(cgroup_mounts),  T(foreign_cgroup_ns),  T(without_the_new_api), T(long_options), T(many_binds),
		T(racing_targets),
		cmocka_unit_test(nothing_stays_on_the_host),
	};

	if (geteuid() != 0) {
		puts("needs root: skipped");
		return 77;
	}
	umask(022);
	mounts_unchanged();
	report = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (report == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
