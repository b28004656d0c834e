/* SPDX-License-Identifier: Apache-2.0 */
/* select_program: see select_program.h, bpf-helpers(7): bpf_sk_select_reuseport. */
#include "ports/select_program.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <linux/bpf.h>

#include "base/err.h"
#include "base/sys.h"

/* Debian 12's headers have it; older ones do not. */
#define SELECT_OR_MIGRATE 40 /* BPF_SK_REUSEPORT_SELECT_OR_MIGRATE */

#define INSN(code_, dst, src, off_, imm_) \
	{ .code = (code_), .dst_reg = (dst), .src_reg = (src), .off = (off_), .imm = (imm_) }
/* Two instructions; the descriptor comes later. */
#define LOAD_MAP(dst) INSN(BPF_LD | BPF_DW | BPF_IMM, dst, BPF_PSEUDO_MAP_FD, 0, 0), INSN(0, 0, 0, 0, 0)
#define LOAD(size, dst, src, off) INSN(BPF_LDX | BPF_MEM | (size), dst, src, off, 0)
#define STORE(dst, off, src) INSN(BPF_STX | BPF_MEM | BPF_W, dst, src, off, 0)
#define MOVE(dst, src) INSN(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define SET(dst, imm) INSN(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm)
#define ADD(dst, imm) INSN(BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, imm)
#define CALL(fn) INSN(BPF_JMP | BPF_CALL, 0, 0, 0, fn)
/* From the instruction with number `at`. */
#define IF(at, op, dst, imm, to) INSN(BPF_JMP | (op) | BPF_K, dst, 0, (to) - (at) - 1, imm)
#define IF_DIFFERENT(at, a, b, to) INSN(BPF_JMP | BPF_JNE | BPF_X, a, b, (to) - (at) - 1, 0)
#define GO_TO(at, to) INSN(BPF_JMP | BPF_JA, 0, 0, (to) - (at) - 1, 0)
#define MD(field) ((int)offsetof(struct sk_reuseport_md, field))

/* Numbers of instructions. */
enum { IPV6 = 24, ADDRESSES = 27, COMPARE_IPV6 = 38, FIND = 44, USUAL = 53, SELECT = 61, OUT = 68, END = 70,
       CHOICE_MAP = 2, PROBES_MAP = FIND, SOCKETS_MAP = SELECT + 1 };

#define IPV6_PROTOCOL (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0xdd86 : 0x86dd) /* ETH_P_IPV6, as it is sent */
#define IPV4_ADDRESSES 12 /* in the header: source, then destination */
#define IPV6_ADDRESSES 8

/*
 * n = word & 0xffff; if n: select sockets[(word >> 16) + hash % n]. While a probe is under way: one that comes from the
 * address that it goes to, so from this network itself, by a source port in `probes`, gets the place that is there.
 * Where nothing can be selected the kernel falls back to a socket of the group by hash.
 */
