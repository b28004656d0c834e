/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_service: service.json, as adopt reads it, and then the policy in it. */
#include "service/adopt_plan.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct plan *p = plan_new(&a);
	struct policy policy;
	struct err e = ERR_INIT;

	fuzz_files(data, len);
	if (!p || plan_read(p, -1, &e) < 0)
		return 0;
	plan_role(p, "failback");
	policy_parse(&a, p->flags, &(oci_map){ 0 }, &policy, &e);
	return 0;
}
