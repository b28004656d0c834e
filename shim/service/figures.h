/* SPDX-License-Identifier: Apache-2.0 */
/*
 * figures: counts and limits of a service, as `hart metrics` shows them. They begin with this shim: after an adopt they are
 * small again, as counters may be.
 */
#pragma once

struct json_out;
struct machine;
struct probe;
struct takeovers;

/* Puts them into the object that is open in `o`; of `p`, the probe of who serves, nothing before it has asked once. */
void figures_put(struct json_out *o, const struct machine *m, const struct takeovers *t, const struct probe *p);
