/* SPDX-License-Identifier: Apache-2.0 */
/* signame: see signame.h. */
#include "base/signame.h"

#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/io.h"

#define ROW(name) [SIG##name] = #name

/* glibc's sigabbrev_np(3), which not every libc has. */
static const char *const names[] = {
	ROW(HUP),  ROW(INT),  ROW(QUIT),   ROW(ILL),  ROW(TRAP), ROW(ABRT),   ROW(BUS),	   ROW(FPE),
	ROW(KILL), ROW(USR1), ROW(SEGV),   ROW(USR2), ROW(PIPE), ROW(ALRM),   ROW(TERM),   ROW(STKFLT),
	ROW(CHLD), ROW(CONT), ROW(STOP),   ROW(TSTP), ROW(TTIN), ROW(TTOU),   ROW(URG),	   ROW(XCPU),
	ROW(XFSZ), ROW(PROF), ROW(VTALRM), ROW(POLL), ROW(PWR),	 ROW(WINCH), ROW(SYS),
};

#define N_NAMES (int)(sizeof names / sizeof names[0])

const char *signal_name(int sig)
{
	return sig > 0 && sig < N_NAMES ? names[sig] : NULL;
}

/* Names that signal(7) gives to numbers which have another one as well. */
static const struct {
	char name[8];
	int sig;
} aliases[] = { { "IOT", SIGABRT }, { "CLD", SIGCHLD }, { "IO", SIGPOLL }, { "POLL", SIGPOLL } };

/* "RTMIN", "RTMIN+N", "RTMAX", "RTMAX-N" */
static int realtime(const char *name)
{
	bool from_max = !strncasecmp(name, "RTMAX", 5);
	unsigned n = 0;

	if (!from_max && strncasecmp(name, "RTMIN", 5))
		return -1;
	name += 5;
	if (*name && (*name != (from_max ? '-' : '+') || !io_parse_u32(name + 1, &n)))
		return -1;
	if (n > (unsigned)(SIGRTMAX - SIGRTMIN))
		return -1;
	return from_max ? SIGRTMAX - (int)n : SIGRTMIN + (int)n;
}

int signal_from_name(const char *name)
{
	unsigned n;

	if (io_parse_u32(name, &n))
		return n <= (unsigned)SIGRTMAX ? (int)n : -1;
	if (!strncasecmp(name, "SIG", 3))
		name += 3;
	for (int sig = 1; sig < N_NAMES; sig++)
		if (names[sig] && !strcasecmp(names[sig], name))
			return sig;
	for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++)
		if (!strcasecmp(aliases[i].name, name))
			return aliases[i].sig;
	return realtime(name);
}
