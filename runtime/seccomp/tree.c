/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp/tree: see seccomp/tree.h. Numbers are searched by halves over ranges; single numbers amid a
 * range that is otherwise alike are tested for at its end, with one instruction instead of two.
 * Returns are shared, so a range costs about one instruction.
 */
#include "seccomp/tree.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "seccomp/decisions.h"

#define MAX_SINGLES 3

/* Neighbouring ranges: `base`, and numbers in it with decisions of their own (indices of ranges). */
struct span {
	size_t base, singles[MAX_SINGLES], n_singles;
};

/* Where a test leads: an instruction's place, or a range's decision. */
#define DECIDED 0x80000000U

struct test {
	uint32_t yes, no;
};

/* What was read, kept for the comparison at the end. */
struct section {
	uint32_t arch;
	struct decision_range *ranges;
	size_t n;
};

struct rewrite {
	struct arena scratch;
	struct decision_reader in;
	struct section *sections;
	size_t n_sections;
	struct sock_filter *out;
	struct test *tests; /* per instruction of `out` */
	size_t n_out;
	struct span *spans; /* of the architecture at hand */
	size_t n_spans;
	uint16_t *place; /* where an instruction of `in` is in `out`; 0: not taken over */
	uint8_t *reached; /* per instruction of `in` */
};

static size_t tree_put(struct rewrite *w, uint16_t code, uint32_t k)
{
	if (w->n_out < BPF_MAXINSNS)
		w->out[w->n_out] = (struct sock_filter){ code, 0, 0, k };
	return w->n_out++;
}

static void lead(struct rewrite *w, size_t test, uint32_t yes, uint32_t no)
{
	if (test < BPF_MAXINSNS)
		w->tests[test] = (struct test){ yes, no };
}

/* Lets a jump lead behind all that has been put. */
static void close_jump(struct rewrite *w, size_t jump)
{
	if (jump < BPF_MAXINSNS)
		w->out[jump].k = (uint32_t)(w->n_out - jump - 1);
}

static void find_spans(struct rewrite *w)
{
	const struct decision_range *r = w->in.ranges;
	size_t n = w->in.n_ranges;

	w->n_spans = 0;
	for (size_t i = 0; i < n; i++) {
		struct span *s = &w->spans[w->n_spans++];

		*s = (struct span){ .base = i };
		while (s->n_singles < MAX_SINGLES && i + 2 < n && r[i + 2].from - r[i + 1].from == 1 &&
		       decision_equal(r[i + 2].decision, r[s->base].decision)) {
			s->singles[s->n_singles++] = i + 1;
			i += 2;
		}
	}
}

static uint32_t put_singles(struct rewrite *w, const struct span *s)
{
	uint32_t first = (uint32_t)w->n_out;

	if (!s->n_singles)
		return DECIDED | (uint32_t)s->base;
	for (size_t i = 0; i < s->n_singles; i++) {
		size_t test = tree_put(w, BPF_IF_EQUAL, w->in.ranges[s->singles[i]].from);
		lead(w, test, DECIDED | (uint32_t)s->singles[i],
		     i + 1 < s->n_singles ? (uint32_t)w->n_out : DECIDED | (uint32_t)s->base);
	}
	return first;
}

/* Tests for some neighbouring spans; returns where to begin. */
static uint32_t put_search(struct rewrite *w, size_t first, size_t end)
{
	size_t middle = first + (end - first) / 2;

	if (end - first == 1)
		return put_singles(w, &w->spans[first]);
	size_t test = tree_put(w, BPF_IF_AT_LEAST, w->in.ranges[w->spans[middle].base].from);
	uint32_t below = put_search(w, first, middle);
	lead(w, test, put_search(w, middle, end), below);
	return (uint32_t)test;
}

#define TO_COPY 1 /* in jt, which BPF_GO has no use for: k is still an index of `in` */

/* The place of a decision: among those put from `pool` on, or a new one. */
static size_t tree_place_of(struct rewrite *w, struct decision d, size_t pool)
{
	uint16_t code = d.goes_on ? BPF_GO : BPF_RETURN;
	size_t at = pool;

	while (at < w->n_out && at < BPF_MAXINSNS &&
	       (w->out[at].code != code || w->out[at].k != d.value))
		at++;
	if (at == w->n_out && tree_put(w, code, d.value) < BPF_MAXINSNS)
		w->out[at].jt = d.goes_on ? TO_COPY : 0;
	return at;
}

