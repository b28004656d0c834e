/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_ports: what comes to the keeper of the ports, or from it, and addresses as people and kernels write them. */
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "fuzz.h"
#include "ports/message.h"

/* Bytes that a member gave to bind(2). */
static void try_address(const uint8_t *data, size_t len)
{
	char text[PORT_ADDRESS_TEXT_MAX];
	struct sockaddr_storage filled;
	struct port_address a = { .family = AF_INET6, .type = SOCK_STREAM }, again = a;

	if (!port_address_parse(&a, data, len))
		return;
	port_address_text(&a, text);
	socklen_t filled_len = port_address_fill(&a, &filled);
	if (!port_address_parse(&again, &filled, filled_len) || !port_address_equal(&a, &again))
		fuzz_die("another address than before", data, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static int pair[2] = { FD_NONE, FD_NONE };
	struct port_message m;
	int fds[PORT_MESSAGE_FDS];

	try_address(data, len);
	if (pair[0] < 0 && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		exit(2);
	if (!len || send(pair[0], data, len, 0) < 0)
		return 0;
	if (port_message_receive(pair[1], &m, fds) > 0 &&
	    (m.type >= PORT_MESSAGES || (m.type == PORTS_ROWS && m.n_rows > PORT_HOLDS_MAX)))
		fuzz_die("a message that is none", data, len);
	return 0;
}
