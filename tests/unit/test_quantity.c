/* SPDX-License-Identifier: Apache-2.0 */
/* quantity and signame: what people write for durations, sizes and signals. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/quantity.h"
#include "base/signame.h"

static void bytes(void **state)
{
	static const struct {
		const char *text;
		int64_t bytes; /* -2 = refused */
	} cases[] = {
		{ "0", 0 }, { "-1", -2 }, { "4096", 4096 }, { "1k", 1024 }, { "2KiB", 2048 },
		{ "3mb", 3 << 20 }, { "512M", 512 << 20 }, { "0.5g", 512 << 20 }, { "1 GB", 1 << 30 },
		{ "1b", 1 }, { "1t", 1LL << 40 }, { "8191p", 8191LL << 50 }, { "8192p", -2 },
		{ "", -2 }, { "-2", -2 }, { "k", -2 }, { "1x", -2 }, { "1kk", -2 }, { "1 ", -2 },
		{ "0x10", -2 }, { "18446744073709551616", -2 }, { ".", -2 }, { "1ib", -2 },
		{ "1e3", -2 }, { "+1", -2 }, { " 1", -2 }, { "10X", -2 }, { "1K5", -2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int64_t v = -2;
		assert_int_equal(quantity_bytes(cases[i].text, &v), cases[i].bytes != -2);
		assert_int_equal(v, cases[i].bytes);
	}
}

static void durations(void **state)
{
	static const struct {
		const char *text;
		uint64_t ms; /* 0 = refused */
	} cases[] = {
		{ "250ms", 250 }, { "5s", 5000 }, { "1.5h", 5400000 }, { "1m30s", 90000 },
		{ "1h1ms", 3600001 }, { "5", 0 }, { "", 0 }, { "s", 0 }, { "5sm", 0 }, { "5x", 0 },
		{ "-5s", 0 }, { "0x10s", 0 }, { "1e3s", 0 }, { "1e3", 0 }, { " 5s", 0 }, { "5s ", 0 },
		{ "+5s", 0 }, { "infs", 0 }, { "nans", 0 }, { "5 s", 0 }, { "1.5.5s", 0 }, { ".s", 0 },
		{ "1500us", 1 }, { "1000us", 1 }, { ".5s", 500 }, { "0h1s", 1000 },
		/* would be "off", which nobody meant */
		{ "999us", 0 }, { "0.5ms", 0 }, { "0.0000001s", 0 }, { "99999999999999999999h", 0 }, { "9999999999999999h", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint64_t v = 0;
		assert_int_equal(quantity_duration(cases[i].text, &v), cases[i].ms != 0);
		assert_int_equal(v, cases[i].ms);
	}
	uint64_t none = 1;
	assert_true(quantity_duration("0s", &none));
	assert_int_equal(none, 0);
}

static void signals(void **state)
{
	static const struct {
		const char *name;
		int sig;
	} cases[] = {
		{ "KILL", SIGKILL }, { "SIGKILL", SIGKILL }, { "sigkill", SIGKILL }, { "9", 9 },
		{ "0", 0 }, { "IOT", SIGABRT }, { "SIGPOLL", SIGIO }, { "CLD", SIGCHLD },
		{ "STKFLT", SIGSTKFLT }, { "64", 64 }, { "65", -1 }, { "-9", -1 }, { "", -1 },
		{ "SIG", -1 }, { "RTMIN+", -1 }, { "RTMIN+99", -1 }, { "RTMAX+1", -1 },
		{ "9x", -1 }, { "SIGSIGKILL", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(signal_from_name(cases[i].name), cases[i].sig);
	assert_int_equal(signal_from_name("SIGRTMIN"), SIGRTMIN);
	assert_int_equal(signal_from_name("SIGRTMIN+3"), SIGRTMIN + 3);
	assert_int_equal(signal_from_name("rtmax-1"), SIGRTMAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes),
		cmocka_unit_test(durations),
		cmocka_unit_test(signals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
