/* SPDX-License-Identifier: Apache-2.0 */
/* report_files: descriptors, mounts, devices, namespaces. */
#include "probe.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* By whatever mount it was opened. */
static bool is_null_device(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

/* Without /proc: no target. */
void report_fds(void)
{
	char path[64], *target;

	json_open("fds", '[');
	for (int fd = 0; fd < 1024; fd++) {
		int flags = fcntl(fd, F_GETFL);

		if (flags < 0)
			continue;
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
		target = read_target(path);
		json_open(NULL, '{');
		json_number("fd", fd);
		json_string("target", target);
		json_number("access", flags & O_ACCMODE);
		json_bool("null_device", is_null_device(fd));
		json_close('}');
		free(target);
	}
	json_close(']');
}

static char *field(char **line)
{
	char *at = strsep(line, " ");

	return at ? at : (char *)"";
}

static void report_mount(char *line)
{
	char *optional[16];
	int n = 0;

	json_open(NULL, '{');
	json_string("id", field(&line));
	json_string("parent", field(&line));
	json_string("device", field(&line));
	json_string("root", field(&line));
	json_string("point", field(&line));
	json_string("options", field(&line));
	while (n < 16 && strcmp(optional[n] = field(&line), "-") != 0)
		n++;
	json_open("propagation", '[');
	for (int i = 0; i < n; i++)
		json_string(NULL, optional[i]);
	json_close(']');
	json_string("type", field(&line));
	json_string("source", field(&line));
	json_string("super", field(&line));
	json_close('}');
}

void report_mounts(void)
{
	char *text = read_text("/proc/self/mountinfo"), *rest = text, *line;

	json_open("mounts", '[');
	while (rest && (line = strsep(&rest, "\n")))
		if (*line)
			report_mount(line);
	json_close(']');
	free(text);
}

static void report_device(const char *path, const struct stat *st)
{
	static const char types[] = { [S_IFCHR >> 12] = 'c', [S_IFBLK >> 12] = 'b',
				      [S_IFDIR >> 12] = 'd', [S_IFREG >> 12] = 'f',
				      [S_IFLNK >> 12] = 'l', [S_IFIFO >> 12] = 'p',
				      [S_IFSOCK >> 12] = 's' };
	char *target = S_ISLNK(st->st_mode) ? read_target(path) : NULL;

	json_open(path, '{');
	json_format("type", "%c", types[st->st_mode >> 12]);
	json_string("target", target);
	json_format("mode", "%04o", st->st_mode & 07777);
	json_number("uid", st->st_uid);
	json_number("gid", st->st_gid);
	json_number("major", major(st->st_rdev));
	json_number("minor", minor(st->st_rdev));
	json_close('}');
	free(target);
}

void report_devices(void)
{
	DIR *dir = opendir("/dev");
	struct dirent *d;
	struct stat st;
	char path[512];

	json_open("devices", '{');
	while (dir && (d = readdir(dir))) {
		snprintf(path, sizeof path, "/dev/%s", d->d_name);
		if (d->d_name[0] != '.' && lstat(path, &st) == 0)
			report_device(path, &st);
	}
	if (dir)
		closedir(dir);
	json_close('}');
}

void report_namespaces(void)
{
	static const char *const names[] = { "cgroup", "ipc", "mnt", "net", "pid", "time", "user",
					     "uts" };
	char path[64], *target;

	json_open("namespaces", '{');
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "/proc/self/ns/%s", names[i]);
		target = read_target(path);
		json_string(names[i], target);
		free(target);
	}
	json_close('}');
}
