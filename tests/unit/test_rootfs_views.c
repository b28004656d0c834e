/* SPDX-License-Identifier: Apache-2.0 */
/* rootfs_views: mounts whose IDs or cgroups look different inside: user namespaces, idmaps, cgroup mounts. */
#include "rootfs_stage.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(idmapped),
		T(idmapped_to_the_container),
		T(user_namespace),
		T(cgroup_mounts),
		T(foreign_cgroup_ns),
		cmocka_unit_test(nothing_stays_on_the_host),
	};

	return run_on_stage(tests, sizeof tests / sizeof *tests);
}
