/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_control: a message of the control socket, either way; a request is written again and read alike. */
#include <string.h>

#include "base/buf.h"
#include "ctl/message.h"
#include "fuzz.h"

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct ctl_request q, again;
	struct err e = ERR_INIT;

	ctl_answer_is_error((const char *)data, len, &e);
	if (ctl_request_decode((const char *)data, len, &a, &q, &e) < 0)
		return 0;
	ctl_request_encode(&q, &out);
	if (ctl_request_decode(out.data, out.len, &a, &again, &e) < 0)
		fuzz_die(e.text, data, len);
	if (q.command != again.command || !same(q.to, again.to) || !same(q.bundle, again.bundle) ||
	    q.signal != again.signal || q.timeout_ms != again.timeout_ms)
		fuzz_die("changed by encoding", data, len);
	return 0;
}
