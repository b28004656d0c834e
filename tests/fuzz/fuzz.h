/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz: what the fuzz targets share. A target is a file with a LLVMFuzzerTestOneInput: any bytes, and nothing may
 * crash, leak, run away or be accepted and then refused. Built with -Dfuzz=true (clang) libFuzzer drives it, otherwise
 * fuzz.c's own main does, with a bounded number of mutations that is the same for each seed.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static inline void fuzz_free(char **p)
{
	free(*p);
}
#define _cleanup_text_ __attribute__((cleanup(fuzz_free)))

/* A copy with a NUL behind it and no slack: a sanitizer sees the first byte too far. The caller frees it. */
char *fuzz_text(const uint8_t *data, size_t len);

/* A folder of its own for a target that needs one; its descriptor. Removed at the end, with what is in it. */
int fuzz_folder(void);

/* The next line of *at, without its newline, cut out; NULL at the end. */
char *fuzz_line(char **at);

/* What must not be: prints it and aborts. */
_Noreturn void fuzz_die(const char *why, const uint8_t *data, size_t len);

/*
 * files.c, for targets that link with -Wl,--wrap: what the product's io_read_* find in the files that it opens, and
 * what it reads of them by read(2). Each file is the next part of the input, parts are separated by bytes 0xff.
 */
void fuzz_files(const uint8_t *data, size_t len);
