/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp/decisions: see seccomp/decisions.h. Runs the program with architecture and number known, up
 * to a return or the first look at anything else. Numbers between two constants that the program
 * compares with cannot be told apart by it, so the constants are all that has to be tried.
 */
#include "seccomp/decisions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"

/* Known instructions alone, all jumps inside, a return at the end. */
static bool is_known(const struct sock_fprog *p)
{
	for (unsigned at = 0; at < p->len; at++) {
		const struct sock_filter *i = &p->filter[at];
		unsigned left = p->len - at - 1u;

		switch (i->code) {
		case BPF_LOAD:
		case BPF_ALU | BPF_AND | BPF_K:
			if (!left)
				return false;
			break;
		case BPF_GO:
			if (i->k >= left)
				return false;
			break;
		case BPF_IF_EQUAL:
		case BPF_IF_GREATER:
		case BPF_IF_AT_LEAST:
		case BPF_JMP | BPF_JSET | BPF_K:
			if (i->jt >= left || i->jf >= left)
				return false;
			break;
		case BPF_RETURN:
			break;
		default:
			return false;
		}
	}
	return p->len;
}

static bool ends_reading(const struct sock_filter *i)
{
	return i->code == BPF_RETURN ||
	       (i->code == BPF_LOAD && i->k != BPF_NUMBER && i->k != BPF_ARCH);
}

static bool is_taken(const struct sock_filter *i, uint32_t accumulator)
{
	return i->code == BPF_IF_EQUAL	   ? accumulator == i->k
	       : i->code == BPF_IF_GREATER ? accumulator > i->k
					   : accumulator >= i->k;
}

struct decision decision_of(const struct sock_fprog *p, uint32_t arch, uint32_t number)
{
	const struct sock_filter *i = p->filter;
	uint32_t accumulator = 0;

	for (; !ends_reading(i); i++)
		if (i->code == BPF_LOAD)
			accumulator = i->k == BPF_NUMBER ? number : arch;
		else
			i += i->code == BPF_GO ? i->k : is_taken(i, accumulator) ? i->jt : i->jf;
	if (i->code == BPF_RETURN)
		return (struct decision){ i->k, false };
	return (struct decision){ (uint32_t)(i - p->filter), true };
}

static void add_point(struct decision_points *points, uint32_t v)
{
	points->v[points->n++] = v;
}

enum { HOLDS_NOTHING = 1, HOLDS_ARCH = 2, HOLDS_NUMBER = 4 };

/* A comparison, with what is held there; `arch` is NULL for any. Notes its constant where it decides
 * what is looked for: architectures when any may come, else numbers. */
static bool follow_test(struct decision_reader *d, const struct sock_filter *i, uint8_t held,
			const uint32_t *arch, uint8_t *next)
{
	bool is_test = i->code == BPF_IF_EQUAL || i->code == BPF_IF_GREATER ||
		       i->code == BPF_IF_AT_LEAST;

	if (!is_test || (held != HOLDS_NUMBER && (held != HOLDS_ARCH || i->code != BPF_IF_EQUAL)))
		return false;
	if (held == HOLDS_ARCH && arch) {
		next[is_taken(i, *arch) ? i->jt : i->jf] |= held;
		return true;
	}
	next[i->jt] |= held;
	next[i->jf] |= held;
	if (held == HOLDS_ARCH) {
		add_point(&d->arches, i->k);
	} else if (arch) {
		add_point(&d->numbers, i->k);
		add_point(&d->numbers, i->k + 1); /* may wrap to 0, which is there anyway */
	}
	return true;
}

/* Follows all paths that calls of `arch` may take. False when there is an instruction on them that
 * decision_of() cannot run. */
static bool explore(struct decision_reader *d, const uint32_t *arch)
{
	const struct sock_fprog *p = d->program;

	memset(d->held, 0, p->len);
	d->held[0] = HOLDS_NOTHING;
	for (unsigned at = 0; at < p->len; at++) {
		const struct sock_filter *i = &p->filter[at];
		uint8_t held = d->held[at], *next = &d->held[at + 1];

		if (!held || ends_reading(i))
			continue;
		if (i->code == BPF_LOAD)
			*next |= i->k == BPF_NUMBER ? HOLDS_NUMBER : HOLDS_ARCH;
		else if (i->code == BPF_GO)
			next[i->k] |= held;
		else if (!follow_test(d, i, held, arch, next))
			return false;
	}
	return true;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

bool decisions_read(struct decision_reader *d, uint32_t arch)
{
	struct decision_points *numbers = &d->numbers;

	numbers->n = 0;
	d->n_ranges = 0;
	add_point(numbers, 0);
	if (!explore(d, &arch))
		return false;
	qsort(numbers->v, numbers->n, sizeof *numbers->v, compare);
	for (size_t i = 0; i < numbers->n; i++) {
		struct decision now = decision_of(d->program, arch, numbers->v[i]);

		if (!d->n_ranges || !decision_equal(d->ranges[d->n_ranges - 1].decision, now))
			d->ranges[d->n_ranges++] = (struct decision_range){ numbers->v[i], now };
	}
	return true;
}

/* In the order of the program, which asks for the native one first. */
static void remove_doubles(struct decision_points *points)
{
	size_t n = 0;

	for (size_t i = 0; i < points->n; i++) {
		size_t k = 0;
		while (k < n && points->v[k] != points->v[i])
			k++;
		if (k == n)
			points->v[n++] = points->v[i];
	}
	points->n = n;
}

int decisions_open(struct arena *a, const struct sock_fprog *program, struct decision_reader *ret,
		   bool *ret_readable, struct err *e)
{
	size_t n = program->len, points = 2 * n + 1;
	struct decision_reader d = {
		.program = program,
		.arches.v = arena_calloc(a, points, sizeof *d.arches.v),
		.numbers.v = arena_calloc(a, points, sizeof *d.numbers.v),
		.ranges = arena_calloc(a, points, sizeof *d.ranges),
		.held = arena_calloc(a, n + 1, 1),
	};

	if (!d.arches.v || !d.numbers.v || !d.ranges || !d.held)
		return err_set(e, ENOMEM, "read the seccomp filter");
	*ret_readable = is_known(program) && explore(&d, NULL);
	remove_doubles(&d.arches);
	*ret = d;
	return 0;
}
