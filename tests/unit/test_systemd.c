/* SPDX-License-Identifier: Apache-2.0 */
/* systemd: D-Bus messages as bytes, addresses, names of units, properties. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "systemd/dbus.h"
#include "systemd/name.h"
#include "systemd/property.h"

/* -- messages -------------------------------------------------------------------------------- */

/* What another client sends, byte for byte (little-endian: the only order of what we run on). */
static void a_call_is_the_protocol_s_bytes(void **state)
{
	static const char want[] = "l\1\0\1\12\0\0\0\7\0\0\0\151\0\0\0"
				   "\1\1o\0\2\0\0\0/a\0\0\0\0\0\0"
				   "\2\1s\0\3\0\0\0b.c\0\0\0\0\0"
				   "\3\1s\0\4\0\0\0Stop\0\0\0\0"
				   "\6\1s\0\3\0\0\0d.e\0\0\0\0\0"
				   "\10\1g\0\1s\0\0";
	_cleanup_buf_ struct buf body = BUF_INIT;
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct dbus_call c = { "d.e", "/a", "b.c", "Stop", "s", &body };

	(void)state;
	dbus_put_string(&body, "hello");
	dbus_put_call(&out, &c, 7);
	assert_false(out.failed);
	assert_int_equal((uint8_t)out.data[12], sizeof want - 1 - 16 - 1);
	out.data[12] = want[12];
	assert_memory_equal(out.data, want, sizeof want - 1);
	assert_int_equal(out.len % 8, 10 % 8);
	assert_memory_equal(out.data + out.len - 10, "\5\0\0\0hello", 10);
}

static void what_is_written_is_read(void **state)
{
	_cleanup_buf_ struct buf body = BUF_INIT;
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct dbus_call c = { "d", "/p", "i", "JobRemoved", "us", &body };
	struct err e = ERR_INIT;
	struct dbus_message m;
	size_t header, whole;

	(void)state;
	dbus_put_u32(&body, 42);
	dbus_put_string(&body, "x.scope");
	dbus_put_call(&out, &c, 9);
	assert_int_equal(dbus_message_length((uint8_t *)out.data, &header, &whole, &e), 0);
	assert_int_equal(whole, out.len);
	assert_int_equal(header, out.len - body.len);
	assert_int_equal(dbus_message_read((uint8_t *)out.data, out.len, &m, &e), 0);
	assert_int_equal(m.type, DBUS_CALL);
	assert_string_equal(m.path, "/p");
	assert_string_equal(m.interface, "i");
	assert_string_equal(m.member, "JobRemoved");
	assert_string_equal(m.signature, "us");
	assert_string_equal(m.error, "");
	assert_int_equal(dbus_get_u32(&m.body), 42);
	assert_string_equal(dbus_get_string(&m.body), "x.scope");
	assert_false(m.body.failed);
	assert_int_equal(dbus_get_u32(&m.body), 0);
	assert_true(m.body.failed);
	assert_string_equal(dbus_get_string(&m.body), "");
}

/* Cut anywhere it is an error or reads as one that ends there; no byte beyond the cut is looked at (a sanitizer sees). */
static void a_message_may_be_cut_anywhere(void **state)
{
	_cleanup_buf_ struct buf body = BUF_INIT;
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct dbus_call c = { "d", "/p", "i", "M", "s", &body };
	struct dbus_message m;
	struct err e = ERR_INIT;

	(void)state;
	dbus_put_string(&body, "a text that is some bytes long");
	dbus_put_call(&out, &c, 1);
	for (size_t len = 0; len < out.len; len++) {
		uint8_t *exact = test_malloc(len ? len : 1);
		memcpy(exact, out.data, len);
		int r = dbus_message_read(exact, len, &m, &e);
		if (r >= 0) {
			assert_true(len >= out.len - body.len);
			assert_string_equal(dbus_get_string(&m.body), "");
			assert_true(m.body.failed);
		} else {
			assert_int_equal(r, -EPROTO);
		}
		test_free(exact);
	}
}