static const struct bpf_insn program_text[] = {
	MOVE(6, 1),
	INSN(BPF_ST | BPF_MEM | BPF_W, 10, 0, -4, 0),
	LOAD_MAP(1),
	MOVE(2, 10),
	ADD(2, -4),
	CALL(BPF_FUNC_map_lookup_elem),
	IF(7, BPF_JEQ, 0, 0, OUT),
	LOAD(BPF_W, 7, 0, (int)offsetof(struct port_choice, word)),
	LOAD(BPF_W, 8, 0, (int)offsetof(struct port_choice, probes)),
	IF(10, BPF_JEQ, 8, 0, USUAL),
	LOAD(BPF_DW, 1, 6, MD(data)),
	LOAD(BPF_DW, 2, 6, MD(data_end)),
	MOVE(3, 1),
	ADD(3, 4),
	INSN(BPF_JMP | BPF_JGT | BPF_X, 3, 2, USUAL - 15 - 1, 0),
	LOAD(BPF_H, 9, 1, 0),
	STORE(10, -8, 9),
	LOAD(BPF_W, 1, 6, MD(eth_protocol)),
	IF(19, BPF_JEQ, 1, IPV6_PROTOCOL, IPV6),
	SET(8, 0),
	SET(2, IPV4_ADDRESSES),
	SET(4, 8),
	GO_TO(23, ADDRESSES),
	/* IPV6 */
	SET(8, 1),
	SET(2, IPV6_ADDRESSES),
	SET(4, 32),
	/* ADDRESSES */
	MOVE(1, 6),
	MOVE(3, 10),
	ADD(3, -48),
	SET(5, BPF_HDR_START_NET),
	CALL(BPF_FUNC_skb_load_bytes_relative),
	IF(32, BPF_JNE, 0, 0, USUAL),
	IF(33, BPF_JEQ, 8, 1, COMPARE_IPV6),
	LOAD(BPF_W, 1, 10, -48),
	LOAD(BPF_W, 2, 10, -44),
	IF_DIFFERENT(36, 1, 2, USUAL),
	GO_TO(37, FIND),
	/* COMPARE_IPV6 */
	LOAD(BPF_DW, 1, 10, -48),
	LOAD(BPF_DW, 2, 10, -32),
	IF_DIFFERENT(40, 1, 2, USUAL),
	LOAD(BPF_DW, 1, 10, -40),
	LOAD(BPF_DW, 2, 10, -24),
	IF_DIFFERENT(43, 1, 2, USUAL),
	/* FIND */
	LOAD_MAP(1),
	MOVE(2, 10),
	ADD(2, -8),
	CALL(BPF_FUNC_map_lookup_elem),
	IF(49, BPF_JEQ, 0, 0, USUAL),
	LOAD(BPF_W, 1, 0, 0),
	STORE(10, -4, 1),
	GO_TO(52, SELECT),
	/* USUAL */
	MOVE(8, 7),
	INSN(BPF_ALU64 | BPF_AND | BPF_K, 8, 0, 0, 0xffff),
	INSN(BPF_ALU64 | BPF_RSH | BPF_K, 7, 0, 0, 16),
	IF(56, BPF_JEQ, 8, 0, OUT),
	LOAD(BPF_W, 1, 6, MD(hash)),
	INSN(BPF_ALU | BPF_MOD | BPF_X, 1, 8, 0, 0),
	INSN(BPF_ALU64 | BPF_ADD | BPF_X, 1, 7, 0, 0),
	STORE(10, -4, 1),
	/* SELECT */
	MOVE(1, 6),
	LOAD_MAP(2),
	MOVE(3, 10),
	ADD(3, -4),
	SET(4, 0),
	CALL(BPF_FUNC_sk_select_reuseport),
	/* OUT */
	SET(0, SK_PASS),
	INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
};

_Static_assert(sizeof program_text / sizeof *program_text == END, "the jumps lead where they should");

int select_program_load(int sockets_fd, int choice_fd, int probes_fd, struct err *e)
{
	struct bpf_insn program[END];

	memcpy(program, program_text, sizeof program);
	program[CHOICE_MAP].imm = choice_fd;
	program[PROBES_MAP].imm = probes_fd;
	program[SOCKETS_MAP].imm = sockets_fd;
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SK_REUSEPORT,
		.expected_attach_type = SELECT_OR_MIGRATE,
		.insns = (uintptr_t)program,
		.insn_cnt = END,
		.license = (uintptr_t)"Apache-2.0",
		.prog_name = "hart_ports",
	};
	int fd = sys_bpf(BPF_PROG_LOAD, &attr, sizeof attr);

	if (fd < 0 && errno == EINVAL)
		return err_msg(e, EINVAL, "the kernel refuses the program that chooses who gets clients: "
					  "Linux 5.14 or newer is needed");
	return fd < 0 ? err_set(e, errno, "load the program that chooses who gets clients") : fd;
}
