/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_answer: what a server answers to an HTTP probe. */
#include <string.h>

#include "fuzz.h"
#include "watch/probe_http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_cleanup_text_ char *text = fuzz_text(data, len);
	unsigned status = 0;

	if (!probe_http_status(text, &status))
		return 0;
	if (strncmp(text, "HTTP/", 5) != 0)
		fuzz_die("no answer of HTTP", data, len);
	/* A sign makes a number of it that no probe takes for success. */
	if (status > 999 && status < 0u - 99)
		fuzz_die("a status of more than three digits", data, len);
	return 0;
}
