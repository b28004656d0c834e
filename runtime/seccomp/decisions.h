/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp/decisions: what a filter decides, read off its program: for each architecture, which ranges
 * of system call numbers are treated alike.
 */
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct err;

/* The instructions that filters consist of. */
#define BPF_LOAD (BPF_LD | BPF_W | BPF_ABS)
#define BPF_GO (BPF_JMP | BPF_JA)
#define BPF_RETURN (BPF_RET | BPF_K)
#define BPF_IF_EQUAL (BPF_JMP | BPF_JEQ | BPF_K)
#define BPF_IF_GREATER (BPF_JMP | BPF_JGT | BPF_K)
#define BPF_IF_AT_LEAST (BPF_JMP | BPF_JGE | BPF_K)

/* Where struct seccomp_data has them. */
#define BPF_NUMBER offsetof(struct seccomp_data, nr)
#define BPF_ARCH offsetof(struct seccomp_data, arch)

/* No architecture (EM_NONE): stands for all those that a program does not ask for. */
#define ARCH_OTHER 0U

/* The program returns `value`; or it goes on at instruction `value`, which loads something else than
 * number and architecture. */
struct decision {
	uint32_t value;
	bool goes_on;
};

static inline bool decision_equal(struct decision a, struct decision b)
{
	return a.value == b.value && a.goes_on == b.goes_on;
}

struct decision_range {
	uint32_t from; /* up to the next range's */
	struct decision decision;
};

struct decision_points {
	uint32_t *v;
	size_t n;
};

struct decision_reader {
	const struct sock_fprog *program;
	struct decision_points arches; /* that it asks for, each once */
	struct decision_range *ranges; /* of the architecture that was read last */
	size_t n_ranges;
	struct decision_points numbers; /* where its ranges may begin; 0 is the first */
	uint8_t *held; /* per instruction: what the accumulator may hold there */
};

/*
 * Prepares reading in memory of the arena and finds `arches`. *ret_readable is false for programs
 * with instructions that neither libseccomp nor seccomp/enosys.c writes. -ENOMEM.
 */
int decisions_open(struct arena *a, const struct sock_fprog *program, struct decision_reader *ret,
		   bool *ret_readable, struct err *e);

/* Fills `numbers` and `ranges` for one of `arches` or ARCH_OTHER. False: not readable. */
bool decisions_read(struct decision_reader *d, uint32_t arch);

/* What a program that was found readable decides on one number. */
struct decision decision_of(const struct sock_fprog *p, uint32_t arch, uint32_t number);
