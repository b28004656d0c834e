/* select: see ports/select.h, bpf(2), bpf-helpers(7): bpf_sk_select_reuseport. */
#include "ports/select.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "base/err.h"
#include "base/fd.h"

/* Debian 12's headers have it; older ones do not. */
#define SELECT_OR_MIGRATE 40 /* BPF_SK_REUSEPORT_SELECT_OR_MIGRATE */

static int sys_bpf(int cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof *attr);
}

static int make_map(uint32_t type, uint32_t value_size, uint32_t n)
{
	union bpf_attr attr = { .map_type = type, .key_size = 4, .value_size = value_size, .max_entries = n };

	return sys_bpf(BPF_MAP_CREATE, &attr);
}

static int put(int map_fd, uint32_t key, const void *value)
{
	union bpf_attr attr = { .map_fd = (uint32_t)map_fd, .key = (uintptr_t)&key, .value = (uintptr_t)value };

	return sys_bpf(BPF_MAP_UPDATE_ELEM, &attr);
}

#define INSN(code_, dst, src, off_, imm_) \
	{ .code = (code_), .dst_reg = (dst), .src_reg = (src), .off = (off_), .imm = (imm_) }
#define LOAD_MAP(dst, fd) INSN(BPF_LD | BPF_DW | BPF_IMM, dst, BPF_PSEUDO_MAP_FD, 0, fd), INSN(0, 0, 0, 0, 0)
#define MOVE(dst, src) INSN(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define SET(dst, imm) INSN(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm)
#define CALL(fn) INSN(BPF_JMP | BPF_CALL, 0, 0, 0, fn)

/*
 * word = choice[0]; n = word & 0xffff; if n: select sockets[(word >> 16) + hash % n]. Where nothing can be
 * selected the kernel falls back to a socket of the group by hash.
 */
static int load_program(const struct port_select *s, struct err *e)
{
	const struct bpf_insn program[] = {
		MOVE(6, 1),
		INSN(BPF_ST | BPF_MEM | BPF_W, 10, 0, -4, 0),
		LOAD_MAP(1, s->choice_fd),
		MOVE(2, 10),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -4),
		CALL(BPF_FUNC_map_lookup_elem),
		INSN(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 16, 0),
		INSN(BPF_LDX | BPF_MEM | BPF_W, 7, 0, 0, 0),
		MOVE(8, 7),
		INSN(BPF_ALU64 | BPF_AND | BPF_K, 8, 0, 0, 0xffff),
		INSN(BPF_ALU64 | BPF_RSH | BPF_K, 7, 0, 0, 16),
		INSN(BPF_JMP | BPF_JEQ | BPF_K, 8, 0, 11, 0),
		INSN(BPF_LDX | BPF_MEM | BPF_W, 1, 6, offsetof(struct sk_reuseport_md, hash), 0),
		INSN(BPF_ALU | BPF_MOD | BPF_X, 1, 8, 0, 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_X, 1, 7, 0, 0),
		INSN(BPF_STX | BPF_MEM | BPF_W, 10, 1, -4, 0),
		MOVE(1, 6),
		LOAD_MAP(2, s->sockets_fd),
		MOVE(3, 10),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, 3, 0, 0, -4),
		SET(4, 0),
		CALL(BPF_FUNC_sk_select_reuseport),
		SET(0, SK_PASS),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SK_REUSEPORT,
		.expected_attach_type = SELECT_OR_MIGRATE,
		.insns = (uintptr_t)program,
		.insn_cnt = sizeof program / sizeof *program,
		.license = (uintptr_t)"Apache-2.0",
		.prog_name = "hart_ports",
	};
	int fd = sys_bpf(BPF_PROG_LOAD, &attr);

	if (fd < 0 && errno == EINVAL)
		return err_msg(e, EINVAL, "the kernel refuses the program that chooses who gets clients: "
					  "Linux 5.14 or newer is needed");
	return fd < 0 ? err_set(e, errno, "load the program that chooses who gets clients") : fd;
}

