/* SPDX-License-Identifier: Apache-2.0 */
/* process_identity: who a process is, applied in a child and read back from the kernel: IDs, keyring, host name,
 * kernel parameters of its namespaces. */
#include "in_child.h"

#include "base/arena.h"
#include "process/env.h"

static void need_root(void)
{
	if (geteuid())
		skip();
}

/* -- ids ------------------------------------------------------------------------------------ */

static void users_are_parsed_strictly(void **state)
{
	static const char *const bad[] = { "",	  "-1",	 "4294967295", "4294967296", "1:",  "1x", "0x0",
					   " 1",  "1 ",	 "1:-1",       "1:1:1",	     ":1",  ":",  "root",
					   "+1",  "1:4294967295", "1\n", "99999999999999999999" };
	uint32_t uid = 5, gid = 5;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(user_parse(bad[i], &uid, &gid, e), -EINVAL);
		assert_int_equal(uid, 5);
	}
	assert_int_equal(user_parse("1000", &uid, &gid, e), 0);
	assert_int_equal(uid, 1000);
	assert_int_equal(gid, 5);
	assert_int_equal(user_parse("4294967294:7", &uid, &gid, e), 0);
	assert_int_equal(uid, 4294967294);
	assert_int_equal(gid, 7);
}

static bool become_user(void)
{
	uint32_t groups[] = { 5, 77 };
	struct oci_user u = { .uid = 1000, .gid = 1001, .umask = { true, 0077 },
			      .additional_gids = { groups, 2 } };
	uid_t r, ef, s, list[4];

	return user_apply(&u, false, e) == 0 && getresuid(&r, &ef, &s) == 0 && r == 1000 && ef == 1000 &&
	       s == 1000 && getresgid(&r, &ef, &s) == 0 && r == 1001 && ef == 1001 && s == 1001 &&
	       getgroups(4, list) == 2 && list[0] == 5 && list[1] == 77 && umask(0) == 0077 &&
	       setresuid(0, 0, 0) < 0;
}

static bool stay_root(void)
{
	struct oci_user u = { 0 };
	gid_t some[] = { 4, 24 };

	setgroups(2, some);
	umask(0);
	return user_apply(&u, false, e) == 0 && getgroups(0, NULL) == 0 && umask(0) == 0022;
}

/* Without a map and with setgroups denied, as in a rootless container: only asking is an error. */
static bool groups_are_denied(void)
{
	uint32_t groups[] = { 5 };
	struct oci_user u = { .uid = geteuid(), .gid = getegid() };
	int fd;

	if (unshare(CLONE_NEWUSER) < 0)
		_exit(SKIPPED);
	fd = open("/proc/self/setgroups", O_WRONLY);
	if (write(fd, "deny", 4) != 4)
		return false;
	fd = open("/proc/self/uid_map", O_WRONLY);
	if (write(fd, "0 0 1", 5) != 5)
		return false;
	fd = open("/proc/self/gid_map", O_WRONLY);
	if (write(fd, "0 0 1", 5) != 5)
		return false;
	if (user_apply(&u, false, e) < 0)
		return false;
	u.additional_gids.v = groups;
	u.additional_gids.n = 1;
	return user_apply(&u, false, e) == -EPERM &&
	       !strcmp(e->text, "set 1 additional groups: Operation not permitted");
}

static void ids_are_changed_for_good(void **state)
{
	(void)state;
	need_root();
	in_child(become_user, 0);
	in_child(stay_root, 0);
	in_child(groups_are_denied, 0);
}

static bool give_stdio(void)
{
	struct stat null_before, null_after, st;
	int p[2];

	if (pipe(p) < 0 || dup2(p[1], 1) < 0 || dup2(open("/dev/null", O_RDWR), 0) < 0 ||
	    fstat(0, &null_before) < 0)
		return false;
	stdio_give(1000);
	return fstat(1, &st) == 0 && st.st_uid == 1000 && fstat(0, &null_after) == 0 &&
	       null_after.st_uid == null_before.st_uid;
}

static void pipes_are_given_and_devices_are_not(void **state)
{
	(void)state;
	need_root();
	in_child(give_stdio, 0);
}

/* -- keyring -------------------------------------------------------------------------------- */

static long session_keyring(void)
{
	return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
}

static bool join_keyring(void)
{
	char text[128] = "";
	long outer = session_keyring(), first, second;

	if (outer < 0 && errno == ENOSYS)
		_exit(SKIPPED);
	if (keyring_join("c1", NULL, -1, e) < 0)
		return false;
	first = session_keyring();
	syscall(SYS_keyctl, KEYCTL_DESCRIBE, first, text, sizeof text);
	/* Somebody else's container of the same name does not get at the keys in it. */
	if (keyring_join("c1", NULL, -1, e) < 0)
		return false;
	second = session_keyring();
	return first > 0 && first != outer && second != first && strstr(text, ";_ses.c1");
}

static void keyrings_are_the_container_s_own(void **state)
{
	(void)state;
	in_child(join_keyring, 0);
}

/* -- host name, sysctl ----------------------------------------------------------------------- */

static bool set_names(void)
{
	struct oci_config c = { .hostname = (char *)"box", .domainname = (char *)"example.org" };
	char host[HOST_NAME_MAX + 1], domain[HOST_NAME_MAX + 1];

	return hostname_apply(&c, e) == 0 && gethostname(host, sizeof host) == 0 &&
	       getdomainname(domain, sizeof domain) == 0 && !strcmp(host, "box") &&
	       !strcmp(domain, "example.org");
}

