/* SPDX-License-Identifier: Apache-2.0 */
/* signals: see signals.h. By the system call itself: libc keeps two signals from its callers, but what we were
 * started by may have left those ignored as well. */
#include "base/signals.h"

#include <sys/syscall.h>
#include <unistd.h>

#define KERNEL_SIGNALS 64

void signals_reset(const sigset_t *blocked)
{
	/* All zero: the kernel's struct sigaction with SIG_DFL, on every architecture. */
	static const unsigned long as_default[8];
	sigset_t none;

	for (int sig = 1; sig <= KERNEL_SIGNALS; sig++)
		syscall(SYS_rt_sigaction, sig, as_default, NULL, KERNEL_SIGNALS / 8);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, blocked ? blocked : &none, NULL);
}
