/* SPDX-License-Identifier: Apache-2.0 */
/* sysctl: see sysctl.h. */
#include "ns/sysctl.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/procfd.h"
#include "base/sys.h"
#include "ns/ns.h"

/* -- whose namespace ------------------------------------------------------------------------ */

struct owner {
	const char *component; /* first of the key */
	int flag;
	const char *file; /* in /proc/self/ns */
};

/* Of the keys that validation lets pass. */
static const struct owner owners[] = {
	{ "net", CLONE_NEWNET, "net" },
	{ "fs", CLONE_NEWIPC, "ipc" },
	{ "user", CLONE_NEWUSER, "user" },
	{ "kernel", CLONE_NEWIPC, "ipc" },
};
static const struct owner uts = { "kernel", CLONE_NEWUTS, "uts" };

static const struct owner *owner_of(const char *key)
{
	size_t n = strcspn(key, "./");

	if (key[n] && !strcmp(key + n + 1, "domainname"))
		return &uts;
	for (size_t i = 0; i < sizeof owners / sizeof *owners; i++)
		if (strlen(owners[i].component) == n && !memcmp(key, owners[i].component, n))
			return &owners[i];
	return NULL;
}

static int check_own(int fd, const struct owner *o, struct err *e)
{
	struct stat own, joined;
	char path[32];

	snprintf(path, sizeof path, "/proc/self/ns/%s", o->file);
	if (stat(path, &own) < 0 || fstat(fd, &joined) < 0)
		return err_set(e, errno, "compare the %s namespaces", o->file);
	return own.st_dev == joined.st_dev && own.st_ino == joined.st_ino;
}

static int check_key(const char *key, const struct ns_plan *ns, struct err *e)
{
	const struct owner *o = owner_of(key);

	for (unsigned i = 0; o && i < ns->n_join; i++) {
		if (ns->join[i].flags != o->flag)
			continue;
		int r = check_own(ns->join[i].fd, o, e);
		if (r)
			return r < 0 ? r : err_msg(e, EINVAL, "/linux/sysctl: %s is not allowed: the "
						   "%s namespace that is joined is the host's", key, o->file);
	}
	return 0;
}

int sysctl_check(const oci_map *sysctl, const struct ns_plan *ns, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && ns->n_join && i < sysctl->n; i++)
		r = check_key(sysctl->v[i].key, ns, e);
	return r;
}

/* -- setting -------------------------------------------------------------------------------- */

#define PREFIX "sys/"

static int to_path(const char *key, char *path, size_t size, struct err *e)
{
	size_t n = strlen(key);
	bool dots = key[strcspn(key, "./")] == '.';
	char *out = path + sizeof PREFIX - 1;

	if (n + sizeof PREFIX > size)
		return err_msg(e, ENAMETOOLONG, "not a parameter's name");
	memcpy(path, PREFIX, sizeof PREFIX);
	for (size_t i = 0; i <= n; i++)
		out[i] = dots && key[i] == '.' ? '/' : dots && key[i] == '/' ? '.' : key[i];
	return 0;
}

int sysctl_apply(int procfd, const oci_map *sysctl, struct err *e)
{
	char path[512];

	for (size_t i = 0; i < sysctl->n; i++) {
		int r = to_path(sysctl->v[i].key, path, sizeof path, e);
		if (r >= 0)
			r = procfd_write(procfd, path, sysctl->v[i].value, e);
		if (r < 0)
			return err_in(e, "sysctl %s", sysctl->v[i].key);
	}
	return 0;
}
