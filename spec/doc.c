/* SPDX-License-Identifier: Apache-2.0 */
/* doc: config.json explained, out of the rows. See spec.h. */
#include <errno.h>
#include <string.h>

#include "annotation.h"
#include "base/buf.h"
#include "base/err.h"
#include "rows.h"
#include "spec.h"

static const struct {
	char name[12];
	enum table_doc_format format;
} formats[] = {
	{ "text", TABLE_DOC_TEXT },
	{ "markdown", TABLE_DOC_MARKDOWN },
	{ "man", TABLE_DOC_MAN },
	{ "dictionary", TABLE_DOC_DICTIONARY },
};

/* The words that enums and strings may be. */
static void doc_put_words(struct buf *out)
{
	for (unsigned id = NAMES_NONE + 1; id < NAMES_COUNT; id++) {
		size_t n;
		const struct name *names = names_get(id, &n);

		for (size_t i = 0; i < n; i++)
			table_doc_entry(TABLE_DOC_DICTIONARY, names[i].text, "", "", out);
	}
}

static void put_annotations(enum table_doc_format format, struct buf *out)
{
	const char *key, *doc;

	for (size_t i = 0; (key = annotation_key(i, &doc)); i++) {
		_cleanup_buf_ struct buf path = BUF_INIT;

		buf_printf(&path, "annotations.%s", key);
		if (path.failed)
			out->failed = true;
		else
			table_doc_entry(format, path.data, "string", doc, out);
	}
}

int spec_write_doc(struct buf *out, const char *format, struct err *e)
{
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		if (strcmp(format, formats[i].name))
			continue;
		table_doc(TABLE_CONFIG, formats[i].format, out);
		if (formats[i].format == TABLE_DOC_DICTIONARY)
			doc_put_words(out);
		else
			put_annotations(formats[i].format, out);
		return out->failed ? err_set(e, ENOMEM, "write the documentation") : 0;
	}
	return err_msg(e, EINVAL, "unknown format \"%s\": text, markdown, man or dictionary",
		       format);
}
