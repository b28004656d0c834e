/* SPDX-License-Identifier: Apache-2.0 */
/* caps: the five sets of real processes, from callers that hold all they can (security.md 8). */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "oci.h"
#include "process/caps.h"
#include "process/user.h"

struct sets {
	uint64_t inheritable, permitted, effective, bounding, ambient;
};

static struct sets read_sets(void)
{
	struct sets s = { 0 };
	char line[128];
	FILE *f = fopen("/proc/self/status", "re");

	while (f && fgets(line, sizeof line, f)) {
		sscanf(line, "CapInh: %" SCNx64, &s.inheritable);
		sscanf(line, "CapPrm: %" SCNx64, &s.permitted);
		sscanf(line, "CapEff: %" SCNx64, &s.effective);
		sscanf(line, "CapBnd: %" SCNx64, &s.bounding);
		sscanf(line, "CapAmb: %" SCNx64, &s.ambient);
	}
	if (f)
		fclose(f);
	return s;
}

/* All that the caller permits becomes inheritable and ambient. */
static void fill_sets(void)
{
	cap_t caps = cap_get_proc();

	for (cap_value_t c = 0; c < cap_max_bits(); c++) {
		cap_flag_value_t on;
		if (cap_get_flag(caps, c, CAP_PERMITTED, &on) == 0 && on == CAP_SET)
			cap_set_flag(caps, CAP_INHERITABLE, 1, &c, CAP_SET);
	}
	cap_set_proc(caps);
	cap_free(caps);
	for (cap_value_t c = 0; c < cap_max_bits(); c++)
		cap_set_ambient(c, CAP_SET);
}

/* What a child has after it became `user` with these capabilities, in hart's order. */
static struct sets become(const struct oci_capabilities *c, uint32_t uid, bool keep_admin, int *ret)
{
	struct oci_user user = { .uid = uid, .gid = uid };
	struct sets s = { 0 };
	struct err e;
	int fds[2], status;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	if (fork() == 0) {
		fill_sets();
		int r = caps_drop_bounding(c, &e);
		if (r >= 0)
			r = user_apply(&user, false, &e);
		if (r >= 0)
			r = caps_apply(c, keep_admin, &e);
		s = read_sets();
		if (write(fds[1], &s, sizeof s) != sizeof s)
			_exit(255);
		_exit(-r);
	}
	assert_true(wait(&status) > 0 && WIFEXITED(status));
	*ret = -WEXITSTATUS(status);
	assert_int_equal(read(fds[0], &s, sizeof s), sizeof s);
	close(fds[0]);
	close(fds[1]);
	return s;
}

static int kill_alone[] = { CAP_KILL }, three[] = { CAP_CHOWN, CAP_KILL, CAP_SETPCAP };

#define BIT(cap) (1ULL << (cap))
#define THREE (BIT(CAP_CHOWN) | BIT(CAP_KILL) | BIT(CAP_SETPCAP))
#define LIST(array) { array, sizeof array / sizeof *array }

static const struct oci_capabilities some = {
	.bounding = LIST(three),
	.permitted = LIST(three),
	.effective = LIST(kill_alone),
	.inheritable = LIST(three),
	.ambient = LIST(kill_alone),
};

static void expect_some(struct sets s)
{
	assert_int_equal(s.bounding, THREE);
	assert_int_equal(s.permitted, THREE);
	assert_int_equal(s.effective, BIT(CAP_KILL));
	assert_int_equal(s.inheritable, THREE);
	assert_int_equal(s.ambient, BIT(CAP_KILL));
}


static void all_five_sets_are_the_configs(void **state)
{
	int r;

	(void)state;
	if (geteuid())
		skip();
	expect_some(become(&some, 0, false, &r));
	assert_int_equal(r, 0);
	expect_some(become(&some, 1000, false, &r));
	assert_int_equal(r, 0);
}

static void no_capabilities_mean_none(void **state)
{
	static const struct oci_capabilities empty;
	const struct oci_capabilities *none[] = { NULL, &empty };

	(void)state;
	if (geteuid())
		skip();
	for (int i = 0; i < 4; i++) {
		int r;
		struct sets s = become(none[i / 2], i % 2 * 1000, false, &r);
		assert_int_equal(r, 0);
		assert_int_equal(s.bounding | s.permitted | s.effective | s.inheritable | s.ambient, 0);
	}
}

static void impossible_ambient_capabilities_are_left_out(void **state)
{
	static const struct oci_capabilities c = { .bounding = LIST(three),
						   .permitted = LIST(kill_alone),
						   .inheritable = LIST(kill_alone),
						   .ambient = LIST(three) };
	int r;

	(void)state;
	if (geteuid())
		skip();
	assert_false(caps_ambient_possible(&c));
	assert_true(caps_ambient_possible(&some));
	assert_int_equal(become(&c, 1000, false, &r).ambient, BIT(CAP_KILL));
	assert_int_equal(r, 0);
}

static void effective_needs_permitted(void **state)
{
	static const struct oci_capabilities c = { .permitted = LIST(kill_alone),
						   .effective = LIST(three) };
	int r;

	(void)state;
	if (geteuid())
		skip();
	become(&c, 0, false, &r);
	assert_int_equal(r, -EPERM);
}

/* As around the installation of a filter: raised for it alone, and then the config's sets. */
static void admin_is_kept_raised_and_dropped(void **state)
{
	struct sets s[3];
	int fds[2], r;

	(void)state;
	if (geteuid())
		skip();
	s[0] = become(&some, 1000, true, &r);
	assert_int_equal(r, 0);
	assert_int_equal(s[0].permitted, THREE | BIT(CAP_SYS_ADMIN));
	assert_int_equal(s[0].effective, BIT(CAP_KILL));
	assert_int_equal(s[0].ambient, BIT(CAP_KILL));
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	if (fork() == 0) {
		struct oci_user user = { .uid = 1000, .gid = 1000 };
		struct err e;
		bool ok = caps_drop_bounding(&some, &e) >= 0 && user_apply(&user, false, &e) >= 0 &&
			  caps_apply(&some, true, &e) >= 0;
		s[0] = read_sets();
		ok = ok && caps_raise_admin(&some, &e) >= 0;
		s[1] = read_sets();
		ok = ok && caps_drop_admin(&some, &e) >= 0;
		s[2] = read_sets();
		_exit(!ok || write(fds[1], s, sizeof s) != sizeof s);
	}
	assert_true(wait(&r) > 0 && r == 0);
	assert_int_equal(read(fds[0], s, sizeof s), sizeof s);
	assert_int_equal(s[1].effective, BIT(CAP_KILL) | BIT(CAP_SYS_ADMIN));
	expect_some(s[2]);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_five_sets_are_the_configs),
		cmocka_unit_test(no_capabilities_mean_none),
		cmocka_unit_test(impossible_ambient_capabilities_are_left_out),
		cmocka_unit_test(effective_needs_permitted),
		cmocka_unit_test(admin_is_kept_raised_and_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
