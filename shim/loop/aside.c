/* SPDX-License-Identifier: Apache-2.0 */
/* aside: see aside.h. */
#include "loop/aside.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/spawn.h"
#include "base/sys.h"

/* Until our end of the pipe is closed. What it has beside is closed by its end. */
static _Noreturn void hold(const int ends[2])
{
	char none;

	close(ends[1]);
	while (read(ends[0], &none, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

static void close_held(int *fd)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0) {
		fd_close(fd);
		return;
	}
	if (spawn_process(&args) == 0)
		hold(ends);
	close(ends[0]);
	fd_close(fd);
	close(ends[1]);
}

void aside_close(int *fd)
{
	struct stat st;

	if (*fd >= 0 && fstat(*fd, &st) == 0 && S_ISSOCK(st.st_mode))
		close_held(fd);
	else
		fd_close(fd);
}
