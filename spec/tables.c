/* SPDX-License-Identifier: Apache-2.0 */
/* tables: which file holds the table of an id. */
#include "rows.h"

const struct table *table_get(unsigned id)
{
	if (id >= TABLE_PLAN)
		return plan_table(id);
	if (id >= TABLE_FEATURES)
		return features_table(id);
	if (id >= TABLE_STATE)
		return state_table(id);
	if (id >= TABLE_RESOURCES)
		return resources_table(id);
	if (id >= TABLE_LINUX)
		return linux_table(id);
	return oci_table(id);
}
