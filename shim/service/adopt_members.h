/* SPDX-License-Identifier: Apache-2.0 */
/* adopt_members: who of an adopted service's members is there, which of them serves, and what becomes of the others. */
#pragma once

struct err;
struct service;

/*
 * `last` is the name of the member that got the last generation ("": none). Holds the members that are
 * there, gives the machine their states, and says which serves in s->adoption.active; undoes what is left of others,
 * and waits for that.
 */
int adopt_members(struct service *s, const char *last, struct err *e);
