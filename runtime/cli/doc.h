/* SPDX-License-Identifier: Apache-2.0 */
/* doc: the parts of man page and completions that come from the tables. Build time only. */
#pragma once

struct buf;

/* man(7) source: a subsection a command; the global options. */
void doc_man_commands(struct buf *out);
void doc_man_globals(struct buf *out);
void doc_man_causes(struct buf *out);

/* Shell source: the tables in the form that the templates in contrib/completions read. */
void doc_bash(struct buf *out);
void doc_zsh(struct buf *out);
void doc_fish(struct buf *out);
