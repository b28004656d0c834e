/* SPDX-License-Identifier: Apache-2.0 */
/*
 * undo: removes from the host what a container's state.json says may exist. Idempotent: failed
 * create, delete, delete --force, crash recovery and adopt all call it.
 */
#pragma once

#include "container.h"

/*
 * Everything: processes, cgroup, overlay, resctrl group, at last the state folder. Goes on after a
 * failure, so that as little as possible is left, and returns the first; then the folder stays, so
 * that it can be tried again.
 */
int undo(struct container *c, struct err *e);

/* Removes the overlay's folder as root of a user namespace with the container's id maps: what an ordinary user's
 * container leaves belongs to those ids, and overlayfs' work folder lets nobody else in. */
int undo_overlay_inside(struct container *c, struct err *e);
