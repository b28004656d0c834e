/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/devices: device rules as an eBPF program, and the default devices. Pure; loading it is in
 * cgroup/bpf.c. Must give the same program for the same rules. config-linux.md, "Allowed Device
 * list". */
#include "cgroup/devices.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"

#define CGROUP_DEVICE_ANY (-1)

struct cgroup_device_rule {
	bool allow;
	int type; /* BPF_DEVCG_DEV_*, CGROUP_DEVICE_ANY */
	int64_t major, minor; /* CGROUP_DEVICE_ANY */
	unsigned access; /* BPF_DEVCG_ACC_* */
};

#define ACCESS_ALL (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE | BPF_DEVCG_ACC_MKNOD)
#define ANY CGROUP_DEVICE_ANY
#define MAJOR_BITS 12
#define MINOR_BITS 20
#define RULE_MAX_INSNS 3
#define FRAME_INSNS 24 /* the start and the answers */
#define RULES_MAX 10000 /* with 3 instructions each, a jump over all of them fits into 16 bits */

/* Every container has these, after its own rules, as with runc: nodes can be made (which gives no
 * access), and the devices that config-linux.md requires, with pseudo-terminals and tun. */
static const struct cgroup_device_rule defaults[] = {
	{ true, BPF_DEVCG_DEV_CHAR, ANY, ANY, BPF_DEVCG_ACC_MKNOD },
	{ true, BPF_DEVCG_DEV_BLOCK, ANY, ANY, BPF_DEVCG_ACC_MKNOD },
	{ true, BPF_DEVCG_DEV_CHAR, 1, 3, ACCESS_ALL }, /* null */
	{ true, BPF_DEVCG_DEV_CHAR, 1, 8, ACCESS_ALL }, /* random */
	{ true, BPF_DEVCG_DEV_CHAR, 1, 7, ACCESS_ALL }, /* full */
	{ true, BPF_DEVCG_DEV_CHAR, 5, 0, ACCESS_ALL }, /* tty */
	{ true, BPF_DEVCG_DEV_CHAR, 1, 5, ACCESS_ALL }, /* zero */
	{ true, BPF_DEVCG_DEV_CHAR, 1, 9, ACCESS_ALL }, /* urandom */
	{ true, BPF_DEVCG_DEV_CHAR, 5, 1, ACCESS_ALL }, /* console */
	{ true, BPF_DEVCG_DEV_CHAR, 136, ANY, ACCESS_ALL }, /* pts/N */
	{ true, BPF_DEVCG_DEV_CHAR, 5, 2, ACCESS_ALL }, /* ptmx */
	{ true, BPF_DEVCG_DEV_CHAR, 10, 200, ACCESS_ALL }, /* net/tun */
};

#define N_DEFAULTS (sizeof defaults / sizeof *defaults)

static int parse_type(const char *type)
{
	if (!type || !strcmp(type, "a"))
		return ANY;
	if (!strcmp(type, "c") || !strcmp(type, "u"))
		return BPF_DEVCG_DEV_CHAR;
	return strcmp(type, "b") ? -EINVAL : BPF_DEVCG_DEV_BLOCK;
}

/* 0 for a text that is no access. */
static unsigned parse_access(const char *text)
{
	unsigned access = 0;

	if (!text)
		return ACCESS_ALL;
	for (; *text; text++) {
		unsigned bit = *text == 'r' ? BPF_DEVCG_ACC_READ :
			       *text == 'w' ? BPF_DEVCG_ACC_WRITE :
			       *text == 'm' ? BPF_DEVCG_ACC_MKNOD : 0;
		if (!bit)
			return 0;
		access |= bit;
	}
	return access;
}

/* Negative numbers stand for all, as engines write them. */
static bool parse_number(const struct opt_i64 *v, int64_t *ret)
{
	*ret = v->set && v->v >= 0 ? v->v : ANY;
	return *ret <= UINT32_MAX;
}

