/* SPDX-License-Identifier: Apache-2.0 */
/* port_filter: see port_filter.h. */
#include "seccomp/port_filter.h"

#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "base/err.h"
#include "seccomp/listener.h"
#include "seccomp/port_calls.h"

#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)
#define NEXT_IS(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no)
#define FIRST_ARG_LOW \
	(offsetof(struct seccomp_data, args) + (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0 : 4))

/* What one architecture takes: the lines of add_arch(). */
#define LINES_AN_ARCH 14

struct program {
	struct sock_filter v[2 + LINES_AN_ARCH * PORT_CALL_ARCHS];
	unsigned short n;
};

static void port_filter_add(struct program *p, struct sock_filter line)
{
	p->v[p->n++] = line;
}

/* Leaves by a verdict when the architecture is `a`, else falls through to the next one. */
static void add_arch(struct program *p, const struct port_call_arch *a)
{
	const struct sock_filter notify = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	const struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	unsigned char to_end = a->packed >= 0 ? 11 : 6;

	port_filter_add(p, (struct sock_filter)LOAD(offsetof(struct seccomp_data, arch)));
	port_filter_add(p, (struct sock_filter)NEXT_IS(a->arch, 0, to_end));
	port_filter_add(p, (struct sock_filter)LOAD(offsetof(struct seccomp_data, nr)));
	/* x32 has the same numbers, marked. On the others no number has that bit. */
	port_filter_add(p, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, ~(unsigned)PORT_CALL_X32));
	port_filter_add(p, (struct sock_filter)NEXT_IS((unsigned)a->bind, (unsigned char)(to_end - 4), 0));
	port_filter_add(p, (struct sock_filter)NEXT_IS((unsigned)a->listen, (unsigned char)(to_end - 5), 0));
	if (a->packed >= 0) {
		port_filter_add(p, (struct sock_filter)NEXT_IS((unsigned)a->packed, 1, 0));
		port_filter_add(p, allow);
		port_filter_add(p, (struct sock_filter)LOAD(FIRST_ARG_LOW));
		port_filter_add(p, (struct sock_filter)NEXT_IS(PORT_CALL_PACKED_BIND, 2, 0));
		port_filter_add(p, (struct sock_filter)NEXT_IS(PORT_CALL_PACKED_LISTEN, 1, 0));
	}
	port_filter_add(p, allow);
	port_filter_add(p, notify);
}

static int install(struct program *p, unsigned long flags)
{
	struct sock_fprog prog = { .len = p->n, .filter = p->v };

	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER | flags, &prog);
}

int port_filter_install(struct err *e)
{
	struct program p = { .n = 0 };

	for (const struct port_call_arch *a = port_call_archs; a->arch; a++)
		add_arch(&p, a);
	port_filter_add(&p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
	/* Linux 5.19. Without it a program that is signalled all the time (Go) may make its call anew each time. */
	int fd = install(&p, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
	if (fd < 0 && errno == EINVAL)
		fd = install(&p, 0);
	return fd < 0 ? err_set(e, errno, "install the filter that tells of bind and listen") : fd;
}

static int install_for(void *arg, int *ret_listener, struct err *e)
{
	(void)arg;
	*ret_listener = port_filter_install(e);
	return *ret_listener < 0 ? *ret_listener : 0;
}

int port_filter_hand_over(int sync_fd, struct err *e)
{
	return seccomp_offer_listener(sync_fd, SYNC_PORTS, install_for, NULL, e);
}