static bool refuse_names(void)
{
	char longer[HOST_NAME_MAX + 2];
	struct oci_config c = { .hostname = longer };

	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	return hostname_apply(&c, e) == -EINVAL && !strncmp(e->text, "set hostname \"xxx", 17);
}

static void host_and_domain_name_are_set(void **state)
{
	(void)state;
	in_child(set_names, CLONE_NEWUTS);
	in_child(refuse_names, CLONE_NEWUTS);
}

static bool has_value(const char *path, const char *value)
{
	char text[64] = "";
	_cleanup_fd_ int fd = open(path, O_RDONLY);

	return read(fd, text, sizeof text - 1) > 0 && !strncmp(text, value, strlen(value));
}

static bool set_parameters(void)
{
	struct oci_pair pairs[] = { { (char *)"net.ipv4.ip_forward", (char *)"1" },
				    { (char *)"net/ipv4/conf/lo/rp_filter", (char *)"2" },
				    { (char *)"net.ipv4.conf.lo.forwarding", (char *)"1" } };
	oci_map map = { pairs, 3 };
	_cleanup_fd_ int procfd = procfd_open(e);

	return procfd >= 0 && sysctl_apply(procfd, &map, e) == 0 &&
	       has_value("/proc/sys/net/ipv4/ip_forward", "1") &&
	       has_value("/proc/sys/net/ipv4/conf/lo/rp_filter", "2") &&
	       has_value("/proc/sys/net/ipv4/conf/lo/forwarding", "1");
}

/* The separator that comes first is the separator: the other stands for itself in a device name. */
static bool name_with_a_dot(void)
{
	struct oci_pair pairs[] = { { (char *)"net/ipv4/conf/a.b/rp_filter", (char *)"2" },
				    { (char *)"net.ipv4.conf.a/b.forwarding", (char *)"1" } };
	oci_map map = { pairs, 2 };
	_cleanup_fd_ int procfd = procfd_open(e);

	if (system("ip link add a.b type veth peer name c"))
		_exit(SKIPPED);
	return procfd >= 0 && sysctl_apply(procfd, &map, e) == 0 &&
	       has_value("/proc/sys/net/ipv4/conf/a.b/rp_filter", "2") &&
	       has_value("/proc/sys/net/ipv4/conf/a.b/forwarding", "1");
}

static bool refuse_parameters(void)
{
	struct oci_pair pairs[] = { { (char *)"net.ipv4.no_such_thing", (char *)"1" } };
	oci_map map = { pairs, 1 };
	_cleanup_fd_ int procfd = procfd_open(e);

	return procfd >= 0 && sysctl_apply(procfd, &map, e) == -ENOENT &&
	       !strncmp(e->text, "sysctl net.ipv4.no_such_thing: open /proc/sys/net/ipv4/no_such_thing", 60);
}

static void parameters_are_set_in_the_namespace(void **state)
{
	(void)state;
	in_child(set_parameters, CLONE_NEWNET);
	in_child(name_with_a_dot, CLONE_NEWNET);
	in_child(refuse_parameters, CLONE_NEWNET);
}

static void parameters_of_the_host_s_namespaces_are_refused(void **state)
{
	struct oci_pair net[] = { { (char *)"net/ipv4/ip_forward", (char *)"1" } };
	struct oci_pair ipc[] = { { (char *)"kernel.shmmax", (char *)"1" } };
	struct oci_pair uts[] = { { (char *)"kernel.domainname", (char *)"x" } };
	oci_map maps[] = { { net, 1 }, { ipc, 1 }, { uts, 1 } };
	static const int flags[] = { CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS };
	static const char *const files[] = { "net", "ipc", "uts" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char path[32];
		snprintf(path, sizeof path, "/proc/%d/ns/%s", getpid(), files[i]);
		struct ns_plan plan = { .n_join = 1, .join = { { open(path, O_RDONLY), flags[i], "" } } };
		for (size_t k = 0; k < 3; k++)
			assert_int_equal(sysctl_check(&maps[k], &plan, e), k == i ? -EINVAL : 0);
		plan.n_join = 0;
		assert_int_equal(sysctl_check(&maps[i], &plan, e), 0);
		close(plan.join[0].fd);
	}
}

/* What an image can have: to look through all for each would take hours. */
#define VARIABLES 400000

static void a_great_many_variables_are_each_there_once(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	oci_strings list = { arena_calloc(&a, VARIABLES, sizeof *list.v), VARIABLES };
	size_t n;

	(void)state;
	for (unsigned i = 0; i < VARIABLES; i++)
		list.v[i] = arena_printf(&a, "V%06u=%u", i % (VARIABLES - 2), i);
	char **env = env_unique(&a, &list, 1, &n);
	assert_int_equal(n, VARIABLES - 2);
	assert_null(env[n]);
	assert_string_equal(env[0], "V000000=399998");
	assert_string_equal(env[1], "V000001=399999");
	assert_string_equal(env[2], "V000002=2");
	assert_string_equal(env[n - 1], "V399997=399997");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(users_are_parsed_strictly),
		cmocka_unit_test(ids_are_changed_for_good),
		cmocka_unit_test(a_great_many_variables_are_each_there_once),
		cmocka_unit_test(pipes_are_given_and_devices_are_not),
		cmocka_unit_test(keyrings_are_the_container_s_own),
		cmocka_unit_test(host_and_domain_name_are_set),
		cmocka_unit_test(parameters_are_set_in_the_namespace),
		cmocka_unit_test(parameters_of_the_host_s_namespaces_are_refused),
	};

	return cmocka_run_group_tests(tests, share_error, NULL);
}
