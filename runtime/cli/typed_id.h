/* SPDX-License-Identifier: Apache-2.0 */
/*
 * typed_id: a container by the beginning of its ID, where exactly one begins so: for commands that people alone type (status,
 * logs, restart, failover, fail, upgrade). What engines call (create, start, kill, delete, state, exec ...), and stop, take
 * whole IDs: there the ID of a container that is gone must not end another one.
 */
#pragma once

struct cli;
struct container;
struct err;
struct runtime;

/* Opens args[0] without its lock, as container_peek does; then args[0] is the whole ID. */
int typed_id_peek(struct cli *cli, struct runtime *rt, struct container *c, struct err *e);