static uint8_t distance(struct rewrite *w, size_t test, uint32_t to, size_t pool)
{
	size_t at = to & DECIDED ? tree_place_of(w, w->in.ranges[to & ~DECIDED].decision, pool) : to;

	return (uint8_t)(at - test - 1);
}

/* Tests with the decisions behind them, all in reach of short jumps. */
static void put_group(struct rewrite *w, size_t first, size_t end)
{
	size_t start = w->n_out;
	uint32_t begin = put_search(w, first, end);
	size_t pool = w->n_out;

	if (begin & DECIDED)
		tree_place_of(w, w->in.ranges[begin & ~DECIDED].decision, pool);
	for (size_t test = start; test < pool && test < BPF_MAXINSNS; test++) {
		w->out[test].jt = distance(w, test, w->tests[test].yes, pool);
		w->out[test].jf = distance(w, test, w->tests[test].no, pool);
	}
}

#define GROUP_MAX 255 /* instructions */

/* What put_group() would put. */
static size_t group_size(const struct rewrite *w, size_t first, size_t end)
{
	size_t from = w->spans[first].base, n_decisions = 0, n_tests = end - first - 1;
	size_t to = end < w->n_spans ? w->spans[end].base : w->in.n_ranges;
	struct decision seen[GROUP_MAX];

	for (size_t i = from, k; i < to && n_decisions < GROUP_MAX; i++) {
		for (k = 0; k < n_decisions; k++)
			if (decision_equal(seen[k], w->in.ranges[i].decision))
				break;
		if (k == n_decisions)
			seen[n_decisions++] = w->in.ranges[i].decision;
	}
	for (size_t i = first; i < end; i++)
		n_tests += w->spans[i].n_singles;
	return n_tests + n_decisions;
}

static void put_groups(struct rewrite *w, size_t first, size_t end)
{
	size_t middle = first + (end - first) / 2;

	if (group_size(w, first, end) <= GROUP_MAX) {
		put_group(w, first, end);
		return;
	}
	size_t test = tree_put(w, BPF_IF_AT_LEAST, w->in.ranges[w->spans[middle].base].from);
	if (test < BPF_MAXINSNS)
		w->out[test].jf = 1;
	size_t jump = tree_put(w, BPF_GO, 0);
	put_groups(w, first, middle);
	close_jump(w, jump);
	put_groups(w, middle, end);
}

static bool put_numbers(struct rewrite *w, uint32_t arch)
{
	struct section *s = &w->sections[w->n_sections++];

	if (!decisions_read(&w->in, arch))
		return false;
	*s = (struct section){ arch, arena_calloc(&w->scratch, w->in.n_ranges, sizeof *s->ranges),
			       w->in.n_ranges };
	if (!s->ranges)
		return false;
	memcpy(s->ranges, w->in.ranges, s->n * sizeof *s->ranges);
	find_spans(w);
	tree_put(w, BPF_LOAD, BPF_NUMBER);
	put_groups(w, 0, w->n_spans);
	return true;
}

/* One section an architecture, entered with it in the accumulator; the last is for all others. */
static bool put_sections(struct rewrite *w)
{
	tree_put(w, BPF_LOAD, BPF_ARCH);
	for (size_t i = 0; i < w->in.arches.n; i++) {
		size_t test = tree_put(w, BPF_IF_EQUAL, w->in.arches.v[i]);
		if (test < BPF_MAXINSNS)
			w->out[test].jt = 1;
		size_t jump = tree_put(w, BPF_GO, 0);
		if (!put_numbers(w, w->in.arches.v[i]))
			return false;
		close_jump(w, jump);
	}
	return put_numbers(w, ARCH_OTHER) && w->n_out <= BPF_MAXINSNS;
}

/* All that can be reached from where the searches go on. */
static void mark_reached(struct rewrite *w)
{
	const struct sock_fprog *p = w->in.program;

	for (size_t i = 0; i < w->n_out; i++)
		if (w->out[i].code == BPF_GO && w->out[i].jt == TO_COPY)
			w->reached[w->out[i].k] = 1;
	for (unsigned at = 0; at < p->len; at++) {
		const struct sock_filter *i = &p->filter[at];
		uint8_t *next = &w->reached[at + 1];

		if (!w->reached[at] || i->code == BPF_RETURN)
			continue;
		if (i->code == BPF_GO)
			next[i->k] = 1;
		else if (BPF_CLASS(i->code) == BPF_JMP)
			next[i->jt] = next[i->jf] = 1;
		else
			*next = 1;
	}
}

