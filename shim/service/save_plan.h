/* SPDX-License-Identifier: Apache-2.0 */
/* save_plan: service.json (plan.h of spec) as it is written: with what the service was started, and whom it has. */
#pragma once

#include <stdint.h>

struct buf;
struct err;
struct machine;
struct member;
struct service_made;

/* What of it can change, as a number: of the members and their roles. Never 0. */
uint64_t save_plan_number(const struct machine *m);

/* Appends the text of service.json to `out`. -ENOMEM. */
int save_plan_encode(const struct service_made *made, const struct machine *m, const struct member *members, struct buf *out,
		     struct err *e);
