/* SPDX-License-Identifier: Apache-2.0 */
/*
 * statefile: a container's folder below the state root and the state.json in it.
 *
 *   ROOT/ID/state.json   struct state; replaced by rename
 *   ROOT/ID/config.json  the bundle's config at create time, with hart's own changes
 *   ROOT/ID/gate         socket on which init waits to be started
 *   ROOT/ID/members/…    of a supervised service: a container for each member
 *
 * The folder's fd carries the container's lock (flock), so the lock goes with the process.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "container.h"

#define STATE_FILE "state.json"
#define CONFIG_FILE "config.json"
#define MEMBERS_DIR "members"

/* True while somebody else holds the lock of that container, which must have a valid ID. */
bool statefile_is_locked(struct runtime *rt, const char *id);

/* Makes ROOT/ID exclusively, opens and locks it. -EEXIST when the ID is taken. */
int statefile_make_dir(struct runtime *rt, const char *id, struct err *e);

/* Opens ROOT/ID; -ENOENT with "container \"ID\" does not exist". `lock`: waits for the lock and makes
 * sure that the folder still is the one of that name. */
int statefile_open_dir(struct runtime *rt, const char *id, bool lock, struct err *e);

/* Locks an open folder; -ENOENT when it is no longer the one of that name. */
int statefile_lock(struct runtime *rt, int dir_fd, const char *id, struct err *e);

/* True while ROOT/ID is the folder of dir_fd: not deleted, nor made anew. */
bool statefile_is_there(struct runtime *rt, int dir_fd, const char *id);

/* -ENODATA: a folder whose creation was interrupted. -EBADMSG: what is in it is damaged, or of a later version. */
int statefile_load(int dir_fd, const char *id, struct arena *a, struct state **ret, struct err *e);
int statefile_save(int dir_fd, const struct state *s, struct err *e);
/* The same, on the disk. */
int statefile_save_durably(int dir_fd, const struct state *s, struct err *e);

/* Empties and removes ROOT/ID. A folder that is gone already is fine. */
int statefile_remove(struct runtime *rt, int dir_fd, const char *id, struct err *e);

/* The identity of this boot, NUL-terminated. */
int statefile_boot_id(char ret[static 40], struct err *e);

/* Field 22 of /proc/PID/stat: start time in clock ticks. -ESRCH when there is no such process. */
int statefile_pid_start(pid_t pid, uint64_t *ret, struct err *e);

/* A pidfd of the recorded init, verified by boot id and start time; FD_NONE when it is gone. */
int statefile_pidfd(const struct state *s);

/* The same of the shim that keeps it up. */
int statefile_supervisor(const struct state *s);

/* The same of the process that stands for a service. */
int statefile_standin(const struct state *s);
