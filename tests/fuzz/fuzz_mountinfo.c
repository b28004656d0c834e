/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_mountinfo: lines of /proc/PID/mountinfo. */
#include <string.h>

#include "base/mountinfo.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_cleanup_text_ char *text = fuzz_text(data, len);
	char *at = text, *line;
	struct mountinfo m;

	while ((line = fuzz_line(&at))) {
		size_t room = strlen(line);
		if (mountinfo_parse(line, &m) && strlen(m.root) + strlen(m.point) + strlen(m.type) > room)
			fuzz_die("grown", data, len);
	}
	return 0;
}
