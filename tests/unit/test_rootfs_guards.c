/* SPDX-License-Identifier: Apache-2.0 */
/* rootfs_guards: what keeps the container out: masks, read-only paths, covered proc files, devices, races. */
#include "rootfs_stage.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(proc_files_may_be_covered),
		T(masks_and_read_only),
		T(hostile_dev),
		T(devices),
		T(racing_targets),
		cmocka_unit_test(nothing_stays_on_the_host),
	};

	return run_on_stage(tests, sizeof tests / sizeof *tests);
}
