/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_passwd: an image's /etc/passwd. */
#include "fuzz.h"
#include "process/passwd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;

	fuzz_files(data, len);
	passwd_get(&a, 0, PASSWD_HOME, "/");
	fuzz_files(data, len);
	if (!passwd_get(&a, 1000, PASSWD_NAME, ""))
		fuzz_die("no answer", data, len);
	return 0;
}
