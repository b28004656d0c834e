/* sysctl: see sysctl.h; sysctl.d(5) has the rule for separators. */
#include "sysctl.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/procfd.h"

#define PREFIX "sys/"

/* "a.b.c" and "a/b.c" as paths below /proc/sys; in the first form a slash stands for a dot. */
static int to_path(const char *key, char *path, size_t size, struct err *e)
{
	const char *first = key + strcspn(key, "./");
	bool dots = *first == '.';
	size_t n = strlen(key);

	if (!*first || n + sizeof PREFIX > size)
		return err_msg(e, EINVAL, "sysctl \"%s\": not a valid name", key);
	memcpy(path, PREFIX, sizeof PREFIX);
	char *out = path + sizeof PREFIX - 1;
	for (size_t i = 0; i <= n; i++)
		out[i] = !dots	       ? key[i]
			 : key[i] == '.' ? '/'
			 : key[i] == '/' ? '.'
					 : key[i];
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