static void what_is_no_message_is_refused(void **state)
{
	static const struct {
		size_t at;
		uint8_t byte;
	} wrong[] = {
		{ 0, 'B' }, { 0, 'x' }, { 3, 2 }, /* order, version */
		{ 15, 0xff }, { 7, 0xff }, /* longer than any may be */
		{ 12, 0xff }, /* fields beyond the end */
		{ 17, 9 }, { 17, 0 }, /* a type of many letters, of none */
		{ 18, 'a' }, { 18, '(' }, /* one that no field has */
		{ 20, 0xff }, { 25, 0 }, /* a string beyond the end, one that ends early */
	};
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct dbus_call c = { "d", "/path", "i", "M", NULL, NULL };
	struct dbus_message m;

	(void)state;
	dbus_put_call(&out, &c, 1);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct err e = ERR_INIT;
		uint8_t was = (uint8_t)out.data[wrong[i].at];
		out.data[wrong[i].at] = (char)wrong[i].byte;
		assert_int_equal(dbus_message_read((uint8_t *)out.data, out.len, &m, &e), -EPROTO);
		out.data[wrong[i].at] = (char)was;
	}
}

static void errors_have_numbers(void **state)
{
	static const struct {
		const char *name;
		int errnum;
	} rows[] = { { "org.freedesktop.systemd1.NoSuchUnit", ENOENT },
		     { "org.freedesktop.systemd1.UnitExists", EEXIST },
		     { "org.freedesktop.DBus.Error.AccessDenied", EACCES },
		     { "com.example.Strange", EIO } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		_cleanup_buf_ struct buf body = BUF_INIT;
		struct err e = ERR_INIT;
		dbus_put_string(&body, "what was wrong");
		struct dbus_message m = { .type = DBUS_ERROR, .error = rows[i].name, .signature = "s",
					  .body = { (uint8_t *)body.data, body.len, 0, false } };
		assert_int_equal(dbus_error(&m, &e), -rows[i].errnum);
		assert_string_equal(e.text, "what was wrong");
		m.signature = "";
		dbus_error(&m, &e);
		assert_string_equal(e.text, rows[i].name);
	}
}

/* -- addresses ------------------------------------------------------------------------------- */

static void addresses(void **state)
{
	static const struct {
		const char *list, *path; /* NULL: none */
	} rows[] = {
		{ "unix:path=/run/user/1000/bus", "/run/user/1000/bus" },
		{ "unix:guid=12,path=/a,x=y", "/a" },
		{ "unix:abstract=/tmp/dbus-x,guid=1", "@/tmp/dbus-x" },
		{ "tcp:host=localhost,port=1;unix:path=/b", "/b" },
		{ "unix:path=/a%20b%2Cc", "/a b,c" },
		{ "unix:path=relative", NULL },
		{ "unix:path=/a%0", NULL },
		{ "unix:path=/a%00b", NULL },
		{ "unix:path=/much/too/long/for/the/buffer", NULL },
		{ "unix:runtime=yes", NULL },
		{ "", NULL },
		{ ";;;", NULL },
	};
	char path[24];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool found = dbus_address(rows[i].list, path, sizeof path);
		assert_int_equal(found, rows[i].path != NULL);
		if (found)
			assert_string_equal(path, rows[i].path);
	}
}

/* -- names ----------------------------------------------------------------------------------- */

