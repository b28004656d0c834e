/* SPDX-License-Identifier: Apache-2.0 */
/* adopt_plan: service.json, as hart 0.1 wrote it and in every version after that: CHANGELOG.md, "Versions". */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "own_folder.h"
#include "plan.h"
#include "service/adopt_plan.h"
#include "service/files.h"

/* Never to be changed: services that run have it. */
static const char as_written[] =
	"{\"flags\":[[\"standby\",\"/srv/b\"],[\"standby\",\"self\"],[\"listen\",\"tcp:80\"]],"
	"\"options\":[[\"bundle\",\"/srv/a\"],[\"overlay\",\"tmpfs\"],[\"no-pivot\",\"\"],[\"no-new-keyring\",\"\"]],"
	"\"members\":[[\"primary\",\"\",\"\"],[\"standby-1\",\"/srv/b\",\"gone\"],[\"upgrade-1\",\"/srv/c\",\"\"]],"
	"\"roles\":[[\"primary\",\"primary\"],[\"upgraded\",\"upgrade-1\"]]}\n";

/* plan_read() of such a file. */
static int read_text(struct arena *a, const char *text, struct plan **ret, struct err *e)
{
	_cleanup_fd_ int dir = open(tmp, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd_ int fd = openat(dir, SERVICE_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	*ret = plan_new(a);
	return plan_read(*ret, dir, e);
}

static void what_an_older_hart_wrote_is_adopted(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct plan *p;
	struct err e = ERR_INIT;

	(void)state;
	if (read_text(&a, as_written, &p, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(p->n_members, 3);
	assert_string_equal(p->members[0].name, "primary");
	assert_string_equal(p->members[0].dir, "");
	assert_true(p->members[1].gone && !p->members[0].gone && !p->members[2].gone);
	assert_string_equal(p->members[2].dir, "/srv/c");
	assert_string_equal(p->bundle, "/srv/a");
	assert_string_equal(p->overlay, "tmpfs");
	assert_true(p->no_pivot && p->no_new_keyring);
	assert_int_equal(plan_role(p, "primary"), 0);
	assert_int_equal(plan_role(p, "upgraded"), 2);
	assert_int_equal(plan_role(p, "replaced"), -1);
	assert_int_equal(p->flags->values[POLICY_STANDBY].n, 2);
	assert_string_equal(p->flags->values[POLICY_LISTEN].v[0], "tcp:80");
}

static void rows_may_be_missing(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct plan *p;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(read_text(&a, "{\"members\":[[\"primary\"]],\"later\":[[{\"a\":1}]]}", &p, &e), 0);
	assert_int_equal(p->n_members, 1);
	assert_false(p->bundle || p->overlay || p->no_pivot || p->members[0].gone);
}

/* What is not known would make members that are not as they were. */
static void what_a_later_hart_wrote_is_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "{\"members\":[[\"primary\"]],\"options\":[[\"shiny\",\"1\"]]}", "the option \"shiny\" is not known" },
		{ "{\"members\":[[\"primary\"]],\"flags\":[[\"shiny\",\"1\"]]}", "the flag \"shiny\" is not known" },
		{ "{\"members\":[]}", "0 members" },
		{ "{}", "/members: required" },
		{ "{\"members\":[{\"name\":\"primary\"}]}", "expected array" },
		{ "{\"members\":[[1]]}", "expected string" },
		{ "", "premature EOF" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		struct plan *p;
		struct err e = ERR_INIT;
		assert_int_equal(read_text(&a, bad[i].text, &p, &e), -EBADMSG);
		if (!strstr(e.text, bad[i].why))
			fail_msg("%s: %s", bad[i].text, e.text);
	}
}

static void it_is_written_as_it_was(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct plan_rows rows;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(plan_decode(&a, as_written, sizeof as_written - 1, &rows, &e), 0);
	assert_int_equal(plan_encode(&rows, &out, &e), 0);
	assert_string_equal(out.data, as_written);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_an_older_hart_wrote_is_adopted),
		cmocka_unit_test(rows_may_be_missing),
		cmocka_unit_test(what_a_later_hart_wrote_is_refused),
		cmocka_unit_test(it_is_written_as_it_was),
	};

	return cmocka_run_group_tests(tests, make_tmp, remove_tmp);
}
