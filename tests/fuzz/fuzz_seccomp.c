/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_seccomp: linux.seccomp of a config, compiled to a filter and made small. */
#include <string.h>

#include "base/buf.h"
#include "base/fd.h"
#include "fuzz.h"
#include "seccomp/filter.h"
#include "spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct oci_config *c;
	struct seccomp_filter filter;
	struct err e = ERR_INIT;

	buf_puts(&text, "{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"r\"},\"linux\":{\"seccomp\":");
	buf_put(&text, (const char *)data, len);
	buf_puts(&text, "}}");
	if (spec_load_config(&a, text.data, text.len, &c, NULL, &e) < 0 || !c->linux_ || !c->linux_->seccomp)
		return 0;
	if (seccomp_prepare(&a, c->linux_->seccomp, FD_NONE, &filter, &e) < 0 && !*e.text)
		fuzz_die("refused without a reason", data, len);
	return 0;
}
