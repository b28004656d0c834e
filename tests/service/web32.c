/* SPDX-License-Identifier: Apache-2.0 */
/*
 * web32: an HTTP server for the architecture of 32 bits that this processor also runs, without a C library: gcc -m32 needs no
 * package for it. Opens port 8080 by the calls of its own (socket, bind, listen); with an argument by socketcall(2), as old
 * programs do. Answers each client and closes.
 */
#define SYS_exit 1
#define SYS_read 3
#define SYS_write 4
#define SYS_close 6
#define SYS_socketcall 102
#define SYS_socket 359
#define SYS_bind 361
#define SYS_listen 363
#define SYS_accept4 364

static long call(long nr, long a, long b, long c, long d)
{
	long r;

	__asm__ volatile("int $0x80" : "=a"(r) : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d) : "memory");
	return r;
}

/* SOCKET 1, BIND 2, LISTEN 4, ACCEPT 5. */
static long old_call(long nr, long a, long b, long c)
{
	long args[3] = { a, b, c };

	return call(SYS_socketcall, nr, (long)args, 0, 0);
}

static void serve(long s)
{
	static const char answer[] = "HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhello\n";
	char request[1024];

	for (;;) {
		long c = call(SYS_accept4, s, 0, 0, 0);
		if (c < 0)
			c = old_call(5, s, 0, 0);
		call(SYS_read, c, (long)request, sizeof request, 0);
		call(SYS_write, c, (long)answer, sizeof answer - 1, 0);
		call(SYS_close, c, 0, 0, 0);
	}
}

void start(long n_args);

__attribute__((used)) void start(long n_args)
{
	static const struct {
		unsigned short family, port;
		unsigned int address, zero[2];
	} at = { 2, 0x901f, 0, { 0, 0 } }; /* AF_INET, 8080 as it is sent */
	long old = n_args > 1, s, r;

	s = old ? old_call(1, 2, 1, 0) : call(SYS_socket, 2, 1, 0, 0);
	r = old ? old_call(2, s, (long)&at, sizeof at) : call(SYS_bind, s, (long)&at, sizeof at, 0);
	if (s < 0 || r < 0 || (old ? old_call(4, s, 100, 0) : call(SYS_listen, s, 100, 0, 0)) < 0)
		call(SYS_exit, 1, 0, 0, 0);
	serve(s);
}

__asm__(".globl _start\n_start:\n\tmov (%esp), %eax\n\tpush %eax\n\tcall start\n");
