/* SPDX-License-Identifier: Apache-2.0 */
/* ledger: see ledger.h. A record or call counts from the moment that its state says so, which is set last. */
#include "ledger.h"

#include <string.h>
#include <sys/mman.h>

#include "base/err.h"

struct ledger *ledger_new(struct err *e)
{
	struct ledger *l = mmap(NULL, sizeof *l, PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (l == MAP_FAILED) {
		err_set(e, errno, "make the ledger");
		return NULL;
	}
	return l;
}

static int put_words(struct record *r, const char *const words[RECORD_WORDS], struct err *e)
{
	size_t at = 0;

	for (size_t i = 0; i < RECORD_WORDS; i++) {
		size_t len = strlen(words[i]) + 1;
		if (len > RECORD_TEXT - at)
			return err_msg(e, ENAMETOOLONG, "the names and paths of %s are too long together",
				       words[RECORD_ID]);
		memcpy(r->text + at, words[i], len);
		r->word[i] = (uint16_t)at;
		at += len;
	}
	return 0;
}

int record_new(struct ledger *l, const char *const words[RECORD_WORDS], struct record **ret, struct err *e)
{
	for (uint32_t i = 0; i < RECORDS_MAX; i++) {
		struct record *r = &l->records[i];
		if (r->state != RECORD_FREE)
			continue;
		*r = (struct record){ .state = RECORD_FREE, .serial = ++l->serial };
		int ok = put_words(r, words, e);
		if (ok < 0)
			return ok;
		if (i >= l->records_end)
			l->records_end = i + 1;
		__atomic_store_n(&r->state, RECORD_NEW, __ATOMIC_RELEASE);
		*ret = r;
		return 0;
	}
	return err_msg(e, ENOSPC, "more than %d processes in one shim", RECORDS_MAX);
}

void record_free(struct record *r)
{
	__atomic_store_n(&r->state, RECORD_FREE, __ATOMIC_RELEASE);
}

const char *record_text(const struct record *r, enum record_word word)
{
	return r->text + r->word[word];
}

struct call *call_new(struct ledger *l, int connection, uint32_t stream, uint8_t method)
{
	for (uint32_t i = 0; i < CALLS_MAX; i++) {
		struct call *c = &l->calls[i];
		if (c->open)
			continue;
		*c = (struct call){ .connection = (int16_t)connection, .stream = stream, .method = method,
				    .record = -1 };
		if (i >= l->calls_end)
			l->calls_end = i + 1;
		__atomic_store_n(&c->open, true, __ATOMIC_RELEASE);
		return c;
	}
	return NULL;
}

int ledger_index(const struct ledger *l, const struct record *r)
{
	return (int)(r - l->records);
}
