/* SPDX-License-Identifier: Apache-2.0 */
/* doc_shell: the tables as shell source. */
#include <string.h>

#include "base/buf.h"
#include "cmd.h"
#include "doc.h"

/* Inside single quotes: bash and zsh close, escape and reopen; fish escapes. */
static void doc_shell_put_quoted(struct buf *out, const char *s, const char *quote)
{
	for (; *s; s++) {
		if (*s == '\'')
			buf_puts(out, quote);
		else
			buf_put(out, s, 1);
	}
}

static const char *value_kind(const struct opt_row *row)
{
	if (row->type == OPT_TYPE_FLAG)
		return "";
	return row->complete == OPT_DIR ? ":dir" : row->complete == OPT_FILE ? ":file" : ":any";
}

/* What the arguments are: "container", "bundle", "any" (a container or a bundle) or "none". */
static const char *args_kind(const struct command *c)
{
	bool container = strstr(c->args, "CONTAINER"), bundle = strstr(c->args, "BUNDLE");

	return container && bundle ? "any" : container ? "container" : bundle ? "bundle" : "none";
}

static void bash_options(struct buf *out, const char *name, const struct opt_table *t)
{
	buf_printf(out, "\t%s) words='", name);
	for (size_t i = 0; i < t->n; i++) {
		const struct opt_row *row = &t->rows[i];
		if (!row->doc)
			continue;
		buf_printf(out, " --%s%s", row->name, value_kind(row));
		if (row->alias)
			buf_printf(out, " -%c%s", row->alias, value_kind(row));
	}
	buf_puts(out, " --help'");
}

void doc_bash(struct buf *out)
{
	bash_options(out, "''", &global_table);
	buf_puts(out, " kind='");
	for (const struct command *const *c = commands; *c; c++)
		buf_printf(out, "%s ", (*c)->name);
	buf_puts(out, "help' ;;\n");
	for (const struct command *const *c = commands; *c; c++) {
		bash_options(out, (*c)->name, &(*c)->table);
		buf_printf(out, " kind=%s ;;\n", args_kind(*c));
	}
}

/* One _arguments specification; its own characters in the text are escaped. */
static void zsh_option(struct buf *out, const struct opt_row *row)
{
	static const char *const actions[] = { [OPT_ANY] = " ", [OPT_FILE] = "_files",
					       [OPT_DIR] = "_files -/" };

	if (!row->doc)
		return;
	if (row->alias)
		buf_printf(out, "\t\t'(-%c --%s)'{-%c,--%s}'[", row->alias, row->name, row->alias,
			   row->name);
	else
		buf_printf(out, "\t\t'--%s[", row->name);
	for (const char *s = row->doc; *s; s++) {
		char one[2] = { *s };
		if (strchr("[]:\\", *s))
			buf_puts(out, "\\");
		doc_shell_put_quoted(out, one, "'\\''");
	}
	buf_puts(out, "]");
	if (row->metavar)
		buf_printf(out, ":value:%s", actions[row->complete]);
	buf_puts(out, "' \\\n");
}

static void zsh_table(struct buf *out, const char *name, const struct opt_table *t)
{
	buf_printf(out, "\t%s) specs=( \\\n", name);
	for (size_t i = 0; i < t->n; i++)
		zsh_option(out, &t->rows[i]);
	buf_puts(out, "\t\t'--help[print help]' )\n");
}

void doc_zsh(struct buf *out)
{
	zsh_table(out, "''", &global_table);
	buf_puts(out, "\t\tcommands=( \\\n");
	for (const struct command *const *c = commands; *c; c++) {
		buf_printf(out, "\t\t'%s:", (*c)->name);
		doc_shell_put_quoted(out, (*c)->summary, "'\\''");
		buf_puts(out, "' \\\n");
	}
	buf_puts(out, "\t\t'help:print help' ) ;;\n");
	for (const struct command *const *c = commands; *c; c++) {
		zsh_table(out, (*c)->name, &(*c)->table);
		buf_printf(out, "\t\tkind=%s ;;\n", args_kind(*c));
	}
}

static void fish_option(struct buf *out, const char *when, const struct opt_row *row)
{
	if (!row->doc)
		return;
	buf_printf(out, "complete -c hart -n '%s' -l %s", when, row->name);
	if (row->alias)
		buf_printf(out, " -s %c", row->alias);
	if (row->metavar)
		buf_puts(out, row->complete == OPT_ANY	? " -x" :
			      row->complete == OPT_FILE ? " -r -F" :
							  " -x -a '(__fish_complete_directories)'");
	buf_puts(out, " -d '");
	doc_shell_put_quoted(out, row->doc, "\\'");
	buf_puts(out, "'\n");
}

static void fish_command(struct buf *out, const struct command *c)
{
	_cleanup_buf_ struct buf when = BUF_INIT;
	const char *kind = args_kind(c);

	buf_printf(&when, "__fish_seen_subcommand_from %s", c->name);
	buf_printf(out, "complete -c hart -n __hart_needs_command -a %s -d '", c->name);
	doc_shell_put_quoted(out, c->summary, "\\'");
	buf_puts(out, "'\n");
	if (!strcmp(kind, "container"))
		buf_printf(out, "complete -c hart -n '%s' -a '(__hart_containers)'\n", when.data);
	else if (strcmp(kind, "none"))
		buf_printf(out, "complete -c hart -n '%s' -a '(__fish_complete_directories)'\n",
			   when.data);
	for (size_t i = 0; i < c->table.n; i++)
		fish_option(out, when.data, &c->table.rows[i]);
}

void doc_fish(struct buf *out)
{
	for (size_t i = 0; i < global_table.n; i++)
		fish_option(out, "__hart_needs_command", &global_table.rows[i]);
	for (const struct command *const *c = commands; *c; c++)
		fish_command(out, *c);
}
