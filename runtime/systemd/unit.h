/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unit: scopes of systemd, over D-Bus: the system's, or a user's instance. Each call waits until systemd has done it,
 * for at most 30 s. org.freedesktop.systemd1(5).
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "systemd/dbus.h"
#include "systemd/property.h"

struct arena;
struct err;

struct systemd {
	struct dbus bus;
};

/* Connects to the system's instance, or the caller's own. The error names what can be done where there is none. */
int systemd_open(struct systemd *s, bool user, struct err *e);

/* The same in two steps: it begins without waiting, false when it cannot, and is to be finished or closed. What fails only
 * then is tried anew in all the ways there are. */
bool systemd_begin(struct systemd *s, bool user);
int systemd_finish(struct systemd *s, bool user, struct err *e);

void systemd_close(struct systemd *s);

/*
 * Starts a scope with the process `pid` in it. One of that name that is left over, failed, is cleared away; -EEXIST
 * when there is another.
 */
int systemd_start(struct systemd *s, const char *unit, pid_t pid, const struct systemd_properties *p, struct err *e);

/* Changes properties of a unit, until it ends. */
int systemd_set(struct systemd *s, const char *unit, const struct systemd_properties *p, struct err *e);

/* Moves a process into a unit that is delegated, into its own cgroup ("") or one below it ("/a/b"). */
int systemd_attach(struct systemd *s, const char *unit, const char *below, pid_t pid, struct err *e);

/* A unit's description, its name when it has none, in `a`. */
int systemd_description(struct systemd *s, struct arena *a, const char *unit, char **ret, struct err *e);

/* A scope's cgroup, "" when it has none, in `a`. */
int systemd_cgroup_of(struct systemd *s, struct arena *a, const char *unit, char **ret, struct err *e);

/* SIGKILL to all its processes; a unit that is gone is no error. */
int systemd_kill(struct systemd *s, const char *unit, struct err *e);

/* Stops a unit, its processes too if there are any left; one that is gone is no error. */
int systemd_stop(struct systemd *s, const char *unit, struct err *e);
