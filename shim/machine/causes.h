/* SPDX-License-Identifier: Apache-2.0 */
/*
 * causes: why a service changes its state; a row a cause, from which the enum, the words of the journal and of
 * metrics, what counts as a failure and the table of hart-failover(7) come.
 */
#pragma once

/*
 * C(id, name, is a failure and not asked for, has a status, what is said of it, meaning). What is said is "" where the rest
 * says enough, and NULL for the name; "%d" in it is the exit status, or the signal.
 */
#define MACHINE_CAUSES(C) \
	C(NONE, "none", false, false, "", "no reason is known") \
	C(START, "start", false, false, "", "the first start") \
	C(EXIT, "exit", true, true, "exit status %d", "its program ended, with that exit status") \
	C(SIGNAL, "signal", true, true, "killed by signal %d", "a signal ended it: status is 128 + the signal") \
	C(UNKNOWN_EXIT, "unknown-exit", true, false, "it ended, and nobody saw how", \
	  "it ended, and the kernel does not say how") \
	C(OOM, "oom", true, false, "out of memory", "the kernel killed it for lack of memory") \
	C(WATCHDOG, "watchdog", true, false, "no WATCHDOG=1 in time", \
	  "it did not say WATCHDOG=1 in time, or asked for it by WATCHDOG=trigger") \
	C(READY_TIMEOUT, "ready-timeout", true, false, "not ready in time", \
	  "it was not ready within --ready-timeout") \
	C(PROBE, "probe", true, false, "its probe failed", "the probe failed too often in a row") \
	C(STALL, "stall", true, false, "stalled", \
	  "it stalled for lack of CPU, memory or I/O for longer than --stall allows") \
	C(EXEC, "exec", true, false, "its program could not be started", \
	  "its program could not be executed, or it ended before that") \
	C(BUILD, "build", true, false, "it could not be built", "it could not be created") \
	C(MANUAL, "manual", false, false, "asked for", "hart failover") \
	C(UPGRADE, "upgrade", false, false, NULL, "hart upgrade") \
	C(ROLLBACK, "rollback", false, false, "the upgrade failed", \
	  "the upgrade failed within the window: the version before serves again") \
	C(FAILBACK, "failback", false, false, NULL, "the primary serves again") \
	C(STOP, "stop", false, false, "asked for", "somebody asked for the end") \
	C(CLEAN_EXIT, "clean-exit", false, true, "the program came to its end", \
	  "its program ended with success, and so does the service") \
	C(BUDGET, "budget", false, false, "--max-failures is used up", \
	  "more failures than --max-failures within the window") \
	C(FENCE_TIMEOUT, "fence-timeout", false, false, "the processes of the failed member do not die", \
	  "its processes survive SIGKILL for longer than --fence-timeout") \
	C(STANDBY, "standby", false, false, "", "a standby is ready, or was lost") \
	C(ADOPT, "adopt", false, false, "", "hart adopt") \
	C(LOOP, "loop", false, false, "", "it fails again and again, and is never well for long")
