/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_notify: a datagram of sd_notify(3). */
#include <string.h>

#include "fuzz.h"
#include "watch/notify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_cleanup_text_ char *text = fuzz_text(data, len);
	struct notify_message m;

	if (notify_parse(text, len, &m) < 0)
		return 0;
	if (m.status && strlen(m.status) >= NOTIFY_STATUS_MAX)
		fuzz_die("a status that is too long", data, len);
	if (m.fdname && (!*m.fdname || strchr(m.fdname, ':')))
		fuzz_die("a name that is none", data, len);
	return 0;
}
