/* SPDX-License-Identifier: Apache-2.0 */
/* visible: see visible.h. */
#include "visible.h"

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "utf8.h"

/* C1 controls, which some terminals heed, are U+0080 to U+009F: two bytes. */
static bool is_control(const unsigned char *s, size_t n)
{
	return n == 1 ? (*s < 0x20 && *s != '\t') || *s == 0x7f : n == 2 && s[0] == 0xc2 && s[1] < 0xa0;
}

void visible_put(struct buf *out, const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;

	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_sequence(text + i, len - i);
		if (n && !is_control(s + i, n)) {
			buf_put(out, text + i, n);
			continue;
		}
		n = n ? n : 1;
		for (size_t k = 0; k < n; k++)
			buf_printf(out, "\\x%02x", s[i + k]);
	}
}

void visible_put_lines(struct buf *out, const char *text, size_t len)
{
	for (const char *end; (end = memchr(text, '\n', len)); text = end + 1) {
		visible_put(out, text, (size_t)(end - text));
		buf_puts(out, "\n");
		len -= (size_t)(end - text) + 1;
	}
	visible_put(out, text, len);
}
