/* SPDX-License-Identifier: Apache-2.0 */
/* doc_man: commands and options as man(7) source. */
#include <string.h>

#include "base/buf.h"
#include "cmd.h"
#include "doc.h"
#include "help.h"
#include "machine/machine.h"

/* Text in which roff sees no requests and no escapes. */
static void doc_man_put_text(struct buf *out, const char *s)
{
	if (*s == '.' || *s == '\'')
		buf_puts(out, "\\&");
	for (; *s; s++) {
		if (*s == '\\')
			buf_puts(out, "\\e");
		else if (*s == '-')
			buf_puts(out, "\\-");
		else
			buf_put(out, s, 1);
	}
}

/* Words in capitals in italics, the rest as it is: "tmpfs[:SIZE]|DIR". */
static void put_metavars(struct buf *out, const char *s)
{
	while (*s) {
		size_t len = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
		if (len) {
			buf_printf(out, "\\fI%.*s\\fR", (int)len, s);
		} else {
			char one[2] = { *s };
			doc_man_put_text(out, one);
			len = 1;
		}
		s += len;
	}
}

static void doc_man_put_options(struct buf *out, const struct opt_table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct opt_row *row = &t->rows[i];
		if (!row->doc)
			continue;
		buf_puts(out, ".TP\n");
		if (row->alias)
			buf_printf(out, "\\fB\\-%c\\fR, ", row->alias);
		buf_puts(out, "\\fB\\-\\-");
		doc_man_put_text(out, row->name);
		buf_puts(out, "\\fR");
		if (row->metavar) {
			buf_puts(out, " ");
			put_metavars(out, row->metavar);
		}
		buf_puts(out, "\n");
		doc_man_put_text(out, row->doc);
		if (row->initial) {
			buf_puts(out, " (default: ");
			doc_man_put_text(out, row->initial);
			buf_puts(out, ")");
		}
		buf_puts(out, "\n");
	}
}

void doc_man_commands(struct buf *out)
{
	for (const struct command *const *p = commands; *p; p++) {
		const struct command *c = *p;
		buf_puts(out, ".SS \"");
		help_usage(out, c);
		buf_puts(out, "\"\n");
		doc_man_put_text(out, c->summary);
		buf_puts(out, ".\n");
		if (c->doc) {
			doc_man_put_text(out, c->doc);
			buf_puts(out, "\n");
		}
		doc_man_put_options(out, &c->table);
	}
}

void doc_man_causes(struct buf *out)
{
	for (enum machine_cause c = CAUSE_START; c < CAUSES; c++) {
		buf_printf(out, ".TP\n.B %s%s\n", machine_cause_name(c), machine_cause_is_failure(c) ? " \\fR(a failure)" : "");
		doc_man_put_text(out, machine_cause_meaning(c));
		buf_puts(out, "\n");
	}
}

void doc_man_globals(struct buf *out)
{
	doc_man_put_options(out, &global_table);
}