static int parse_rule(const struct oci_device_rule *from, size_t i, struct cgroup_device_rule *to, struct err *e)
{
	to->allow = from->allow;
	to->type = parse_type(from->type);
	to->access = parse_access(from->access);
	if (to->type == -EINVAL)
		return err_msg(e, EINVAL, "device rule %zu: type \"%s\"", i, from->type);
	if (!to->access)
		return err_msg(e, EINVAL, "device rule %zu: access \"%s\"", i, from->access);
	if (!parse_number(&from->major, &to->major) || !parse_number(&from->minor, &to->minor))
		return err_msg(e, EINVAL, "device rule %zu: device number out of range", i);
	return 0;
}

/* The registers: the kernel gives the context in R1 and wants the answer in R0. NUMBERS is major
 * and minor in one, as in the kernel's dev_t. */
enum { ANSWER = BPF_REG_0, CONTEXT = BPF_REG_1, TYPE = BPF_REG_2, ACCESS = BPF_REG_3,
       MAJOR = BPF_REG_4, MINOR = BPF_REG_5, NUMBERS = BPF_REG_6 };

/* Targets of jumps until the place of the answers is known. */
enum { TO_DENY = INT16_MIN, TO_ALLOW };

static void emit(struct cgroup_devices_program *p, unsigned code, unsigned to, int off, int64_t imm)
{
	p->v[p->n++] = (struct bpf_insn){ .code = (uint8_t)code, .dst_reg = (uint8_t)(to & 15),
					  .off = (int16_t)off, .imm = (int32_t)imm };
}

static void emit_from(struct cgroup_devices_program *p, unsigned code, unsigned to, unsigned from,
		      size_t off)
{
	emit(p, code, to, (int)off, 0);
	p->v[p->n - 1].src_reg = (uint8_t)(from & 15);
}

static void emit_start(struct cgroup_devices_program *p)
{
	const unsigned load = BPF_LDX | BPF_MEM | BPF_W;

	emit_from(p, load, TYPE, CONTEXT, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	emit_from(p, load, MAJOR, CONTEXT, offsetof(struct bpf_cgroup_dev_ctx, major));
	emit_from(p, load, MINOR, CONTEXT, offsetof(struct bpf_cgroup_dev_ctx, minor));
	emit_from(p, BPF_ALU64 | BPF_MOV | BPF_X, ACCESS, TYPE, 0);
	emit(p, BPF_ALU | BPF_RSH | BPF_K, ACCESS, 0, 16);
	emit(p, BPF_ALU | BPF_AND | BPF_K, TYPE, 0, 0xffff);
	emit_from(p, BPF_ALU64 | BPF_MOV | BPF_X, NUMBERS, MAJOR, 0);
	emit(p, BPF_ALU | BPF_LSH | BPF_K, NUMBERS, 0, MINOR_BITS);
	emit_from(p, BPF_ALU | BPF_OR | BPF_X, NUMBERS, MINOR, 0);
}

/* What of the device a rule looks at: a register, and the value in it. False: at nothing. */
static bool rule_test(const struct cgroup_device_rule *r, unsigned *reg, int64_t *want)
{
	*reg = r->minor == ANY ? MAJOR : r->major == ANY ? MINOR : NUMBERS;
	*want = *reg == NUMBERS ? r->major << MINOR_BITS | r->minor :
		*reg == MAJOR	? r->major :
				  r->minor;
	return *want != ANY;
}

/*
 * One rule. ACCESS holds what is still undecided of the access: a rule that allows takes its bits
 * out, and with none left the whole is allowed; one that denies any bit that is left denies all.
 */
static void emit_rule(struct cgroup_devices_program *p, const struct cgroup_device_rule *r)
{
	int answer = r->allow ? TO_ALLOW : TO_DENY;
	unsigned reg;
	int64_t want;
	bool test = rule_test(r, &reg, &want);

	if (test && r->access == ACCESS_ALL) {
		emit(p, BPF_JMP32 | BPF_JEQ | BPF_K, reg, answer, want);
		return;
	}
	if (test)
		emit(p, BPF_JMP32 | BPF_JNE | BPF_K, reg, r->allow ? 2 : 1, want);
	if (r->allow) {
		emit(p, BPF_ALU | BPF_AND | BPF_K, ACCESS, 0, ACCESS_ALL & ~r->access);
		emit(p, BPF_JMP32 | BPF_JEQ | BPF_K, ACCESS, answer, 0);
	} else {
		emit(p, BPF_JMP32 | BPF_JSET | BPF_K, ACCESS, answer, r->access);
	}
}

static void emit_answer(struct cgroup_devices_program *p, bool allow)
{
	emit(p, BPF_ALU64 | BPF_MOV | BPF_K, ANSWER, 0, allow);
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0);
}

