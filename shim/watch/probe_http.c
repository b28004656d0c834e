/* SPDX-License-Identifier: Apache-2.0 */
/* probe_http: see probe_http.h. */
#include "watch/probe_http.h"

#include <stdio.h>

bool probe_http_status(const char *answer, unsigned *ret)
{
	return sscanf(answer, "HTTP/%*1u.%*1u %3u", ret) == 1;
}
