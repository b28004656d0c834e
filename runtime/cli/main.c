/* main: the command line's entry. */
#include <stdio.h>

int main(void)
{
	puts("hart " HART_VERSION);
	return 0;
}