int port_select_open(struct port_select *s, struct err *e)
{
	*s = PORT_SELECT_INIT;
	s->sockets_fd = make_map(BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, 8, 2 * PORT_SELECT_MAX);
	s->choice_fd = make_map(BPF_MAP_TYPE_ARRAY, 4, 1);
	int r = s->sockets_fd < 0 || s->choice_fd < 0 ? err_set(e, errno, "make the array of listening sockets")
						      : load_program(s, e);
	if (r < 0)
		port_select_close(s);
	else
		s->prog_fd = r;
	return r < 0 ? r : 0;
}

int port_select_attach(const struct port_select *s, int fd, struct err *e)
{
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF, &s->prog_fd, sizeof s->prog_fd) < 0)
		return err_set(e, errno, "attach the program that chooses who gets clients");
	return 0;
}

static unsigned place_of(const struct port_select *s, unsigned i)
{
	return s->bank * PORT_SELECT_MAX + i;
}

static int put_socket(const struct port_select *s, unsigned place, int fd)
{
	uint64_t value = (uint64_t)fd;

	return put(s->sockets_fd, place, &value);
}

static int choose(const struct port_select *s, unsigned n)
{
	uint32_t word = place_of(s, 0) << 16 | n;

	return put(s->choice_fd, 0, &word);
}

/* The kernel takes a socket in one place of one array at a time. */
static void empty_place(const struct port_select *s, unsigned place)
{
	union bpf_attr attr = { .map_fd = (uint32_t)s->sockets_fd, .key = (uintptr_t)&place };

	sys_bpf(BPF_MAP_DELETE_ELEM, &attr);
}

static bool has(const int *fds, unsigned n, int fd)
{
	for (unsigned i = 0; i < n; i++)
		if (fds[i] == fd)
			return true;
	return false;
}

/* The last one moves to its place; until then the place serves on. */
static void take_out(struct port_select *s, unsigned i)
{
	unsigned last = s->n - 1;

	choose(s, last);
	empty_place(s, place_of(s, last));
	if (i < last && put_socket(s, place_of(s, i), s->chosen[last]) == 0)
		s->chosen[i] = s->chosen[last];
	s->n = last;
}

static void append(struct port_select *s, int fd)
{
	if (s->n == PORT_SELECT_MAX || put_socket(s, place_of(s, s->n), fd) < 0)
		return;
	s->chosen[s->n++] = fd;
	choose(s, s->n);
}

/* None of the old ones stays: the other bank is filled, then one write makes it the one in force. */
static int turn_over(struct port_select *s, const int *fds, unsigned n)
{
	struct port_select next = *s;

	next.bank = !s->bank;
	next.n = 0;
	for (unsigned i = 0; i < n && next.n < PORT_SELECT_MAX; i++)
		if (put_socket(&next, place_of(&next, next.n), fds[i]) == 0)
			next.chosen[next.n++] = fds[i];
	if (!next.n || choose(&next, next.n) < 0)
		return 0;
	for (unsigned i = 0; i < s->n; i++)
		empty_place(s, place_of(s, i));
	*s = next;
	return (int)s->n;
}

int port_select_set(struct port_select *s, const int *fds, unsigned n)
{
	unsigned stay = 0;

	for (unsigned i = 0; i < s->n; i++)
		stay += has(fds, n, s->chosen[i]);
	if (!stay)
		return turn_over(s, fds, n);
	for (unsigned i = s->n; i-- > 0;)
		if (!has(fds, n, s->chosen[i]))
			take_out(s, i);
	for (unsigned i = 0; i < n; i++)
		if (!has(s->chosen, s->n, fds[i]))
			append(s, fds[i]);
	return (int)s->n;
}

void port_select_close(struct port_select *s)
{
	fd_close(&s->sockets_fd);
	fd_close(&s->choice_fd);
	fd_close(&s->prog_fd);
}
