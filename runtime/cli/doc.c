/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doc: fills a template's "@part@" lines in from the tables. Usage: hart-doc TEMPLATE > FILE.
 * Runs at build time and is not installed.
 */
#include "doc.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "spec.h"

#define TEMPLATE_MAX_BYTES (1 << 20)

static void put_title_1(struct buf *out)
{
	buf_puts(out, ".TH HART 1 \"\" \"hart " HART_VERSION "\" \"User Commands\"\n");
}

static void put_title_5(struct buf *out)
{
	buf_puts(out, ".TH HART\\-CONFIG 5 \"\" \"hart " HART_VERSION "\" \"File Formats\"\n");
}

static void put_title_7(struct buf *out)
{
	buf_puts(out, ".TH HART\\-FAILOVER 7 \"\" \"hart " HART_VERSION "\" \"Overview\"\n");
}

static void put_title_8(struct buf *out)
{
	buf_puts(out, ".TH CONTAINERD\\-SHIM\\-HART\\-V2 8 \"\" \"hart " HART_VERSION "\" \"System Administration\"\n");
}

static void put_config(struct buf *out)
{
	struct err e = ERR_INIT;

	if (spec_write_doc(out, "man", &e) < 0)
		out->failed = true;
}

static const struct {
	const char *name;
	void (*put)(struct buf *out);
} parts[] = {
	{ "@title1@", put_title_1 },	  { "@title5@", put_title_5 },
	{ "@title7@", put_title_7 },	  { "@title8@", put_title_8 },
	{ "@commands@", doc_man_commands }, { "@globals@", doc_man_globals },
	{ "@config@", put_config },	  { "@bash@", doc_bash },
	{ "@zsh@", doc_zsh },		  { "@fish@", doc_fish },
	{ "@causes@", doc_man_causes },
};

static void doc_put_line(struct buf *out, const char *line)
{
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		if (!strcmp(line, parts[i].name)) {
			parts[i].put(out);
			return;
		}
	}
	buf_printf(out, "%s\n", line);
}

static int doc_fill(const char *template, struct err *e)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf out = BUF_INIT;
	char *text, *line;
	size_t len;
	int r = io_read_file(&a, AT_FDCWD, template, TEMPLATE_MAX_BYTES, &text, &len, e);

	if (r < 0)
		return r;
	while ((line = strsep(&text, "\n")))
		if (text)
			doc_put_line(&out, line);
	if (out.failed)
		return err_set(e, ENOMEM, "fill %s", template);
	return io_write_all(STDOUT_FILENO, out.data, out.len, "to stdout", e);
}

int main(int argc, char **argv)
{
	struct err e = ERR_INIT;

	if (argc != 2) {
		fprintf(stderr, "usage: hart-doc TEMPLATE\n");
		return 1;
	}
	if (doc_fill(argv[1], &e) < 0) {
		fprintf(stderr, "hart-doc: %s\n", e.text);
		return 1;
	}
	return 0;
}
