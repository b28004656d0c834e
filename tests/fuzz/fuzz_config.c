/*
 * fuzz_config: any bytes as config.json, process, resources and state.json: nothing may crash, leak
 * or run away, and what is accepted must survive encoding and decoding unchanged.
 * Built with -Dfuzz=true (clang) it is a libFuzzer target. Otherwise it has a main of its own:
 *   fuzz_config [-n MUTATIONS] [-s SEED] [FILE…]
 * tries a built-in config and each FILE, then that many mutations of them, the same for each seed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "json.h"
#include "rows.h"
#include "spec.h"
#include "state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void die(const char *why, const char *text, size_t len)
{
	fprintf(stderr, "fuzz_config: %s:\n%.*s\n", why, (int)len, text);
	abort();
}

static void encode(const struct oci_config *c, struct buf *out)
{
	struct json_out o = { .buf = out };

	table_encode(TABLE_CONFIG, c, &o);
}

/* Encoding what was accepted gives a text that is accepted as well and is encoded alike. */
static void check_round_trip(struct arena *a, const struct oci_config *c, const char *text,
			     size_t len)
{
	_cleanup_buf_ struct buf first = BUF_INIT;
	_cleanup_buf_ struct buf second = BUF_INIT;
	struct err e = ERR_INIT;
	struct oci_config *back;

	encode(c, &first);
	if (spec_load_config(a, first.data, first.len, &back, NULL, &e) < 0)
		die(e.text, text, len);
	encode(back, &second);
	if (first.len != second.len || memcmp(first.data, second.data, first.len))
		die("changed by encoding", text, len);
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
		die("accepted and refused", text, len);
	if (r < 0 && !*e.text)
		die("refused without a reason", text, len);
	if (r >= 0)
		check_round_trip(&a, c, text, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	const char *text = (const char *)data;
	struct oci_resources *resources;
	struct oci_process *process;
	struct state *state;
	struct err e = ERR_INIT;

	try_config(text, len);
	spec_load_process(&a, text, len, &process, &e);
	spec_load_resources(&a, text, len, &resources, &e);
	state_decode(&a, text, len, &state, &e);
	return 0;
}

#ifndef HART_LIBFUZZER

#include "../unit/config_full.h"

#define SEEDS_MAX 64

struct corpus {
	struct buf texts[SEEDS_MAX];
	size_t n;
	uint64_t random;
};

/* xorshift64*: the same sequence everywhere. */
static size_t below(struct corpus *c, size_t limit)
{
	c->random ^= c->random >> 12;
	c->random ^= c->random << 25;
	c->random ^= c->random >> 27;
	return (size_t)((c->random * 0x2545f4914f6cdd1dULL) >> 33) % limit;
}

static void add(struct corpus *c, const char *text, size_t len)
{
	if (c->n < SEEDS_MAX)
		buf_put(&c->texts[c->n++], text, len);
}

static void mutate_byte(struct corpus *c, struct buf *b)
{
	static const char tempting[] = "{}[]\",:\\0-9eE.tfn \n\x00\x7f\xc3\xff";

	b->data[below(c, b->len)] = tempting[below(c, sizeof tempting - 1)];
}

static void mutate_cut(struct corpus *c, struct buf *b)
{
	size_t at = below(c, b->len), n = below(c, b->len - at) % 64;

	memmove(b->data + at, b->data + at + n, b->len - at - n);
	b->len -= n;
	b->data[b->len] = '\0';
}

/* Puts a piece of some text, which may be this one, into it. */
static void mutate_splice(struct corpus *c, struct buf *b)
{
	const struct buf *from = &c->texts[below(c, c->n)];
	size_t at = below(c, b->len), start = below(c, from->len);
	size_t n = below(c, from->len - start) % 200;
	struct buf out = BUF_INIT;

	buf_put(&out, b->data, at);
	buf_put(&out, from->data + start, n);
	buf_put(&out, b->data + at, b->len - at);
	buf_free(b);
	*b = out;
}

/* Another value in the place of one: most of what is wrong with real documents. */
static void mutate_value(struct corpus *c, struct buf *b)
{
	static const char *const values[] = {
		"0", "-1", "18446744073709551615", "18446744073709551616", "-9223372036854775809",
		"1e3", "-0", "1.5", "null", "true", "\"\"", "\"..\"", "\"\\u0000\"", "\"\\ud800\"",
		"[]", "{}", "[[[]]]", "{\"a\":{}}", "\"/\"", "4294967295",
	};
	const char *value = values[below(c, sizeof values / sizeof *values)];
	size_t from = below(c, b->len);
	char *colon = memchr(b->data + from, ':', b->len - from);
	struct buf out = BUF_INIT;

	if (!colon)
		return;
	size_t head = (size_t)(colon - b->data) + 1;
	size_t skip = strcspn(colon + 1, ",}]");
	buf_put(&out, b->data, head);
	buf_puts(&out, value);
	if (head + skip < b->len)
		buf_put(&out, b->data + head + skip, b->len - head - skip);
	buf_free(b);
	*b = out;
}

static void try_mutation(struct corpus *c)
{
	static void (*const mutations[])(struct corpus *c, struct buf *b) = {
		mutate_byte, mutate_cut, mutate_splice, mutate_value,
	};
	_cleanup_buf_ struct buf b = BUF_INIT;
	const struct buf *seed = &c->texts[below(c, c->n)];

	buf_put(&b, seed->data, seed->len);
	for (size_t i = 0, n = 1 + below(c, 4); i < n && b.len; i++)
		mutations[below(c, sizeof mutations / sizeof *mutations)](c, &b);
	/* A copy without slack, so that a sanitizer sees the first byte too far. */
	char *exact = malloc(b.len ? b.len : 1);
	if (!exact || b.failed)
		exit(2);
	memcpy(exact, b.data ? b.data : "", b.len);
	LLVMFuzzerTestOneInput((const uint8_t *)exact, b.len);
	free(exact);
}

static void add_file(struct corpus *c, const char *path)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct err e = ERR_INIT;
	char *text;
	size_t len;

	if (io_read_file(&a, AT_FDCWD, path, 2 * SPEC_MAX_BYTES, &text, &len, &e) < 0) {
		fprintf(stderr, "fuzz_config: %s\n", e.text);
		exit(2);
	}
	LLVMFuzzerTestOneInput((const uint8_t *)text, len);
	if (len)
		add(c, text, len);
}

int main(int argc, char **argv)
{
	static struct corpus c = { .random = 1 };
	unsigned long mutations = 0;
	int opt;

	while ((opt = getopt(argc, argv, "n:s:")) != -1) {
		if (opt == '?')
			return 2;
		unsigned long v = strtoul(optarg, NULL, 10);
		if (opt == 'n')
			mutations = v;
		else
			c.random = v * 0x9e3779b97f4a7c15ULL + 1;
	}
	add(&c, CONFIG_FULL, sizeof CONFIG_FULL - 1);
	LLVMFuzzerTestOneInput((const uint8_t *)CONFIG_FULL, sizeof CONFIG_FULL - 1);
	for (int i = optind; i < argc; i++)
		add_file(&c, argv[i]);
	for (unsigned long i = 0; i < mutations; i++)
		try_mutation(&c);
	printf("fuzz_config: %zu documents, %lu mutations\n", c.n, mutations);
	for (size_t i = 0; i < c.n; i++)
		buf_free(&c.texts[i]);
	return 0;
}

#endif
