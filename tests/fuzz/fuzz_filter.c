/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_filter: a BPF program, read and made small: it decides as before (seccomp_tree compares that itself). */
#include <string.h>

#include "fuzz.h"
#include "seccomp/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct sock_fprog program = { .len = (unsigned short)(len / sizeof(struct sock_filter)) }, tree;
	struct err e = ERR_INIT;

	if (!program.len || len > 65536)
		return 0;
	program.filter = malloc(program.len * sizeof *program.filter);
	memcpy(program.filter, data, program.len * sizeof *program.filter);
	if (seccomp_tree(&a, &program, &tree, &e) < 0)
		fuzz_die(e.text, data, len);
	free(program.filter);
	return 0;
}
