/* SPDX-License-Identifier: Apache-2.0 */
/* select: see ports/select.h, bpf(2), bpf-helpers(7): bpf_sk_select_reuseport. */
#include "ports/select.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <linux/bpf.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"
#include "ports/select_program.h"

#define PROBE_PLACES (2 * PORT_SELECT_MAX) /* the first */

static int make_map(uint32_t type, uint32_t value_size, uint32_t n)
{
	union bpf_attr attr = { .map_type = type, .key_size = 4, .value_size = value_size, .max_entries = n };

	return sys_bpf(BPF_MAP_CREATE, &attr, sizeof attr);
}

static int select_put(int map_fd, uint32_t key, const void *value)
{
	union bpf_attr attr = { .map_fd = (uint32_t)map_fd, .key = (uintptr_t)&key, .value = (uintptr_t)value };

	return sys_bpf(BPF_MAP_UPDATE_ELEM, &attr, sizeof attr);
}

int port_select_open(struct port_select *s, struct err *e)
{
	*s = PORT_SELECT_INIT;
	s->sockets_fd = make_map(BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, 8, PROBE_PLACES + PORT_PROBES_MAX);
	s->choice_fd = make_map(BPF_MAP_TYPE_ARRAY, sizeof(struct port_choice), 1);
	s->probes_fd = make_map(BPF_MAP_TYPE_HASH, 4, PORT_PROBES_MAX);
	int r = s->sockets_fd < 0 || s->choice_fd < 0 || s->probes_fd < 0 ?
			err_set(e, errno, "make the array of listening sockets") :
			select_program_load(s->sockets_fd, s->choice_fd, s->probes_fd, e);
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

	return select_put(s->sockets_fd, place, &value);
}

static int choose(const struct port_select *s, unsigned n)
{
	const struct port_choice choice = { place_of(s, 0) << 16 | n, s->n_probes };

	return select_put(s->choice_fd, 0, &choice);
}

/* The kernel takes a socket in one place of one array at a time. */
static void empty_place(const struct port_select *s, unsigned place)
{
	union bpf_attr attr = { .map_fd = (uint32_t)s->sockets_fd, .key = (uintptr_t)&place };

	sys_bpf(BPF_MAP_DELETE_ELEM, &attr, sizeof attr);
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

/* -- probes ----------------------------------------------------------------------------------- */

int port_select_probe(struct port_select *s, unsigned nth, int fd, uint16_t source_port)
{
	uint32_t place = PROBE_PLACES + nth, key = source_port;

	port_select_end_probe(s, nth);
	if (put_socket(s, place, fd) < 0)
		return -errno;
	if (select_put(s->probes_fd, key, &place) < 0) {
		int errnum = errno;
		empty_place(s, place);
		return -errnum;
	}
	s->probes[nth] = (struct port_probe){ .fd = fd, .source_port = source_port };
	s->n_probes++;
	return choose(s, s->n) < 0 ? -errno : 0;
}

void port_select_end_probe(struct port_select *s, unsigned nth)
{
	struct port_probe *p = &s->probes[nth];
	uint32_t key = p->source_port;
	union bpf_attr attr = { .map_fd = (uint32_t)s->probes_fd, .key = (uintptr_t)&key };

	if (!p->source_port)
		return;
	s->n_probes--;
	choose(s, s->n);
	sys_bpf(BPF_MAP_DELETE_ELEM, &attr, sizeof attr);
	empty_place(s, PROBE_PLACES + nth);
	*p = (struct port_probe){ 0 };
}

void port_select_forget(struct port_select *s, int fd)
{
	for (unsigned i = 0; s->n_probes && i < PORT_PROBES_MAX; i++)
		if (s->probes[i].source_port && s->probes[i].fd == fd)
			port_select_end_probe(s, i);
}

/* -- all clients ------------------------------------------------------------------------------ */

int port_select_set(struct port_select *s, const int *fds, unsigned n)
{
	unsigned stay = 0;

	for (unsigned i = 0; s->n_probes && i < n; i++)
		port_select_forget(s, fds[i]);
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
	fd_close(&s->probes_fd);
	fd_close(&s->prog_fd);
}
