/* SPDX-License-Identifier: Apache-2.0 */
/* mount_options: what names add up to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/sys.h"
#include "rootfs/mount_options.h"

static struct arena arena;

/* Parses "a b c". */
static struct mount_options parse(const char *words)
{
	static char text[512], *v[32];
	oci_strings list = { .v = v };
	struct mount_options o;
	struct err e = ERR_INIT;

	strcpy(text, words);
	for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
		v[list.n++] = word;
	assert_int_equal(mount_options_parse(&arena, &list, &o, &e), 0);
	return o;
}

struct attr_case {
	const char *words;
	uint64_t set, clr, rec_set, rec_clr;
};

#define AT MOUNT_ATTR__ATIME

static void attributes(void **state)
{
	static const struct attr_case cases[] = {
		{ "", 0, 0, 0, 0 },
		{ "defaults", 0, 0, 0, 0 },
		{ "ro nosuid", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, 0, 0, 0 },
		{ "ro rw", 0, MOUNT_ATTR_RDONLY, 0, 0 },
		{ "rw ro", MOUNT_ATTR_RDONLY, 0, 0, 0 },
		{ "noexec nodev exec", MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC, 0, 0 },
		{ "noatime", MOUNT_ATTR_NOATIME, AT, 0, 0 },
		{ "noatime strictatime", MOUNT_ATTR_STRICTATIME, AT, 0, 0 },
		{ "noatime atime", 0, AT, 0, 0 },
		{ "noatime norelatime", MOUNT_ATTR_NOATIME, AT, 0, 0 },
		{ "relatime nodiratime", MOUNT_ATTR_NODIRATIME, AT, 0, 0 },
		{ "strictatime nostrictatime", 0, AT, 0, 0 },
		{ "rro rnosuid rdev", 0, 0, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV },
		{ "rnoatime", 0, 0, MOUNT_ATTR_NOATIME, AT },
		{ "ro rrw", MOUNT_ATTR_RDONLY, 0, 0, MOUNT_ATTR_RDONLY },
		{ "nosymfollow rsymfollow", 0x200000, 0, 0, 0x200000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct mount_options o = parse(cases[i].words);
		assert_int_equal(o.attr_set, cases[i].set);
		assert_int_equal(o.attr_clr, cases[i].clr);
		assert_int_equal(o.rec_set, cases[i].rec_set);
		assert_int_equal(o.rec_clr, cases[i].rec_clr);
		assert_int_equal(o.n_data, 0);
	}
}

static void the_rest(void **state)
{
	(void)state;
	struct mount_options o = parse("rbind rslave shared size=64k mode=755 newinstance sync ro");
	assert_true(o.bind && o.recursive && !o.idmap);
	assert_int_equal(o.n_propagation, 2);
	assert_int_equal(o.propagation[0], MS_SLAVE | MS_REC);
	assert_int_equal(o.propagation[1], MS_SHARED);
	assert_int_equal(o.n_data, 3);
	assert_string_equal(o.data[1], "mode=755");
	assert_string_equal(o.data[2], "newinstance");
	assert_int_equal(o.sb_set, MS_SYNCHRONOUS | MS_RDONLY);
	o = parse("sync async rw bind ridmap tmpcopyup remount");
	assert_int_equal(o.sb_set, 0);
	assert_int_equal(o.sb_clr, MS_SYNCHRONOUS | MS_RDONLY);
	assert_true(o.bind && !o.recursive && o.idmap && o.ridmap && o.tmpcopyup && o.remount);
	o = parse("RO Ro r");
	assert_int_equal(o.n_data, 3);
}

static void every_name_is_found_in_order(void **state)
{
	const char *before = "";

	(void)state;
	for (size_t i = 0; mount_option_name(i); i++) {
		assert_true(strcmp(before, mount_option_name(i)) < 0);
		before = mount_option_name(i);
		assert_int_equal(parse(before).n_data, 0);
	}
	assert_string_equal(before, "unbindable");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attributes),
		cmocka_unit_test(the_rest),
		cmocka_unit_test(every_name_is_found_in_order),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	arena_free(&arena);
	return failed;
}
