/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rootfs_stage: real mounts in real namespaces, without the rest of the runtime: a config in JSON, an
 * empty rootfs folder, a child that mounts, enters and then looks around. Needs root.
 */
#pragma once

#include <limits.h>
#include <linux/filter.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"
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
static inline int fresh_bundle(void **state)
{
	(void)state;
	if (folder_make(bundle) < 0)
		return -1;
	chmod(bundle, 0755);
	shell("mkdir %s/rootfs %s/src && echo hello > %s/src/file && mkdir %s/src/sub", bundle, bundle,
	      bundle, bundle);
	return 0;
}

static inline int remove_bundle(void **state)
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

static inline void child_main(struct rootfs *r, const struct run *run, void (*look)(void), int go)
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
static inline int run_json(const char *json, struct run run, void (*look)(void))
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
	if (!run.opts.null_fd)
		run.opts.null_fd = FD_NONE;
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
static inline const char *config(const char *mounts, const char *linux_rest, const char *rest)
{
	static char json[131072];

	snprintf(json, sizeof json,
		 "{\"ociVersion\":\"1.0.2\",\"process\":{\"cwd\":\"/\",\"args\":[\"x\"],"
		 "\"user\":{\"uid\":0,\"gid\":0}},\"root\":{\"path\":\"rootfs\"},\"mounts\":[%s],"
		 "\"linux\":{\"namespaces\":[" NAMESPACES "]%s}%s}",
		 mounts, linux_rest, rest);
	return json;
}

static inline void must(int rc)
{
	if (rc < 0)
		fail_msg("%d: %s", rc, report->e.text);
}

/* The run must fail with this errno and with `text` in the message. */
static inline void must_fail(int rc, int errnum, const char *text)
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

static inline long fs_magic(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) < 0 ? -1 : (long)fs.f_type;
}

static inline unsigned long fs_flags(const char *path)
{
	struct statvfs fs;

	return statvfs(path, &fs) < 0 ? ~0UL : fs.f_flag;
}

static inline dev_t device_of(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? 0 : st.st_dev;
}

static inline bool is_dev(const char *path, unsigned maj, unsigned min)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(maj, min);
}

static inline bool file_says(const char *path, const char *text)
{
	struct err e = ERR_INIT;
	char data[256];

	return io_read_small(AT_FDCWD, path, data, sizeof data, &e) >= 0 && !strcmp(data, text);
}

static inline mode_t mode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? 0 : st.st_mode & 07777;
}

static inline void look_at_masks(void)
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
static inline const char *with_masks(const char *mounts)
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

#define MAPS                                                                          \
	",\"uidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":65536}]," \
	"\"gidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":65536}]"

/* With a user namespace in place of the namespace `instead`, which stays the host's. */
static inline const char *user_config(const char *mounts, const char *instead)
{
	static char json[131072];
	char entry[64];

	snprintf(entry, sizeof entry, "{\"type\":\"%s\"}", instead);
	const char *all = config(mounts, MAPS, ""), *at = strstr(all, entry);
	snprintf(json, sizeof json, "%.*s{\"type\":\"user\"}%s", (int)(at - all), all,
		 at + strlen(entry));
	return json;
}

static inline void read_mounts(char *text, size_t size)
{
	int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, text + len, size - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	close(fd);
}

/* True if no mount has come, by the ID that begins its line; others of the host's may go. */
static inline bool mounts_are_known(void)
{
	static char first[65536], now[65536];
	char id[32];

	read_mounts(now, sizeof now);
	if (!*first)
		memcpy(first, now, sizeof now);
	for (char *line = now; *line; line = strchr(line, '\n') + 1) {
		snprintf(id, sizeof id, "\n%.*s ", (int)strcspn(line, " "), line);
		if (strncmp(first, id + 1, strlen(id + 1)) != 0 && !strstr(first, id))
			return false;
	}
	return true;
}

static inline void nothing_stays_on_the_host(void **state)
{
	(void)state;
	assert_true(mounts_are_known());
}

#define T(f) cmocka_unit_test_setup_teardown(f, fresh_bundle, remove_bundle)

static inline int run_on_stage(const struct CMUnitTest *tests, size_t n)
{
	if (geteuid() != 0) {
		puts("needs root: skipped");
		return 77;
	}
	umask(022);
	/* A copy of the host's mounts, so that tests beside this one add none; shared, so that what is made below it comes back. */
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) < 0)
		return 1;
	mounts_are_known();
	report = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (report == MAP_FAILED)
		return 1;
	return _cmocka_run_group_tests("rootfs", tests, n, NULL, NULL);
}
