/* SPDX-License-Identifier: Apache-2.0 */
/* plan_rows: the rows of service.json, see plan.h. */
#include "plan.h"
#include "rows.h"

static const struct field plan_rows[] = {
	F(plan_rows, flags, "flags", LIST(T_OBJECT), FIELD_TUPLE, TABLE(PLAN_PAIR), 0, "The policy's flags."),
	F(plan_rows, options, "options", LIST(T_OBJECT), FIELD_TUPLE, TABLE(PLAN_PAIR), 0, "Options of run."),
	F(plan_rows, members, "members", LIST(T_OBJECT), FIELD_TUPLE | REQUIRED, TABLE(PLAN_MEMBER), 0, "Who can serve."),
	F(plan_rows, roles, "roles", LIST(T_OBJECT), FIELD_TUPLE, TABLE(PLAN_PAIR), 0, "Who plays a part in an upgrade."),
};

static const struct field pair_rows[] = {
	F(plan_pair, name, "name", T_STRING, REQUIRED, ANY, 0, "The name."),
	F(plan_pair, value, "value", T_STRING, 0, ANY, 0, "The value."),
};

static const struct field member_rows[] = {
	F(plan_member_row, name, "name", T_STRING, REQUIRED, ANY, 0, "The member's name."),
	F(plan_member_row, dir, "dir", T_STRING, 0, ANY, 0, "Its folder."),
	F(plan_member_row, gone, "gone", T_STRING, 0, ANY, 0, "\"gone\": it will not come back."),
};

const struct table *plan_table(enum table_id id)
{
	static const struct table tables[] = {
		[TABLE_PLAN - TABLE_PLAN] = TABLE_OF(plan_rows, plan_rows),
		[TABLE_PLAN_PAIR - TABLE_PLAN] = TABLE_OF(plan_pair, pair_rows),
		[TABLE_PLAN_MEMBER - TABLE_PLAN] = TABLE_OF(plan_member_row, member_rows),
	};

	return &tables[id - TABLE_PLAN];
}
