/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_rows: how a service is kept up, as words: each row is a flag of `hart run` and an annotation
 * org.hart.NAME of the same meaning. Drives the command line, the annotations that `features` lists, --help and
 * the manual pages; the values are parsed by shim/policy/policy.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define POLICY_ANNOTATION_PREFIX "org.hart."

/* Indices of policy_rows. */
enum policy_key {
	POLICY_STANDBY, POLICY_STANDBY_MODE, POLICY_RESTARTS, POLICY_MAX_FAILURES, POLICY_WINDOW,
	POLICY_BACKOFF, POLICY_SUCCESS, POLICY_READY, POLICY_READY_TIMEOUT, POLICY_WATCHDOG,
	POLICY_PROBE, POLICY_PROBE_INTERVAL, POLICY_PROBE_TIMEOUT, POLICY_PROBE_RETRIES,
	POLICY_PROBE_START_PERIOD, POLICY_OOM, POLICY_STALL, POLICY_FAILBACK, POLICY_LISTEN, POLICY_PORT, POLICY_ON_PROMOTE,
	POLICY_RECLAIM,
	POLICY_FDSTORE_MAX, POLICY_DRAIN, POLICY_STOP_SIGNAL, POLICY_STOP_TIMEOUT, POLICY_FENCE_TIMEOUT,
	POLICY_LOG_FILE, POLICY_LOG_SIZE, POLICY_LOG_KEEP, POLICY_JOURNAL, POLICY_ON_EVENT,
	POLICY_EVENTS_TO, POLICY_MLOCK, POLICY_KEYS,
};

/* May be given several times; an annotation separates by blanks. */
#define POLICY_LIST_ 1
/* May name a host path: limited when an annotation says it. */
#define POLICY_HOST_PATH_ 2
/* Alone makes a container a supervised service. */
#define POLICY_ASKS_ 4

