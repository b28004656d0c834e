/* SPDX-License-Identifier: Apache-2.0 */
/* main: the program's entry; everything is in dispatch.c, where tests reach it. */
#include <fcntl.h>
#include <signal.h>

#include "base/words.h"
#include "cmd.h"

/* What callers may pass on: a closed standard descriptor, whose place another file would take, and
 * an ignored SIGCHLD, with which children cannot be waited for. */
static bool mend_inheritance(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			return false;
	return signal(SIGCHLD, SIG_DFL) != SIG_ERR;
}

int main(int argc, char **argv)
{
	char **words = words_keep(argc, argv);

	return words && mend_inheritance() ? cli_main(argc, words) : 1;
}
