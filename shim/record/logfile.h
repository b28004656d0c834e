/* SPDX-License-Identifier: Apache-2.0 */
/* logfile: how logpipe.c writes to the file of logpipe.h. */
#pragma once

#include <stddef.h>

struct logfile;

/* One record, with its newline. What cannot be written is counted in f->lost. */
void logfile_write(struct logfile *f, const char *record, size_t len);
