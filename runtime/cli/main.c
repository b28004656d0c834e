/* main: the program's entry; everything is in dispatch.c, where tests reach it. */
#include <fcntl.h>
#include <signal.h>

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
	return mend_inheritance() ? cli_main(argc, argv) : 1;
}
