/* SPDX-License-Identifier: Apache-2.0 */
/* standing, given: what a shim leaves for the one that adopts its service. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"
#include "folder.h"
#include "record/standing.h"
#include "service/given.h"

static char folder[FOLDER_MAX];
static int dir_fd;

static int make_folder(void **state)
{
	(void)state;
	int r = folder_make(folder);
	dir_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return r < 0 || dir_fd < 0 ? -1 : 0;
}

static int remove_folder(void **state)
{
	(void)state;
	close(dir_fd);
	return folder_remove(folder);
}

static void what_was_written_is_read(void **state)
{
	struct standing st, back;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(standing_read(dir_fd, &back, &e), 0);
	assert_string_equal(back.to, "");
	assert_int_equal(back.status, -1);
	int fd = standing_open(dir_fd, &st, &e);
	assert_true(fd >= 0);
	assert_string_equal(st.to, "");
	strcpy(st.to, "fencing");
	strcpy(st.cause, "signal");
	st.generation = 18446744073709551615ULL;
	st.status = 137;
	st.served = true;
	for (int i = 1; i <= STANDING_FAILURES_MAX + 2; i++)
		assert_int_equal(standing_fail(fd, &st, i * 1000000000LL), 0);
	st.failures_in_a_row = 6;
	assert_int_equal(standing_write(fd, &st), 0);
	for (unsigned i = 0; i < STANDING_MEMBERS_MAX; i += 3) {
		st.members[i] = (struct standing_member){ 1234567890123LL + i, INT64_MAX, UINT32_MAX, true };
		assert_int_equal(standing_write_member(fd, &st, i), 0);
	}
	close(fd);
	fd = standing_open(dir_fd, &back, &e);
	assert_memory_equal(&st, &back, sizeof st);
	assert_int_equal(back.failures_ns[1], (STANDING_FAILURES_MAX + 2) * 1000000000LL);
	close(fd);
}

static void damage_is_nothing(void **state)
{
	struct standing st;
	struct err e = ERR_INIT;

	(void)state;
	int fd = standing_open(dir_fd, &st, &e);
	assert_int_equal(pwrite(fd, "active", 6, 0), 6);
	assert_int_equal(ftruncate(fd, 6), 0);
	close(fd);
	assert_int_equal(standing_read(dir_fd, &st, &e), 0);
	assert_string_equal(st.to, "");
	assert_int_equal(st.n_failures, 0);
}

/* As the version before wrote it: neither failures in a row nor members. */
static void an_older_one_is_read(void **state)
{
	char text[192 + 21 * STANDING_FAILURES_MAX];
	struct standing st;
	struct err e = ERR_INIT;

	(void)state;
	memset(text, ' ', sizeof text);
	memcpy(text, "fencing signal primary 7 137 1 0", strlen("fencing signal primary 7 137 1 0"));
	int fd = standing_open(dir_fd, &st, &e);
	assert_int_equal(ftruncate(fd, sizeof text), 0);
	assert_int_equal(pwrite(fd, text, sizeof text, 0), sizeof text);
	close(fd);
	assert_int_equal(standing_read(dir_fd, &st, &e), 0);
	assert_string_equal(st.to, "fencing");
	assert_int_equal(st.generation, 7);
	assert_int_equal(st.failures_in_a_row, 0);
	assert_int_equal(st.members[0].interval_ms, 0);
}

static int memfd_of(const char *text)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	return fd;
}

/* Of ourselves, who are the member here: as if its descriptors were numbered so. */
static int give(struct fdset *set, const char *name, bool stored, bool poll)
{
	int fd = memfd_of(name);

	assert_int_equal(fdset_add(set, fd, name, stored, poll, 10), 0);
	set->v[set->n - 1].given = fd;
	return fd;
}

static void what_was_given_is_taken_back(void **state)
{
	struct fdset set, back;
	struct err e = ERR_INIT;
	char text[8] = "";

	(void)state;
	fdset_init(&set);
	fdset_init(&back);
	give(&set, "web", false, false);
	give(&set, "a b", true, false);
	int replaced = give(&set, "gone", true, true);
	give(&set, "late", true, true);
	set.v[3].given = 0;
	int fd = given_open(dir_fd, &e);
	assert_int_equal(given_write(fd, &set, "primary", 7), 0);
	/* The member has another file there now. */
	int other = memfd_of("other");
	assert_int_equal(dup2(other, replaced), replaced);
	int self = sys_pidfd_open(getpid(), 0);
	given_take(fd, self, "standby-1", 7, &back, 10);
	given_take(fd, self, "primary", 8, &back, 10);
	assert_int_equal(back.n, 0);
	given_take(fd, self, "primary", 7, &back, 10);
	assert_int_equal(back.n, 1);
	assert_string_equal(back.v[0].name, "a b");
	assert_true(back.v[0].stored && !back.v[0].poll);
	assert_int_equal(back.v[0].given, set.v[1].given);
	assert_int_equal(pread(back.v[0].fd, text, sizeof text, 0), 3);
	assert_string_equal(text, "a b");
	fdset_clear(&back);
	/* Nothing is left that was given: the file says nothing. */
	fdset_remove(&set, "a b");
	fdset_remove(&set, "gone");
	assert_int_equal(given_write(fd, &set, "primary", 7), 0);
	assert_int_equal(lseek(fd, 0, SEEK_END), 0);
	given_take(fd, self, "primary", 7, &back, 10);
	assert_int_equal(back.n, 0);
	fdset_clear(&set);
	close(self);
	close(other);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_written_is_read, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(damage_is_nothing, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(an_older_one_is_read, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(what_was_given_is_taken_back, make_folder, remove_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
