/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_state: state.json; what is accepted is written again and read alike. */
#include <string.h>

#include "base/buf.h"
#include "fuzz.h"
#include "state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf first = BUF_INIT, second = BUF_INIT;
	struct err e = ERR_INIT;
	struct state *s;

	if (state_decode(&a, (const char *)data, len, &s, &e) < 0)
		return 0;
	if (state_encode(s, &first, &e) < 0 || state_decode(&a, first.data, first.len, &s, &e) < 0 ||
	    state_encode(s, &second, &e) < 0)
		fuzz_die(e.text, data, len);
	if (first.len != second.len || memcmp(first.data, second.data, first.len))
		fuzz_die("changed by encoding", data, len);
	return 0;
}