static void cgroups_paths_name_units(void **state)
{
	static const struct {
		const char *path, *id, *slice, *unit; /* slice NULL: refused */
	} rows[] = {
		{ "system.slice:docker:abc", "id", "system.slice", "docker-abc.scope" },
		{ "machine.slice:libpod:abc", "id", "machine.slice", "libpod-abc.scope" },
		{ NULL, "web", "system.slice", "hart-web.scope" },
		{ "", "web", "system.slice", "hart-web.scope" },
		{ ":p:n", "id", "system.slice", "p-n.scope" },
		{ "-.slice::n", "id", "-.slice", "n.scope" },
		{ NULL, "a+b", "system.slice", "hart-a\\x2bb.scope" },
		{ "a.slice:x/y:n m", "id", "a.slice", "x\\x2fy-n\\x20m.scope" },
		{ "a.slice:p:n:m", "id", "a.slice", "p-n:m.scope" },
		{ "/docker/abc", "id", NULL, NULL },
		{ "system.slice:docker", "id", NULL, NULL },
		{ "system.slice:docker:", "id", NULL, NULL },
		{ "system:docker:abc", "id", NULL, NULL },
		{ "../x.slice:docker:abc", "id", NULL, NULL },
		{ "a--b.slice:p:n", "id", NULL, NULL },
		{ "-a.slice:p:n", "id", NULL, NULL },
		{ ".slice:p:n", "id", NULL, NULL },
		{ "a.slice:p:n.slice", "id", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		struct systemd_place at;
		struct err e = ERR_INIT;
		int r = systemd_place_of(&a, rows[i].path, rows[i].id, "system.slice", &at, &e);
		assert_int_equal(r, rows[i].slice ? 0 : -EINVAL);
		if (r < 0)
			continue;
		assert_string_equal(at.slice, rows[i].slice);
		assert_string_equal(at.unit, rows[i].unit);
	}
}

static void a_name_has_its_length(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	char id[256];
	struct systemd_place at;
	struct err e = ERR_INIT;

	(void)state;
	memset(id, 'x', sizeof id);
	id[255 - strlen("hart-.scope")] = '\0';
	assert_int_equal(systemd_place_of(&a, NULL, id, "system.slice", &at, &e), 0);
	id[255 - strlen("hart-.scope")] = 'x';
	id[256 - strlen("hart-.scope")] = '\0';
	assert_int_equal(systemd_place_of(&a, NULL, id, "system.slice", &at, &e), -EINVAL);
}

static void what_can_be_nothing_but_a_unit(void **state)
{
	static const char *const units[] = { "system.slice:docker:abc", "a-b.slice::x" };
	static const char *const paths[] = { "/docker/abc", "docker", "a:b:c", "/a.slice:b:c", "a.slice:b/c:d", "a.slice:b",
					     "a.slice:b:", "a.slice:b:c:d", ".slice:b:c", "" };

	(void)state;
	assert_false(systemd_is_place(NULL));
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		assert_true(systemd_is_place(units[i]));
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		assert_false(systemd_is_place(paths[i]));
}

static void objects(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;

	(void)state;
	assert_string_equal(systemd_object_of(&a, "docker-ab1.scope"),
			    "/org/freedesktop/systemd1/unit/docker_2dab1_2escope");
	assert_string_equal(systemd_object_of(&a, "1a.scope"), "/org/freedesktop/systemd1/unit/_31a_2escope");
}

/* -- properties ------------------------------------------------------------------------------ */

/* a(sv): each at a multiple of 8; the length does not count the padding before the first. */
static void properties_are_a_list_of_variants(void **state)
{
	static const char want[] = "\0\0\0\0\0\0\0\0"
				   "\1\0\0\0S\0\1s\0\0\0\0\1\0\0\0v\0\0\0\0\0\0\0"
				   "\1\0\0\0A\0\2ay\0\0\0\2\0\0\0\7\10";
	static const uint8_t bytes[] = { 7, 8 };
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct systemd_properties p = { .arena = &a };

	(void)state;
	systemd_add(&p, (struct systemd_property){ "S", SYSTEMD_STRING, .data = "v" });
	systemd_add(&p, (struct systemd_property){ "A", SYSTEMD_BYTES, .data = bytes, .n = 2 });
	systemd_put_properties(&b, &p);
	assert_false(b.failed || p.failed);
	struct dbus_reader r = { (uint8_t *)b.data, b.len, 0, false };
	assert_int_equal(dbus_get_u32(&r), b.len - 8);
	assert_int_equal(b.len, sizeof want - 1);
	assert_memory_equal(b.data + 8, want + 8, sizeof want - 1 - 8);
}

static void numbers_and_arrays(void **state)
{
	static const uint32_t pids[] = { 7, 8 };
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct systemd_properties p = { .arena = &a };

	(void)state;
	systemd_add(&p, (struct systemd_property){ "P", SYSTEMD_U32S, .data = pids, .n = 2 });
	systemd_add(&p, (struct systemd_property){ "T", SYSTEMD_U64, .number = SYSTEMD_INFINITY });
	systemd_add(&p, (struct systemd_property){ "B", SYSTEMD_BOOL, .number = 5 });
	systemd_put_properties(&b, &p);
	struct dbus_reader r = { (uint8_t *)b.data, b.len, 8, false };
	assert_string_equal(dbus_get_string(&r), "P");
	assert_string_equal(dbus_get_signature(&r), "au");
	assert_int_equal(dbus_get_u32(&r), 8);
	assert_int_equal(dbus_get_u32(&r), 7);
	assert_int_equal(dbus_get_u32(&r), 8);
	r.pos = (r.pos + 7) & ~(size_t)7;
	assert_string_equal(dbus_get_string(&r), "T");
	assert_string_equal(dbus_get_signature(&r), "t");
	r.pos = (r.pos + 7) & ~(size_t)7;
	assert_int_equal(dbus_get_u32(&r), UINT32_MAX);
	assert_int_equal(dbus_get_u32(&r), UINT32_MAX);
	assert_string_equal(dbus_get_string(&r), "B");
	assert_string_equal(dbus_get_signature(&r), "b");
	assert_int_equal(dbus_get_u32(&r), 1);
	assert_true(r.pos == r.len && !r.failed);
}

/* -- connecting ------------------------------------------------------------------------------ */

/* A server in the same process: what it says is there, or nothing, before the client waits for it. */
static int begin_with(struct dbus *d, const char *answer)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = "\0hart-test-dbus" };
	socklen_t size = offsetof(struct sockaddr_un, sun_path) + sizeof "@hart-test-dbus" - 1;
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct err e = ERR_INIT;

	assert_int_equal(bind(listener, (struct sockaddr *)&at, size), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(dbus_begin(d, "@hart-test-dbus", false, &e), 0);
	int fd = accept(listener, NULL, NULL);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, answer, strlen(answer)), strlen(answer));
	close(listener);
	return fd;
}

