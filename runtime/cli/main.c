/* main: the program's entry; everything is in dispatch.c, where tests reach it. */
#include "cmd.h"

int main(int argc, char **argv)
{
	return cli_main(argc, argv);
}
