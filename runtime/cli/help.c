/* SPDX-License-Identifier: Apache-2.0 */
/* help: see help.h. Pages come from the tables alone. */
#include "help.h"

#include <seccomp.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "cmd.h"

#define WIDTH 90
#define DOC_COLUMN 30

/* `text` broken at blanks, each line after the first indented; starts at column `at`, returns the
 * one where it ends. */
static size_t put_wrapped(struct buf *out, const char *text, size_t indent, size_t at)
{
	while (*text) {
		size_t len = strcspn(text, " ");
		if (at > indent && at + 1 + len > WIDTH) {
			buf_printf(out, "\n%*s", (int)indent, "");
			at = indent;
		} else if (at > indent) {
			buf_puts(out, " ");
			at++;
		}
		buf_put(out, text, len);
		at += len;
		text += len + (text[len] == ' ');
	}
	return at;
}

static void help_put_row(struct buf *out, const struct opt_row *row)
{
	size_t start = out->len;

	if (!row->doc)
		return;
	if (row->alias)
		buf_printf(out, "  -%c, --%s", row->alias, row->name);
	else
		buf_printf(out, "      --%s", row->name);
	if (row->metavar)
		buf_printf(out, " %s", row->metavar);
	if (out->len - start + 2 > DOC_COLUMN)
		buf_printf(out, "\n%*s", DOC_COLUMN, "");
	else
		buf_printf(out, "%*s", (int)(DOC_COLUMN - (out->len - start)), "");
	size_t at = put_wrapped(out, row->doc, DOC_COLUMN, DOC_COLUMN);
	if (row->initial) {
		char text[64];
		snprintf(text, sizeof text, "(default: %s)", row->initial);
		put_wrapped(out, text, DOC_COLUMN, at);
	}
	buf_puts(out, "\n");
}

static void help_put_options(struct buf *out, const struct opt_table *t, const char *title)
{
	size_t shown = 0;

	for (size_t i = 0; i < t->n; i++)
		shown += t->rows[i].doc != NULL;
	if (!shown)
		return;
	buf_printf(out, "\n%s:\n", title);
	for (size_t i = 0; i < t->n; i++)
		help_put_row(out, &t->rows[i]);
}

void help_usage(struct buf *out, const struct command *c)
{
	buf_printf(out, "hart %s%s%s%s", c->name, c->table.n ? " [OPTIONS]" : "",
		   *c->args ? " " : "", c->args);
}

void help_command(struct buf *out, const struct command *c)
{
	buf_printf(out, "hart %s - %s\n\nUsage: ", c->name, c->summary);
	help_usage(out, c);
	buf_puts(out, "\n");
	if (c->doc) {
		buf_puts(out, "\n");
		put_wrapped(out, c->doc, 0, 0);
		buf_puts(out, "\n");
	}
	help_put_options(out, &c->table, "Options");
}

void help_main(struct buf *out)
{
	buf_puts(out, "Usage: hart [GLOBAL OPTIONS] COMMAND [OPTIONS] [ARGUMENTS]\n\n"
		      "Runs OCI containers. The shortest way: hart run BUNDLE/\n\nCommands:\n");
	for (const struct command *const *c = commands; *c; c++)
		buf_printf(out, "  %-12s%s\n", (*c)->name, (*c)->summary);
	buf_puts(out, "  help        print this, or the page of a command\n");
	help_put_options(out, &global_table, "Global options");
	buf_puts(out, "\n\"hart COMMAND --help\" has the details; hart(1) has it all.\n");
}

void help_version(struct buf *out)
{
	const struct scmp_version *v = seccomp_version();

	buf_puts(out, "hart version " HART_VERSION "\nspec: " OCI_VERSION "\n");
	if (v)
		buf_printf(out, "libseccomp: %u.%u.%u\n", v->major, v->minor, v->micro);
}
