/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz: see fuzz.h. Without libFuzzer a target has this main:
 *   fuzz_NAME [-n MUTATIONS] [-s SEED] PATH...
 * tries each file or folder of files, then that many mutations of them, the same for each seed.
 */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"

char *fuzz_text(const uint8_t *data, size_t len)
{
	char *text = malloc(len + 1);

	if (!text)
		exit(2);
	memcpy(text, data, len);
	text[len] = '\0';
	return text;
}

char *fuzz_line(char **at)
{
	char *line = *at;

	if (!line)
		return NULL;
	*at = strchr(line, '\n');
	if (*at)
		*(*at)++ = '\0';
	return line;
}

static char folder[] = "/dev/shm/hart-fuzz.XXXXXX";

static void remove_folder(void)
{
	DIR *d = opendir(folder);
	const struct dirent *entry;

	while (d && (entry = readdir(d)))
		unlinkat(dirfd(d), entry->d_name, 0);
	if (d)
		closedir(d);
	rmdir(folder);
}

int fuzz_folder(void)
{
	int fd = mkdtemp(folder) ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd < 0)
		exit(2);
	atexit(remove_folder);
	return fd;
}

void fuzz_die(const char *why, const uint8_t *data, size_t len)
{
	fprintf(stderr, "fuzz: %s:\n%.*s\n", why, (int)len, (const char *)data);
	abort();
}

#ifndef HART_LIBFUZZER

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

/* By stdio: a target may have other ideas of what io_read_file() finds. */
static void add_file(struct corpus *c, const char *path)
{
	static char text[1 << 20];
	FILE *f = fopen(path, "re");

	if (!f) {
		fprintf(stderr, "fuzz: %s: %s\n", path, strerror(errno));
		exit(2);
	}
	size_t len = fread(text, 1, sizeof text, f);
	fclose(f);
	LLVMFuzzerTestOneInput((const uint8_t *)text, len);
	if (len)
		add(c, text, len);
}

/* A file, or those of a folder. */
static void add_path(struct corpus *c, const char *path)
{
	DIR *d = opendir(path);
	char name[PATH_MAX];

	if (!d) {
		add_file(c, path);
		return;
	}
	for (const struct dirent *entry; (entry = readdir(d));) {
		snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
		if (entry->d_name[0] != '.')
			add_file(c, name);
	}
	closedir(d);
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
	for (int i = optind; i < argc; i++)
		add_path(&c, argv[i]);
	if (!c.n) {
		fprintf(stderr, "fuzz: no file to begin with\n");
		return 2;
	}
	for (unsigned long i = 0; i < mutations; i++)
		try_mutation(&c);
	printf("fuzz: %zu files, %lu mutations\n", c.n, mutations);
	for (size_t i = 0; i < c.n; i++)
		buf_free(&c.texts[i]);
	return 0;
}

#endif
