/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_shown: what content has written and people are shown: its output on a terminal, why a program cannot be run. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/visible.h"
#include "fuzz.h"
#include "process/program_fault.h"

/* Nothing that a terminal obeys. */
static void check_quiet(const char *text, size_t n, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i], next = i + 1 < n ? (unsigned char)text[i + 1] : 0;
		if ((c < 0x20 && c != '\t') || c == 0x7f || (c == 0xc2 && next >= 0x80 && next < 0xa0))
			fuzz_die("a terminal would obey this", data, len);
	}
}

static void try_output(const uint8_t *data, size_t len)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	visible_put(&out, (const char *)data, len);
	if (!out.failed)
		check_quiet(out.data ? out.data : "", out.len, data, len);
}

static void try_program(const char *path, const uint8_t *data, size_t len)
{
	static const int errors[] = { ENOENT, ENOEXEC, EACCES, EPERM };
	char buf[PROGRAM_FAULT_MAX];

	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
		const char *why = program_fault(path, errors[i], buf, sizeof buf);
		if (why)
			check_quiet(why, strlen(why), data, len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static int fd = -1;
	static char path[40];

	if (fd < 0) {
		fd = openat(fuzz_folder(), "program", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	}
	if (fd < 0 || ftruncate(fd, 0) < 0 || pwrite(fd, data, len, 0) != (ssize_t)len)
		exit(2);
	try_output(data, len);
	try_program(path, data, len);
	return 0;
}
