/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_words: every parser of a single word or line, on each line. */
#include "base/quantity.h"
#include "base/signame.h"
#include "cpulist.h"
#include "fuzz.h"
#include "policy/words.h"
#include "ports/policy.h"
#include "process/bitlist.h"
#include "process/user.h"
#include "rdt/schema.h"

static void try_policy(struct arena *a, const char *s)
{
	struct listen_policy listen;
	struct probe_policy probe;
	struct stall_policy stall;
	struct port_policy port;
	long long ms;
	unsigned n;
	int64_t bytes;
	int sig;

	policy_word_duration(s, &ms);
	policy_word_number(s, 1000, &n);
	policy_word_bytes(s, &bytes);
	policy_word_signal(s, &sig);
	policy_word_probe(a, s, &probe);
	policy_word_listen(a, s, &listen);
	policy_word_stall(s, &stall);
	port_policy_parse(&port, s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_text_ char *text = fuzz_text(data, len);
	unsigned long words[16];
	struct err e = ERR_INIT;
	char *at = text, *line, *last = "";
	uint64_t ms;
	int64_t bytes;
	uint32_t uid, gid;

	while ((line = fuzz_line(&at))) {
		try_policy(&a, line);
		quantity_duration(line, &ms);
		quantity_bytes(line, &bytes);
		signal_from_name(line);
		if (user_parse(line, &uid, &gid, &e) >= 0 && (uid == UINT32_MAX || gid == UINT32_MAX))
			fuzz_die("an id that is none", data, len);
		if (bitlist_parse(line, words, 16 * BITLIST_WORD_BITS, &e) >= 0 && !cpulist_valid(line))
			fuzz_die("a list that is none", data, len);
		rdt_schema_matches(last, line);
		last = line;
	}
	return 0;
}