static void move_jumps(struct rewrite *w, unsigned at)
{
	const struct sock_filter *i = &w->in.program->filter[at];
	struct sock_filter *o = &w->out[w->place[at]];
	const uint16_t *next = &w->place[at + 1];
	unsigned here = w->place[at] + 1u;

	if (i->code == BPF_GO) {
		o->k = next[i->k] - here;
	} else if (BPF_CLASS(i->code) == BPF_JMP) {
		o->jt = (uint8_t)(next[i->jt] - here);
		o->jf = (uint8_t)(next[i->jf] - here);
	}
}

/* Copies what looks at arguments. Order is kept and gaps only close, so short jumps stay short. */
static bool put_copies(struct rewrite *w)
{
	const struct sock_fprog *p = w->in.program;
	size_t n_searches = w->n_out;

	mark_reached(w);
	for (unsigned at = 0; at < p->len; at++)
		if (w->reached[at])
			w->place[at] = (uint16_t)tree_put(w, p->filter[at].code, p->filter[at].k);
	if (w->n_out > BPF_MAXINSNS)
		return false;
	for (unsigned at = 0; at < p->len; at++)
		if (w->reached[at])
			move_jumps(w, at);
	for (size_t i = 0; i < n_searches; i++)
		if (w->out[i].code == BPF_GO && w->out[i].jt == TO_COPY)
			w->out[i] = (struct sock_filter){ BPF_GO, 0, 0,
							  w->place[w->out[i].k] - (uint32_t)i - 1 };
	return true;
}

/* Reads the new program as the old one was read, and compares. */
static bool decides_alike(struct rewrite *w, const struct sock_fprog *out)
{
	struct decision_reader o;
	struct err ignored;
	bool readable;

	if (decisions_open(&w->scratch, out, &o, &readable, &ignored) < 0 || !readable ||
	    o.arches.n != w->in.arches.n)
		return false;
	for (size_t i = 0; i < w->n_sections; i++) {
		const struct section *s = &w->sections[i];

		if (!decisions_read(&o, s->arch) || o.n_ranges != s->n)
			return false;
		for (size_t k = 0; k < s->n; k++) {
			struct decision d = s->ranges[k].decision;

			if (d.goes_on)
				d.value = w->place[d.value];
			if (o.ranges[k].from != s->ranges[k].from ||
			    !decision_equal(o.ranges[k].decision, d))
				return false;
		}
	}
	return true;
}

static int rewrite(struct rewrite *w, struct arena *a, struct sock_fprog *ret, struct err *e)
{
	size_t n = ret->len;
	bool readable;
	int r = decisions_open(&w->scratch, ret, &w->in, &readable, e);

	if (r < 0 || !readable)
		return r;
	w->out = arena_calloc(a, BPF_MAXINSNS, sizeof *w->out);
	w->tests = arena_calloc(&w->scratch, BPF_MAXINSNS, sizeof *w->tests);
	w->spans = arena_calloc(&w->scratch, 2 * n + 1, sizeof *w->spans);
	w->sections = arena_calloc(&w->scratch, w->in.arches.n + 1, sizeof *w->sections);
	w->place = arena_calloc(&w->scratch, n, sizeof *w->place);
	w->reached = arena_calloc(&w->scratch, n + 1, sizeof *w->reached);
	if (!w->out || !w->tests || !w->spans || !w->sections || !w->place || !w->reached)
		return err_set(e, ENOMEM, "shorten the seccomp filter");
	if (!put_sections(w) || !put_copies(w))
		return 0;
	struct sock_fprog out = { (unsigned short)w->n_out, w->out };
	if (decides_alike(w, &out))
		*ret = out;
	return 0;
}

int seccomp_tree(struct arena *a, const struct sock_fprog *program, struct sock_fprog *ret,
		 struct err *e)
{
	struct rewrite w = { .scratch = ARENA_INIT };

	*ret = *program;
	int r = rewrite(&w, a, ret, e);
	arena_free(&w.scratch);
	return r;
}
