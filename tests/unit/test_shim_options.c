/* SPDX-License-Identifier: Apache-2.0 */
/* Options of containerd's clients, in the messages of its versions, and what is no message at all. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "task_options.h"
#include "task_options.pb-c.h"

#define RUNC "containerd.runc.v1.Options"

struct text {
	uint8_t data[4096];
	size_t len;
};

static struct text pack(const ProtobufCMessage *m)
{
	struct text t;

	t.len = protobuf_c_message_get_packed_size(m);
	assert_true(t.len <= sizeof t.data);
	protobuf_c_message_pack(m, t.data);
	return t;
}

static struct text runc_options(const char *cgroup, bool systemd)
{
	Options__Options o = OPTIONS__OPTIONS__INIT;

	o.no_pivot_root = o.no_new_keyring = true;
	o.shim_cgroup = (char *)cgroup;
	o.systemd_cgroup = systemd;
	return pack(&o.base);
}

static void assert_taken(const struct options *o, const char *cgroup)
{
	assert_true(o->no_pivot && o->no_new_keyring);
	assert_string_equal(o->shim_cgroup, cgroup);
}

static void an_any_is_read(void **state)
{
	struct text value = runc_options("/shims/a", false);
	Options__Any any = OPTIONS__ANY__INIT;
	struct err e = ERR_INIT;
	struct options o;

	(void)state;
	any.type_url = RUNC;
	any.value = (ProtobufCBinaryData){ value.len, value.data };
	struct text input = pack(&any.base);
	assert_int_equal(options_read_start(input.data, input.len, &o, &e), 0);
	assert_taken(&o, "/shims/a");
}

static void so_is_an_extension_of_bootstrap_parameters(void **state)
{
	struct text value = runc_options("/shims/a", false);
	Options__Any other = OPTIONS__ANY__INIT, any = OPTIONS__ANY__INIT;
	Options__Extension extensions[] = { OPTIONS__EXTENSION__INIT, OPTIONS__EXTENSION__INIT,
					    OPTIONS__EXTENSION__INIT };
	Options__Extension *list[] = { &extensions[0], &extensions[1], &extensions[2] };
	Options__Start start = OPTIONS__START__INIT;
	struct err e = ERR_INIT;
	struct options o;

	(void)state;
	other.type_url = "runtimeoptions.v1.Options";
	other.value = (ProtobufCBinaryData){ 3, (uint8_t *)"\xff\xff\xff" };
	any.type_url = "types.googleapis.com/" RUNC;
	any.value = (ProtobufCBinaryData){ value.len, value.data };
	extensions[1].value = &other;
	extensions[2].value = &any;
	start.type_url = "container";
	start.value = (ProtobufCBinaryData){ 7, (uint8_t *)"default" };
	start.n_extensions = 3;
	start.extensions = list;
	struct text input = pack(&start.base);
	assert_int_equal(options_read_start(input.data, input.len, &o, &e), 0);
	assert_taken(&o, "/shims/a");
}

static void those_to_other_runtimes_are_read(void **state)
{
	static const uint8_t seen[] = "\x08\x01\x40\x01\x4a\x08/shims/a"; /* what a client of 1.6 sends */
	struct err e = ERR_INIT;
	struct options o;

	(void)state;
	assert_int_equal(options_read("containerd.linux.runc.CreateOptions", seen, sizeof seen - 1, &o, &e), 0);
	assert_taken(&o, "/shims/a");
}

static void others_and_none_are_passed_over(void **state)
{
	struct err e = ERR_INIT;
	struct options o;

	(void)state;
	assert_int_equal(options_read_start((const uint8_t *)"", 0, &o, &e), 0);
	assert_int_equal(options_read_start((const uint8_t *)"{\"version\":3}", 13, &o, &e), 0);
	assert_int_equal(options_read("some.other/Options", (const uint8_t *)"\xff\xff", 2, &o, &e), 0);
	assert_false(o.no_pivot || o.no_new_keyring || o.shim_cgroup[0]);
}

static void systemd_s_driver_is_chosen(void **state)
{
	struct text yes = runc_options("", true), no = runc_options("", false);
	struct err e = ERR_INIT;
	struct options o;

	(void)state;
	assert_int_equal(options_read(RUNC, yes.data, yes.len, &o, &e), 0);
	assert_true(o.systemd_cgroup);
	assert_int_equal(options_read(RUNC, no.data, no.len, &o, &e), 0);
	assert_false(o.systemd_cgroup);
}

static void what_cannot_be_is_refused(void **state)
{
	struct text relative = runc_options("shims/a", false);
	char path[PATH_MAX + 1];
	struct err e = ERR_INIT;
	struct options o;

	(void)state;
	assert_int_equal(options_read(RUNC, relative.data, relative.len, &o, &e), -EINVAL);
	memset(path, '/', sizeof path - 1);
	path[sizeof path - 1] = '\0';
	Options__Options long_one = OPTIONS__OPTIONS__INIT;
	long_one.shim_cgroup = path;
	uint8_t *data = malloc(2 * sizeof path);
	size_t len = options__options__pack(&long_one, data);
	assert_int_equal(options_read(RUNC, data, len, &o, &e), -EINVAL);
	free(data);
	assert_int_equal(options_read(RUNC, (const uint8_t *)"\xff\xff", 2, &o, &e), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_any_is_read),
		cmocka_unit_test(so_is_an_extension_of_bootstrap_parameters),
		cmocka_unit_test(those_to_other_runtimes_are_read),
		cmocka_unit_test(others_and_none_are_passed_over),
		cmocka_unit_test(systemd_s_driver_is_chosen),
		cmocka_unit_test(what_cannot_be_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