/* Lets the jumps from `from` on that wait for this answer go to what is emitted next. */
static size_t land(struct cgroup_devices_program *p, size_t from, int answer)
{
	size_t n = 0;

	for (size_t i = from; i < p->n; i++) {
		if (p->v[i].off != answer)
			continue;
		p->v[i].off = (int16_t)(p->n - i - 1);
		n++;
	}
	return n;
}

/* The numbers that the kernel's dev_t has room for; no device has others. */
static bool can_match(const struct cgroup_device_rule *r, int type)
{
	return (r->type == ANY || r->type == type) && r->major < 1 << MAJOR_BITS &&
	       r->minor < 1 << MINOR_BITS;
}

/*
 * The rules for one type of device, the last first as it decides, up to one that decides all. A
 * short program on purpose: the kernel checks it each time a container starts. It refuses what
 * cannot be reached, so an answer is there only if something jumps to it. True when the answer
 * is always to allow.
 */
static bool compile_type(const struct cgroup_device_rule *rules, size_t n, int type,
			 struct cgroup_devices_program *p)
{
	size_t from = p->n;
	bool otherwise = false;

	while (n > 0) {
		const struct cgroup_device_rule *r = &rules[--n];
		if (!can_match(r, type))
			continue;
		if (r->major == ANY && r->minor == ANY && r->access == ACCESS_ALL) {
			otherwise = r->allow;
			break;
		}
		emit_rule(p, r);
	}
	land(p, from, otherwise ? TO_ALLOW : TO_DENY);
	emit_answer(p, otherwise);
	if (!land(p, from, otherwise ? TO_DENY : TO_ALLOW))
		return otherwise;
	emit_answer(p, !otherwise);
	return false;
}

static void compile(const struct cgroup_device_rule *rules, size_t n, struct cgroup_devices_program *p)
{
	bool chars, blocks;

	emit_start(p);
	size_t dispatch = p->n;
	emit(p, BPF_JMP32 | BPF_JEQ | BPF_K, TYPE, 0, BPF_DEVCG_DEV_BLOCK);
	chars = compile_type(rules, n, BPF_DEVCG_DEV_CHAR, p);
	p->v[dispatch].off = (int16_t)(p->n - dispatch - 1);
	blocks = compile_type(rules, n, BPF_DEVCG_DEV_BLOCK, p);
	p->allows_all = chars && blocks;
}

/* The rules and after them the default devices; NULL with `e` set. */
static struct cgroup_device_rule *read_rules(struct arena *a, const struct oci_resources *r, size_t n, struct err *e)
{
	struct cgroup_device_rule *rules = arena_calloc(a, n + N_DEFAULTS, sizeof *rules);

	if (!rules)
		err_set(e, ENOMEM, "read the device rules");
	for (size_t i = 0; rules && i < n; i++)
		if (parse_rule(&r->devices.v[i], i, &rules[i], e) < 0)
			return NULL;
	if (rules)
		memcpy(rules + n, defaults, sizeof defaults);
	return rules;
}

int cgroup_devices_compile(struct arena *a, const struct oci_resources *r,
			   struct cgroup_devices_program *ret, struct err *e)
{
	size_t n = r ? r->devices.n : 0;

	if (n > RULES_MAX)
		return err_msg(e, E2BIG, "%zu device rules are too many", n);
	struct cgroup_device_rule *rules = read_rules(a, r, n, e);
	if (!rules)
		return -e->code;
	n += N_DEFAULTS;
	*ret = (struct cgroup_devices_program){
		.v = arena_calloc(a, n * 2 * RULE_MAX_INSNS + FRAME_INSNS, sizeof *ret->v) };
	if (!ret->v)
		return err_set(e, ENOMEM, "compile the device rules");
	compile(rules, n, ret);
	return 0;
}
