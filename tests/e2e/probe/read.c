/* SPDX-License-Identifier: Apache-2.0 */
/* read: small files, symlinks, numbers and errno names for the probe. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *read_text(const char *path)
{
	size_t len = 0, cap = 4096;
	char *text = malloc(cap);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 0;

	if (fd < 0 || !text) {
		free(text);
		return NULL;
	}
	while ((n = read(fd, text + len, cap - len - 1)) > 0) {
		len += (size_t)n;
		if (cap - len < 2 && !(text = realloc(text, cap *= 2)))
			abort();
	}
	close(fd);
	if (n < 0) {
		free(text);
		return NULL;
	}
	if (len > 0 && text[len - 1] == '\n')
		len--;
	text[len] = '\0';
	return text;
}

char *read_target(const char *path)
{
	char target[4096];
	ssize_t n = readlink(path, target, sizeof target - 1);

	if (n < 0)
		return NULL;
	target[n] = '\0';
	return strdup(target);
}

const char *errno_name(int errnum)
{
	return errnum == 0 ? "0" : strerrorname_np(errnum);
}

long long parse_number(const char *text)
{
	char *end;
	long long value;

	errno = 0;
	value = strtoll(text, &end, 0);
	if (errno || end == text || *end) {
		fprintf(stderr, "probe: not a number: %s\n", text);
		exit(PROBE_USAGE);
	}
	return value;
}
