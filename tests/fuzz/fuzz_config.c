/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_config: any bytes as config.json; what is accepted must survive encoding and decoding unchanged. */
#include <string.h>

#include "base/buf.h"
#include "fuzz.h"
#include "json.h"
#include "rows.h"
#include "spec.h"

static void encode(const struct oci_config *c, struct buf *out)
{
	struct json_out o = { .buf = out };

	table_encode(table_get(TABLE_CONFIG), c, &o);
}

/* Encoding what was accepted gives a text that is accepted as well and is encoded alike. */
static void check_round_trip(struct arena *a, const struct oci_config *c, const char *text, size_t len)
{
	_cleanup_buf_ struct buf first = BUF_INIT;
	_cleanup_buf_ struct buf second = BUF_INIT;
	struct err e = ERR_INIT;
	struct oci_config *back;

	encode(c, &first);
	if (spec_load_config(a, first.data, first.len, &back, NULL, &e) < 0)
		fuzz_die(e.text, (const uint8_t *)text, len);
	encode(back, &second);
	if (first.len != second.len || memcmp(first.data, second.data, first.len))
		fuzz_die("changed by encoding", (const uint8_t *)text, len);
}

static void try_config(const char *text, size_t len)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct spec_faults faults = { .arena = &a };
	struct oci_config *c = NULL, *again = NULL;
	struct err e = ERR_INIT;

	int r = spec_load_config(&a, text, len, &c, NULL, &e);
	int collected = spec_load_config(&a, text, len, &again, &faults, &e);
	if ((r < 0) != (collected < 0))
		fuzz_die("accepted and refused", (const uint8_t *)text, len);
	if (r < 0 && !*e.text)
		fuzz_die("refused without a reason", (const uint8_t *)text, len);
	if (r >= 0)
		check_round_trip(&a, c, text, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	try_config((const char *)data, len);
	return 0;
}