static void beginning_does_not_wait(void **state)
{
	static const struct {
		const char *answer;
		int r;
	} servers[] = {
		{ "DATA\r\nOK 1234\r\n", 0 },
		{ "REJECTED EXTERNAL\r\n", -EACCES },
		{ "DATA\r\nREJECTED EXTERNAL\r\n", -EACCES },
		{ "220 somebody else\n", -EPROTO },
		{ "", -ETIMEDOUT },
	};
	struct err e = ERR_INIT;
	struct dbus d;

	(void)state;
	for (size_t i = 0; i < sizeof servers / sizeof *servers; i++) {
		int server = begin_with(&d, servers[i].answer);
		assert_int_equal(dbus_finish(&d, clock_now_ms(), &e), servers[i].r);
		assert_int_equal(d.fd >= 0, servers[i].r == 0);
		dbus_close(&d);
		close(server);
	}
	assert_int_equal(dbus_begin(&d, "@hart-test-dbus", false, &e), -ECONNREFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_is_the_protocol_s_bytes),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(a_message_may_be_cut_anywhere),
		cmocka_unit_test(what_is_no_message_is_refused),
		cmocka_unit_test(errors_have_numbers),
		cmocka_unit_test(addresses),
		cmocka_unit_test(cgroups_paths_name_units),
		cmocka_unit_test(a_name_has_its_length),
		cmocka_unit_test(what_can_be_nothing_but_a_unit),
		cmocka_unit_test(objects),
		cmocka_unit_test(properties_are_a_list_of_variants),
		cmocka_unit_test(numbers_and_arrays),
		cmocka_unit_test(beginning_does_not_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
