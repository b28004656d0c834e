/* SPDX-License-Identifier: Apache-2.0 */
/* help: what --help and --version print. */
#pragma once

struct buf;
struct command;

/* The list of commands and the global options; one command's page; the version lines, in the form
 * that engines parse ("NAME version VERSION", "spec: …"). */
void help_main(struct buf *out);
void help_command(struct buf *out, const struct command *c);
void help_version(struct buf *out);

/* "hart kill [OPTIONS] CONTAINER [SIGNAL]" */
void help_usage(struct buf *out, const struct command *c);
