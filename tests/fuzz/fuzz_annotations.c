/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_annotations: lines KEY=VALUE as annotations: overlays, the policy of a service. */
#include <string.h>

#include "annotation.h"
#include "fuzz.h"
#include "policy/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_text_ char *text = fuzz_text(data, len);
	struct oci_pair pairs[64];
	oci_map map = { pairs, 0 };
	struct annotation_overlay overlay;
	struct policy policy;
	struct err e = ERR_INIT;
	char *at = text, *line, *equals;
	unsigned private;

	while (map.n < 64 && (line = fuzz_line(&at)))
		if ((equals = strchr(line, '='))) {
			*equals = '\0';
			pairs[map.n++] = (struct oci_pair){ line, equals + 1 };
			annotation_fault(line, equals + 1);
		}
	annotation_overlay(&a, &map, NULL, &overlay, &e);
	annotation_private(&map, &private, &e);
	if (policy_is_asked(NULL, &map))
		policy_parse(&a, &(struct policy_flags){ 0 }, &map, &policy, &e);
	return 0;
}