/* D: with a default, N: without one. */
#define POLICY_ROWS(D, N) \
	N(POLICY_STANDBY, "standby", "DIR|self[,mode=MODE]", POLICY_LIST_ | POLICY_HOST_PATH_ | POLICY_ASKS_, \
	  "a member that takes over when the one before it fails: a bundle, a folder with " \
	  "config.patch.json or rootfs/, or \"self\": this bundle once more; may be given " \
	  "several times") \
	D(POLICY_STANDBY_MODE, "standby-mode", "warm|cold|hot|frozen", "warm", 0, \
	  "warm: a standby is created and waits for one message; cold: created on failure; hot: its program " \
	  "runs and gets no client until it is promoted; frozen: the same, and frozen when it is ready") \
	D(POLICY_RESTARTS, "restarts", "N", "0", POLICY_ASKS_, \
	  "restarts in place before failing over, as long as none has to wait for its " \
	  "--backoff (without a standby: no limit)") \
	N(POLICY_MAX_FAILURES, "max-failures", "N", 0, \
	  "end the service (exhausted) at one failure more than that within --window, once every member " \
	  "has failed (default: never)") \
	D(POLICY_WINDOW, "window", "TIME", "60s", 0, \
	  "the time in which failures are counted") \
	D(POLICY_BACKOFF, "backoff", "MIN[:MAX]", "100ms:10s", 0, \
	  "the least time from a member's start to its next one when it failed within that " \
	  "time: doubled each time up to MAX, and MIN again when the service has been well for 10 s") \
	D(POLICY_SUCCESS, "success", "CODE[,CODE...]", "0", POLICY_LIST_, \
	  "exit codes that count as a clean end") \
	D(POLICY_READY, "ready", "none|notify|probe", "none", 0, \
	  "when a member is ready: as soon as its program runs, at READY=1 of sd_notify(3), or at " \
	  "the first probe that succeeds") \
	D(POLICY_READY_TIMEOUT, "ready-timeout", "TIME", "60s", 0, \
	  "a member that is not ready by then has failed") \
	N(POLICY_WATCHDOG, "watchdog", "TIME", POLICY_ASKS_, \
	  "a member that sends no WATCHDOG=1 (sd_notify(3)) for that long has failed") \
	N(POLICY_PROBE, "probe", "PROBE", POLICY_ASKS_, \
	  "ask the active member over and over: exec:COMMAND, tcp:[HOST:]PORT, " \
	  "http://HOST:PORT/PATH or unix:PATH, inside its namespaces") \
	D(POLICY_PROBE_INTERVAL, "probe-interval", "TIME", "1s", 0, \
	  "time between two probes") \
	D(POLICY_PROBE_TIMEOUT, "probe-timeout", "TIME", "1s", 0, \
	  "a probe without an answer by then has failed") \
	D(POLICY_PROBE_RETRIES, "probe-retries", "N", "3", 0, \
	  "failed probes in a row that are a failure") \
	D(POLICY_PROBE_START_PERIOD, "probe-start-period", "TIME", "0s", 0, \
	  "how long failed probes do not count, unless one has succeeded") \
	D(POLICY_OOM, "oom", "init|member", "init", 0, \
	  "member: an OOM kill of any process ends the whole member (memory.oom.group)") \
	N(POLICY_STALL, "stall", "RESOURCE=[some:|full:]TIME/WINDOW", POLICY_LIST_ | POLICY_ASKS_, \
	  "a member has failed whose processes, all (full, the default) or some, were stalled for lack of cpu, " \
	  "memory or io for longer than TIME within WINDOW (500ms to 10s); may be given several times") \
	D(POLICY_FAILBACK, "failback", "manual|auto[:TIME]", "manual", 0, \
	  "auto: the primary takes over again once it is warm, or TIME later") \
	N(POLICY_LISTEN, "listen", "[NAME=]tcp:ADDR:PORT|udp:ADDR:PORT|unix:PATH", \
	  POLICY_LIST_ | POLICY_HOST_PATH_ | POLICY_ASKS_, \
	  "open a socket in the service's network namespace, or at PATH on the host, and pass it to the active " \
	  "member (sd_listen_fds(3)); it stays open over takeovers; may be given several " \
	  "times") \
	N(POLICY_PORT, "port", "tcp:[ADDR:]PORT|udp:[ADDR:]PORT|auto", POLICY_LIST_ | POLICY_ASKS_, \
	  "a port that the program opens itself and hart holds open over takeovers, restarts and upgrades: " \
	  "clients wait meanwhile; auto: each TCP port that it listens on; may be given several times") \
	N(POLICY_ON_PROMOTE, "on-promote", "exec:COMMAND", 0, \
	  "run COMMAND in a hot or frozen standby when it is to serve, after the fence and before it gets clients; when " \
	  "COMMAND fails, the standby has failed") \
	D(POLICY_RECLAIM, "reclaim", "yes|no", "no", 0, \
	  "take the memory of a frozen standby back (memory.reclaim), as far as it is in files or there is swap for it; a " \
	  "takeover reads it in again") \
	D(POLICY_FDSTORE_MAX, "fdstore-max", "N", "64", 0, \
	  "descriptors that members may park with FDSTORE=1 (sd_notify(3))") \
	D(POLICY_DRAIN, "drain", "TIME", "0s", 0, \
	  "how long the old member may finish what its clients have asked for, when the new one was started beside it " \
	  "(upgrade, failover --overlap), before it is asked to stop; new clients go to the new one") \
	D(POLICY_STOP_SIGNAL, "stop-signal", "SIGNAL", "TERM", 0, \
	  "what asks a member to stop") \
	D(POLICY_STOP_TIMEOUT, "stop-timeout", "TIME", "10s", 0, \
	  "a member that has not stopped by then is killed") \
	D(POLICY_FENCE_TIMEOUT, "fence-timeout", "TIME", "10s", 0, \
	  "how often to report that a failed member's processes survive SIGKILL; nobody is promoted " \
	  "meanwhile") \
	N(POLICY_LOG_FILE, "log-file", "FILE", POLICY_HOST_PATH_, \
	  "write the members' output there (default: the log in the state folder when " \
	  "detached, else hart's own output)") \
	D(POLICY_LOG_SIZE, "log-size", "BYTES", "10M", 0, \
	  "rotate the log at that size") \
	D(POLICY_LOG_KEEP, "log-keep", "N", "3", 0, \
	  "rotated logs that are kept") \
	N(POLICY_JOURNAL, "journal", "FILE", POLICY_HOST_PATH_, \
	  "write the journal there (default: in the state folder)") \
	N(POLICY_ON_EVENT, "on-event", "exec:COMMAND", 0, \
	  "run COMMAND on the host, as hart's user, at each event (hart-failover(7)), with HART_EVENT and more in its " \
	  "environment: one at a time, killed after 10 s") \
	N(POLICY_EVENTS_TO, "events-to", "syslog[:PATH]|journald[:PATH]", POLICY_LIST_, \
	  "send events to a log daemon of the host, too: to its usual socket, or the one at PATH; journald gets them with " \
	  "fields") \
	D(POLICY_MLOCK, "mlock", "yes|no", "no", 0, \
	  "lock the shim's memory, so that a takeover never waits for it")

struct policy_row {
	const char *name; /* flag without dashes; annotation behind the prefix */
	const char *metavar;
	const char *doc;
	const char *initial; /* as a flag's value; NULL: none */
	unsigned flags; /* POLICY_*_ */
};

extern const struct policy_row policy_rows[POLICY_KEYS];

/* Of a standby's value, "DIR,mode=MODE": where what follows the folder begins; the end of the text when nothing does. */
const char *policy_standby_suffix(const char *value);
