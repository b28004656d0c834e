/* cgroup_devices: device rules as an eBPF program, and the default devices. Pure; loading it is in
 * cgroup_bpf.c. Must give the same program for the same rules. config-linux.md, "Allowed Device
 * list". */
#include "cgroup_devices.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"

#define ACCESS_ALL (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE | BPF_DEVCG_ACC_MKNOD)
#define ANY (-1)
#define RULE_MAX_INSNS 7
#define PROGRAM_MAX_INSNS 1000000 /* the kernel's own limit */

struct rule {
	bool allow;
	int type; /* BPF_DEVCG_DEV_*, ANY */
	int64_t major, minor; /* ANY */
	unsigned access; /* BPF_DEVCG_ACC_* */
};

/* Every container has these, after its own rules, as with runc: nodes can be made (which gives no
 * access), and the devices that config-linux.md requires, with pseudo-terminals and tun. */
static const struct rule defaults[] = {
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

static int parse_rule(const struct oci_device_rule *from, size_t i, struct rule *to, struct err *e)
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

static bool is_catch_all(const struct rule *r)
{
	return r->type == ANY && r->major == ANY && r->minor == ANY && r->access == ACCESS_ALL;
}

/* The registers: the kernel gives the context in R1 and wants the answer in R0. */
enum { ANSWER = BPF_REG_0, CONTEXT = BPF_REG_1, TYPE = BPF_REG_2, ACCESS = BPF_REG_3,
       MAJOR = BPF_REG_4, MINOR = BPF_REG_5 };

static void emit(struct cgroup_devices_program *p, unsigned code, unsigned reg, int off, int64_t imm)
{
	p->v[p->n++] = (struct bpf_insn){ .code = (uint8_t)code, .dst_reg = (uint8_t)(reg & 15),
					  .off = (int16_t)off, .imm = (int32_t)imm };
}

static void emit_load(struct cgroup_devices_program *p, unsigned reg, size_t offset)
{
	emit(p, BPF_LDX | BPF_MEM | BPF_W, reg, (int)offset, 0);
	p->v[p->n - 1].src_reg = CONTEXT;
}

static void emit_answer(struct cgroup_devices_program *p, bool allow)
{
	emit(p, BPF_ALU64 | BPF_MOV | BPF_K, ANSWER, 0, allow);
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0);
}

static void emit_start(struct cgroup_devices_program *p)
{
	emit_load(p, TYPE, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	emit(p, BPF_ALU64 | BPF_MOV | BPF_X, ACCESS, 0, 0);
	p->v[p->n - 1].src_reg = TYPE;
	emit(p, BPF_ALU | BPF_RSH | BPF_K, ACCESS, 0, 16);
	emit(p, BPF_ALU | BPF_AND | BPF_K, TYPE, 0, 0xffff);
	emit_load(p, MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	emit_load(p, MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
}

/*
 * One rule. ACCESS holds what is still undecided of the access: a rule that allows takes its bits
 * out, and with none left the whole is allowed; one that denies any bit that is left denies all.
 */
static void emit_rule(struct cgroup_devices_program *p, const struct rule *r)
{
	const struct {
		unsigned reg;
		int64_t want;
	} tests[] = { { TYPE, r->type }, { MAJOR, r->major }, { MINOR, r->minor } };
	size_t from = p->n;

	for (size_t i = 0; i < 3; i++)
		if (tests[i].want != ANY)
			emit(p, BPF_JMP32 | BPF_JNE | BPF_K, tests[i].reg, 0, tests[i].want);
	if (r->access != ACCESS_ALL && r->allow) {
		emit(p, BPF_ALU | BPF_AND | BPF_K, ACCESS, 0, ACCESS_ALL & ~r->access);
		emit(p, BPF_JMP32 | BPF_JNE | BPF_K, ACCESS, 0, 0);
	} else if (r->access != ACCESS_ALL) {
		emit(p, BPF_JMP32 | BPF_JSET | BPF_K, ACCESS, 1, r->access);
		emit(p, BPF_JMP | BPF_JA, 0, 0, 0);
	}
	emit_answer(p, r->allow);
	/* Jumps without a target yet go to the next rule. */
	for (size_t i = from; i < p->n; i++) {
		unsigned class = BPF_CLASS(p->v[i].code);
		if ((class == BPF_JMP32 || class == BPF_JMP) && !p->v[i].off &&
		    BPF_OP(p->v[i].code) != BPF_EXIT)
			p->v[i].off = (int16_t)(p->n - i - 1);
	}
}

/* The last rule that speaks of an access decides: so from the last to the first, up to one that
 * decides everything. What came after it would be unreachable, which the kernel refuses. */
static void compile(const struct rule *rules, size_t n, struct cgroup_devices_program *p)
{
	p->allows_all = true;
	emit_start(p);
	while (n > 0) {
		const struct rule *r = &rules[--n];
		p->allows_all &= r->allow;
		emit_rule(p, r);
		if (is_catch_all(r))
			return;
	}
	p->allows_all = false;
	emit_answer(p, false);
}

int cgroup_devices_compile(struct arena *a, const struct oci_resources *r,
			   struct cgroup_devices_program *ret, struct err *e)
{
	size_t n = r ? r->devices.n : 0;

	if (n > PROGRAM_MAX_INSNS / RULE_MAX_INSNS - N_DEFAULTS - 2)
		return err_msg(e, E2BIG, "%zu device rules are too many", n);
	struct rule *rules = arena_calloc(a, n + N_DEFAULTS, sizeof *rules);
	*ret = (struct cgroup_devices_program){
		.v = arena_calloc(a, (n + N_DEFAULTS + 2) * RULE_MAX_INSNS, sizeof *ret->v)
	};
	if (!rules || !ret->v)
		return err_set(e, ENOMEM, "compile the device rules");
	for (size_t i = 0; i < n; i++) {
		int err = parse_rule(&r->devices.v[i], i, &rules[i], e);
		if (err < 0)
			return err;
	}
	memcpy(rules + n, defaults, sizeof defaults);
	compile(rules, n + N_DEFAULTS, ret);
	return 0;
}
