/* SPDX-License-Identifier: Apache-2.0 */
/* table_doc: documentation out of the rows, see table.h. A table that stands in several places is
 * told once; later places say where. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "names.h"
#include "rows.h"
#include "table_types.h"

#define PATH_SIZE 160
/* Longer lists of names are the man page's that the row's text points to. */
#define NAMES_TOLD 9

struct doc {
	struct buf *out;
	enum table_doc_format format;
	char told_at[TABLE_COUNT][PATH_SIZE]; /* where each table was told first */
};

static void put_names(struct buf *out, unsigned id)
{
	size_t n;
	const struct name *names = names_get(id, &n);

	for (size_t i = 0; n <= NAMES_TOLD && i < n; i++)
		buf_printf(out, "%s%s", i ? ", " : ": ", names[i].text);
}

static void put_range(struct buf *out, const struct field *f)
{
	int64_t min;
	uint64_t max;

	table_range(f, &min, &max);
	if (!f->min && !f->max)
		return;
	if (max == INT64_MAX)
		buf_printf(out, " from %" PRIi64, min);
	else
		buf_printf(out, " %" PRIi64 "..%" PRIu64, min, max);
}

/* "array of strings: a, b", "integer 0..7, required" */
static void put_type(struct buf *out, const struct field *f)
{
	enum field_type type = f->type & ~FIELD_SHAPES;
	enum field_shape shape = f->type & FIELD_SHAPES;
	bool many = shape == FIELD_LIST || shape == FIELD_MAP;

	buf_printf(out, "%s%s%s", shape == FIELD_LIST ? "array of " : many ? "map of " : "",
		   table_type_name(type), many ? "s" : "");
	if (type == FIELD_STRING || type == FIELD_ENUM)
		put_names(out, f->sub);
	else if (type != FIELD_BOOL && type != FIELD_OBJECT)
		put_range(out, f);
	if (f->flags & FIELD_REQUIRED)
		buf_puts(out, ", required");
	if (f->since > 10)
		buf_printf(out, ", since %d.%d", f->since / 10, f->since % 10);
}

/* Text for roff: "-" and "\" mean something there. */
static void put_roff(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '-' || *text == '\\')
			buf_puts(out, *text == '-' ? "\\" : "\\e");
		if (*text != '\\')
			buf_put(out, text, 1);
	}
}

/* A cell of a Markdown table. */
static void put_cell(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("|<>*_[]", *text))
			buf_puts(out, "\\");
		buf_put(out, text, 1);
	}
}

void table_doc_entry(enum table_doc_format format, const char *path, const char *type,
		     const char *doc, struct buf *out)
{
	const char *word = strrchr(path, '.');

	switch (format) {
	case TABLE_DOC_TEXT:
		buf_printf(out, "%s (%s)\n    %s\n", path, type, doc);
		break;
	case TABLE_DOC_MARKDOWN:
		buf_printf(out, "| `%s` | ", path);
		put_cell(out, type);
		buf_puts(out, " | ");
		put_cell(out, doc);
		buf_puts(out, " |\n");
		break;
	case TABLE_DOC_MAN:
		buf_printf(out, ".TP\n\\fB%s\\fR (", path);
		put_roff(out, type);
		buf_puts(out, ")\n");
		put_roff(out, doc);
		buf_puts(out, "\n");
		break;
	case TABLE_DOC_DICTIONARY:
		word = word ? word + 1 : path;
		buf_printf(out, "\"\\\"%.*s\\\"\"\n", (int)strcspn(word, "[{"), word);
	}
}

/* `as`: where the members of the row's table have been told already, "" when nowhere. */
static void table_doc_put_row(struct doc *d, const struct field *f, const char *path, const char *as)
{
	_cleanup_buf_ struct buf type = BUF_INIT;
	_cleanup_buf_ struct buf text = BUF_INIT;

	put_type(&type, f);
	buf_puts(&text, f->doc);
	if (*as)
		buf_printf(&text, " Members as of %s.", as);
	if (type.failed || text.failed)
		d->out->failed = true;
	else
		table_doc_entry(d->format, path, type.data, text.data, d->out);
}

static void table_doc_put_table(struct doc *d, unsigned id, const char *prefix)
{
	const struct table *t = table_get(id);

	snprintf(d->told_at[id], PATH_SIZE, "%s", *prefix ? prefix : "the document");
	for (unsigned i = 0; i < t->n; i++) {
		const struct field *f = &t->fields[i];
		enum field_shape shape = f->type & FIELD_SHAPES;
		bool object = (f->type & ~FIELD_SHAPES) == FIELD_OBJECT;
		char path[PATH_SIZE];

		snprintf(path, sizeof path, "%.100s%s%s%s", prefix, *prefix ? "." : "", f->name,
			 shape == FIELD_LIST ? "[]" : shape == FIELD_MAP ? "{}" : "");
		table_doc_put_row(d, f, path, object ? d->told_at[f->sub] : "");
		if (object && !*d->told_at[f->sub])
			table_doc_put_table(d, f->sub, path);
	}
}

void table_doc(unsigned id, enum table_doc_format format, struct buf *out)
{
	struct doc d = { .out = out, .format = format };

	if (format == TABLE_DOC_MARKDOWN)
		buf_puts(out, "| Member | Type | Meaning |\n|---|---|---|\n");
	table_doc_put_table(&d, id, "");
}
