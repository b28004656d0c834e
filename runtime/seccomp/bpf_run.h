/* SPDX-License-Identifier: Apache-2.0 */
/* bpf_run: the classic BPF that seccomp(2) takes, run in user space, as plainly as can be: for instructions
 * that libseccomp writes. */
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <string.h>

#define BPF_RUN_BROKEN 0xdeadbeefU /* left the program, or an instruction that seccomp(2) has not */

static inline uint32_t bpf_run(const struct sock_fprog *p, const struct seccomp_data *data)
{
	uint32_t a = 0;

	for (unsigned at = 0; at < p->len; at++) {
		const struct sock_filter *i = &p->filter[at];

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (i->k > sizeof *data - 4 || i->k % 4)
				return BPF_RUN_BROKEN;
			memcpy(&a, (const char *)data + i->k, 4);
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			break;
		case BPF_JMP | BPF_JA:
			at += i->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			at += a == i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			at += a > i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			at += a >= i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			at += a & i->k ? i->jt : i->jf;
			break;
		case BPF_RET | BPF_K:
			return i->k;
		default:
			return BPF_RUN_BROKEN;
		}
	}
	return BPF_RUN_BROKEN;
}
