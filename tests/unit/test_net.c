/* SPDX-License-Identifier: Apache-2.0 */
/* net: devices that move into a network namespace and, when that fails, back. A private namespace is
 * "the host"; needs root and veth, which every kernel with network namespaces has. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "ns/net.h"
#include "oci.h"

static struct err e;

/* Runs a shell command here, or with `pid` in its network namespace; what it prints matters only
 * when it fails. */
static bool shell(pid_t pid, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool shell(pid_t pid, const char *fmt, ...)
{
	char command[512], whole[640];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof command, fmt, ap);
	va_end(ap);
	if (!pid)
		return system(command) == 0;
	setenv("COMMAND", command, 1);
	snprintf(whole, sizeof whole, "nsenter -t %d -n sh -c \"$COMMAND\"", pid);
	return system(whole) == 0;
}

/* A process in a network namespace of its own: the container. */
static pid_t start_container(void)
{
	int ready[2];
	char c;

	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWNET) == 0 && write(ready[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static int setup(void **state)
{
	*state = NULL;
	if (unshare(CLONE_NEWNET) < 0)
		return 0;
	if (!shell(0, "ip link add hart0 type veth peer name hart1") ||
	    !shell(0, "ip addr add 10.1.2.3/24 brd 10.1.2.200 dev hart0") ||
	    !shell(0, "ip addr add 10.1.2.4/24 dev hart0") ||
	    !shell(0, "ip addr add 10.9.9.9/32 scope link dev hart0") ||
	    !shell(0, "ip addr add 10.8.8.8/32 valid_lft 900 preferred_lft 900 dev hart0") ||
	    !shell(0, "ip addr add fd00::7/64 nodad dev hart0") ||
	    !shell(0, "ip link set hart0 mtu 1434 up"))
		return -1;
	*state = (void *)(intptr_t)start_container();
	return 0;
}

static int teardown(void **state)
{
	pid_t pid = (pid_t)(intptr_t)*state;

	if (pid) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	return 0;
}

static pid_t container(void **state)
{
	if (!*state)
		skip();
	return (pid_t)(intptr_t)*state;
}

static int move(pid_t pid, struct oci_net_device *v, size_t n)
{
	struct oci_linux l = { .net_devices = { v, n } };

	err_clear(&e);
	return net_move_devices(&l, pid, &e);
}

static void loopback_is_set_up(void **state)
{
	container(state);
	assert_int_equal(net_loopback_up(&e), 0);
	assert_true(shell(0, "ip -o addr show lo | grep -q 127.0.0.1/8"));
}

static void devices_keep_their_permanent_addresses(void **state)
{
	pid_t pid = container(state);
	struct oci_net_device d = { "hart0", "eth7" };

	assert_int_equal(move(pid, &d, 1), 0);
	assert_false(shell(0, "ip link show hart0 2>/dev/null"));
	assert_true(shell(pid, "ip -o link show eth7 | grep 'mtu 1434' | grep -q '[<,]UP'"));
	assert_true(shell(pid, "ip -o addr show eth7 | grep -q 'inet 10.1.2.3/24 brd 10.1.2.200 '"));
	assert_true(shell(pid, "ip -o addr show eth7 | grep -q '10.1.2.4/24.*secondary'"));
	assert_true(shell(pid, "ip -o addr show eth7 | grep -q 'fd00::7/64.*nodad'"));
	/* Not permanent, not global. */
	assert_false(shell(pid, "ip -o addr show eth7 | grep -E '10[.](8|9)'"));
}

static void names_default_to_the_host_s_and_may_be_templates(void **state)
{
	pid_t pid = container(state);
	struct oci_net_device v[] = { { "hart0", NULL }, { "hart1", "net%d" } };

	assert_true(shell(pid, "ip link add net0 type veth peer name net2"));
	assert_int_equal(move(pid, v, 2), 0);
	assert_true(shell(pid, "ip -o link show hart0 | grep -q '[<,]UP'"));
	assert_true(shell(pid, "ip -o link show net1 | grep -q '[<,]UP'"));
}

/* The numbers that the devices had may be taken, and so may the old name of a renamed one. */
static void taken_numbers_and_old_names_do_not_matter(void **state)
{
	pid_t pid = container(state);
	struct oci_net_device d = { "hart0", "eth7" };

	assert_true(shell(pid, "ip link add hart0 index 2 type veth peer name b index 3"));
	assert_true(shell(pid, "ip link add c index 4 type veth peer name d index 5"));
	assert_int_equal(move(pid, &d, 1), 0);
	assert_true(shell(pid, "ip -o addr show eth7 | grep -q 10.1.2.3/24"));
}

static void taken_names_are_an_error_and_move_nothing(void **state)
{
	pid_t pid = container(state);
	struct oci_net_device v[] = { { "hart1", NULL }, { "hart0", "eth7" } };

	assert_true(shell(pid, "ip link add eth7 type veth peer name eth8"));
	assert_int_equal(move(pid, v, 2), -EEXIST);
	assert_string_equal(e.text, "move network device hart0 to eth7 in the container: File exists");
	assert_true(shell(0, "ip link show hart1 >/dev/null"));
	assert_true(shell(0, "ip -o addr show hart0 | grep -q 10.1.2.3/24"));
}

/* The second is found to be immovable only when the first has moved. */
static void what_has_moved_is_put_back(void **state)
{
	pid_t pid = container(state);
	struct oci_net_device v[] = { { "hart0", "eth7" }, { "lo", "lo7" } };

	assert_int_equal(move(pid, v, 2), -EINVAL);
	assert_non_null(strstr(e.text, "move network device lo to lo7"));
	assert_false(shell(pid, "ip link show eth7 2>/dev/null"));
	assert_true(shell(0, "ip -o link show hart0 | grep 'mtu 1434' | grep -q '[<,]UP'"));
	assert_true(shell(0, "ip -o addr show hart0 | grep -q 10.1.2.3/24"));
}

static void missing_devices_are_named(void **state)
{
	pid_t pid = container(state);
	struct oci_net_device v[] = { { "hart0", NULL }, { "hart9", NULL } };

	assert_int_equal(move(pid, v, 2), -ENODEV);
	assert_string_equal(e.text, "find network device hart9: No such device");
	assert_true(shell(0, "ip link show hart0 >/dev/null"));
}

static void many_addresses_are_kept(void **state)
{
	pid_t pid = container(state);
	struct oci_net_device d = { "hart0", NULL };

	assert_true(shell(0, "for i in $(seq 500); do echo addr add 172.16.$((i / 250)).$((i %% 250 + 1))/16 "
			     "dev hart0; done | ip -batch -"));
	assert_int_equal(move(pid, &d, 1), 0);
	assert_true(shell(pid, "test $(ip -o -4 addr show hart0 | grep -c 172.16) = 500"));
}

/* The caller's own namespace is never left. */
static void the_caller_stays_where_it_is(void **state)
{
	pid_t pid = container(state);
	struct oci_net_device d = { "hart0", NULL };
	struct stat before, after;

	stat("/proc/self/ns/net", &before);
	assert_int_equal(move(pid, &d, 1), 0);
	stat("/proc/self/ns/net", &after);
	assert_int_equal(before.st_ino, after.st_ino);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(loopback_is_set_up),
		TEST(devices_keep_their_permanent_addresses),
		TEST(names_default_to_the_host_s_and_may_be_templates),
		TEST(taken_numbers_and_old_names_do_not_matter),
		TEST(taken_names_are_an_error_and_move_nothing),
		TEST(what_has_moved_is_put_back),
		TEST(missing_devices_are_named),
		TEST(many_addresses_are_kept),
		TEST(the_caller_stays_where_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
