/* SPDX-License-Identifier: Apache-2.0 */
/* probe_http: what a server's answer to an HTTP probe begins with, all that is looked at. */
#pragma once

#include <stdbool.h>

#define PROBE_HTTP_MIN (sizeof "HTTP/1.1 200" - 1) /* bytes, before which nothing can be said */

/* The status of an answer; false: it is none of HTTP's. */
bool probe_http_status(const char *answer, unsigned *ret);
