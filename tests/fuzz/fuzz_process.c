/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_process: exec --process and update -r: a process and a resources object. */
#include "fuzz.h"
#include "spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct oci_resources *resources;
	struct oci_process *process;
	struct err e = ERR_INIT, why = ERR_INIT;

	if (spec_load_process(&a, (const char *)data, len, &process, &e) < 0 && !*e.text)
		fuzz_die("refused without a reason", data, len);
	if (spec_load_resources(&a, (const char *)data, len, &resources, &why) < 0 && !*why.text)
		fuzz_die("refused without a reason", data, len);
	return 0;
}
