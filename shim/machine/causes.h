/*
 * causes: why a service changes its state; a row a cause, from which the enum, the words of the journal and of
 * metrics, what counts as a failure and the table of hart-failover(7) come.
 */
#pragma once

/*
 * C(id, name, is a failure and not asked for, has a status, what is said of the member or NULL for the name, meaning).
 * "%d": the exit status, or the signal.
 */
#define MACHINE_CAUSES(C) \
	C(NONE, "none", false, false, NULL, "no reason is known") \
	C(START, "start", false, false, NULL, "the first start") \
	C(EXIT, "exit", true, true, "ended with exit status %d", "its program ended, with that exit status") \
	C(SIGNAL, "signal", true, true, "was killed by signal %d", "a signal ended it: status is 128 + the signal") \
	C(UNKNOWN_EXIT, "unknown-exit", true, false, NULL, "it ended, and the kernel does not say how") \
	C(OOM, "oom", true, false, NULL, "the kernel killed it for lack of memory") \
	C(WATCHDOG, "watchdog", true, false, NULL, "it did not say WATCHDOG=1 in time, or asked for it by WATCHDOG=trigger") \
	C(READY_TIMEOUT, "ready-timeout", true, false, NULL, "it was not ready within --ready-timeout") \
	C(PROBE, "probe", true, false, NULL, "the probe failed too often in a row") \
	C(STALL, "stall", true, false, NULL, "it stalled for lack of CPU, memory or I/O for longer than --stall allows") \
	C(EXEC, "exec", true, false, NULL, "its program could not be executed, or it ended before that") \
	C(BUILD, "build", true, false, NULL, "it could not be created") \
	C(MANUAL, "manual", false, false, NULL, "hart failover") \
	C(UPGRADE, "upgrade", false, false, NULL, "hart upgrade") \
	C(ROLLBACK, "rollback", false, false, NULL, "the upgrade failed within the window: the version before serves again") \
	C(FAILBACK, "failback", false, false, NULL, "the primary serves again") \
	C(STOP, "stop", false, false, NULL, "somebody asked for the end") \
	C(CLEAN_EXIT, "clean-exit", false, true, NULL, "its program ended with success, and so does the service") \
	C(BUDGET, "budget", false, false, NULL, "more failures than --max-failures within the window") \
	C(FENCE_TIMEOUT, "fence-timeout", false, false, NULL, "its processes survive SIGKILL for longer than --fence-timeout") \
	C(STANDBY, "standby", false, false, NULL, "a standby is ready, or was lost") \
	C(ADOPT, "adopt", false, false, NULL, "hart adopt") \
	C(LOOP, "loop", false, false, NULL, "it fails again and again, and is never well for long")
