/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp: what compiled filters do to real processes, and what the cache loads (security.md 10). */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
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
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/sha256.h"
#include "seccomp/cache.h"
#include "seccomp/filter.h"
#include "spec.h"

static struct arena arena;

static int free_arena(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

/* The seccomp object of a config made from `json`. */
static const struct oci_seccomp *profile(const char *json)
{
	struct oci_config *config;
	struct err e = ERR_INIT;
	char *text = arena_printf(
		&arena,
		"{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},\"process\":{\"cwd\":\"/\",\"args\":"
		"[\"x\"],\"user\":{\"uid\":0,\"gid\":0}},\"linux\":{\"seccomp\":%s}}", json);

	if (spec_load_config(&arena, text, strlen(text), &config, NULL, &e) < 0)
		fail_msg("%s", e.text);
	return config->linux_->seccomp;
}

static struct seccomp_filter filter_of(const char *json)
{
	struct seccomp_filter f;
	struct err e = ERR_INIT;

	if (seccomp_prepare(&arena, profile(json), FD_NONE, &f, &e) < 0)
		fail_msg("%s", e.text);
	return f;
}

/* Installs the filter in a child, makes one call there: its errno (0: success), or -signal. */
static int errno_of(const struct seccomp_filter *f, long nr, long a, long b)
{
	int status, listener;
	struct err e;
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGSYS, SIG_DFL); /* cmocka has a handler */
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (seccomp_install(f, &listener, &e) < 0)
			_exit(255);
		long r = syscall(nr, a, b, 0, 0, 0, 0);
		/* not _exit: sanitizers do more there than the filter lets them */
		syscall(SYS_exit_group, r < 0 ? errno : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		return -WTERMSIG(status);
	assert_int_not_equal(WEXITSTATUS(status), 255);
	return WEXITSTATUS(status);
}

#define ALLOW_BASE                                                                         \
	"{\"names\":[\"exit_group\",\"exit\",\"rt_sigreturn\",\"getpid\"],\"action\":"     \
	"\"SCMP_ACT_ALLOW\"}"

static void newer_calls_get_enosys_not_eperm(void **state)
{
	struct seccomp_filter f = filter_of(
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86_64\","
		"\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"],\"syscalls\":[" ALLOW_BASE
		",{\"names\":[\"openat2\",\"no_such_call\"],\"action\":\"SCMP_ACT_ALLOW\"}]}");

	(void)state;
	assert_int_equal(errno_of(&f, SYS_getpid, 0, 0), 0);
	assert_int_equal(errno_of(&f, SYS_mount, 0, 0), EPERM);
	assert_int_equal(errno_of(&f, SYS_openat2 + 1, -1, 0), ENOSYS);
	assert_int_equal(errno_of(&f, 999, 0, 0), ENOSYS);
#ifdef __x86_64__
	/* x32's numbers have a limit of their own */
	assert_int_equal(errno_of(&f, 0x40000000 + 999, 0, 0), ENOSYS);
	assert_int_equal(errno_of(&f, 0x40000000 + 165, 0, 0), EPERM);
#endif
}

#ifdef __x86_64__
/* As errno_of, by the 32-bit entry of the kernel. -1000: it has none. */
static int errno_of_i386(const struct seccomp_filter *f, int nr)
{
	int status, listener;
	struct err e;
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGSYS, SIG_DFL);
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (f && seccomp_install(f, &listener, &e) < 0)
			_exit(255);
		int r = nr;
		__asm__ volatile("int $0x80" : "+a"(r) : "b"(0), "c"(0), "d"(0), "S"(0), "D"(0) : "memory");
		syscall(SYS_exit_group, r < 0 ? -r : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGSEGV ? -1000 : -WTERMSIG(status);
	assert_int_not_equal(WEXITSTATUS(status), 255);
	return WEXITSTATUS(status);
}

static void i386_has_numbers_and_a_limit_of_its_own(void **state)
{
	static const char json[] =
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86_64\"%s],"
		"\"syscalls\":[" ALLOW_BASE ",{\"names\":[\"openat2\"],\"action\":\"SCMP_ACT_ALLOW\"}]}";

	(void)state;
	if (errno_of_i386(NULL, 20) != 0)
		skip(); /* a kernel without 32-bit programs */
	struct seccomp_filter with = filter_of(arena_printf(&arena, json, ",\"SCMP_ARCH_X86\""));
	struct seccomp_filter without = filter_of(arena_printf(&arena, json, ""));
	assert_int_equal(errno_of_i386(&with, 20), 0);	    /* getpid */
	assert_int_equal(errno_of_i386(&with, 21), EPERM);  /* mount */
	assert_int_equal(errno_of_i386(&with, 39), EPERM);  /* mkdir; getpid of x86-64 */
	assert_int_equal(errno_of_i386(&with, 437), EINVAL); /* openat2 */
	assert_int_equal(errno_of_i386(&with, 438), ENOSYS);
	assert_int_equal(errno_of_i386(&without, 20), -SIGSYS);
	assert_int_equal(errno_of_i386(&without, 999), -SIGSYS);
}
#endif

static void default_errno_is_the_profiles(void **state)
{
	struct seccomp_filter f = filter_of(
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,\"syscalls\":[" ALLOW_BASE
		",{\"names\":[\"mount\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":71}]}");

	(void)state;
	assert_int_equal(errno_of(&f, SYS_chdir, 0, 0), ENOSYS);
	assert_int_equal(errno_of(&f, SYS_mount, 0, 0), EPROTO);
}

static void actions_do_what_they_say(void **state)
{
	struct seccomp_filter f = filter_of(
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":["
		"{\"names\":[\"chdir\"],\"action\":\"SCMP_ACT_KILL_PROCESS\"},"
		"{\"names\":[\"chroot\"],\"action\":\"SCMP_ACT_TRAP\"},"
		"{\"names\":[\"getppid\"],\"action\":\"SCMP_ACT_LOG\"},"
		"{\"names\":[\"sync\"],\"action\":\"SCMP_ACT_TRACE\"}]}");

	(void)state;
	assert_int_equal(errno_of(&f, SYS_chdir, 0, 0), -SIGSYS);
	assert_int_equal(errno_of(&f, SYS_chroot, 0, 0), -SIGSYS);
	assert_int_equal(errno_of(&f, SYS_getppid, 0, 0), 0);
	assert_int_equal(errno_of(&f, SYS_sync, 0, 0), ENOSYS); /* no tracer */
}

static void arguments_are_compared(void **state)
{
	struct seccomp_filter f = filter_of(
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":["
		"{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":7,\"args\":["
		"{\"index\":0,\"value\":8,\"op\":\"SCMP_CMP_EQ\"},"
		"{\"index\":0,\"value\":4294967295,\"op\":\"SCMP_CMP_EQ\"}]},"
		"{\"names\":[\"kill\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":9,\"args\":["
		"{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_GE\"},"
		"{\"index\":1,\"value\":240,\"valueTwo\":16,\"op\":\"SCMP_CMP_MASKED_EQ\"}]}]}");

	(void)state;
	/* alternatives on one argument */
	assert_int_equal(errno_of(&f, SYS_personality, 8, 0), 7);
	assert_int_equal(errno_of(&f, SYS_personality, 0xffffffff, 0), 7);
	assert_int_equal(errno_of(&f, SYS_personality, 0, 0), 0);
	/* conditions on two */
	assert_int_equal(errno_of(&f, SYS_kill, getpid(), 0x1f), 9);
	assert_int_equal(errno_of(&f, SYS_kill, getpid(), 0), 0);
}

static int prepare_fails_with(const char *json)
{
	struct seccomp_filter f;
	struct err e = ERR_INIT;

	return seccomp_prepare(&arena, profile(json), FD_NONE, &f, &e);
}

static void rules_that_contradict_each_other_are_refused(void **state)
{
	static const char json[] =
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"kill\"],\"action\":"
		"\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":1,\"value\":9,\"op\":\"SCMP_CMP_EQ\"}]},"
		"{\"names\":[\"kill\"],\"action\":\"%s\",\"args\":[{\"index\":1,\"value\":9,\"op\":"
		"\"SCMP_CMP_EQ\"}]}]}";

	(void)state;
	assert_int_equal(prepare_fails_with(arena_printf(&arena, json, "SCMP_ACT_TRAP")), -EINVAL);
	assert_int_equal(prepare_fails_with(arena_printf(&arena, json, "SCMP_ACT_ERRNO")), 0);
}

/* All flags of a profile together with a listener, which the kernel would refuse beside TSYNC; and
 * WAIT_KILLABLE_RECV without one. */
static void all_flags_can_be_installed(void **state)
{
	static const char json[] =
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/run/agent\",\"flags\":["
		"\"SECCOMP_FILTER_FLAG_TSYNC\",\"SECCOMP_FILTER_FLAG_LOG\","
		"\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\"%s],\"syscalls\":["
		"{\"names\":[\"chroot\"],\"action\":\"%s\"}]}";
	struct seccomp_filter notify = filter_of(arena_printf(&arena, json, "", "SCMP_ACT_NOTIFY"));
	struct seccomp_filter plain = filter_of(arena_printf(
		&arena, json, ",\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"", "SCMP_ACT_ERRNO"));

	(void)state;
	assert_int_equal(errno_of(&notify, SYS_getpid, 0, 0), 0);
	assert_int_equal(errno_of(&plain, SYS_chroot, 0, 0), EPERM);
	assert_int_equal(plain.flags, SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW);
}

static void notify_gives_a_listener(void **state)
{
	struct seccomp_filter f = filter_of(
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/run/agent\",\"syscalls\":["
		"{\"names\":[\"chroot\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}");
	int status, listener;
	struct err e;

	(void)state;
	assert_true(seccomp_notifies(&f));
	if (fork() == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		_exit(seccomp_install(&f, &listener, &e) < 0 || listener < 0 ||
		      !(fcntl(listener, F_GETFD) & FD_CLOEXEC));
	}
	assert_true(wait(&status) > 0 && status == 0);
}

static char cache_root[] = "/tmp/hart-cache-XXXXXX";

/* Overwrites one byte of the only entry; `at` < 0 counts from its end. */
static void damage(const char *path, off_t at)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	char c;

	assert_true(fd >= 0);
	off_t where = lseek(fd, at, at < 0 ? SEEK_END : SEEK_SET);
	assert_int_equal(pread(fd, &c, 1, where), 1);
	c ^= 0x40;
	assert_int_equal(pwrite(fd, &c, 1, where), 1);
	close(fd);
}

static void only_sound_cache_entries_are_loaded(void **state)
{
	const struct oci_seccomp *s =
		profile("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[" ALLOW_BASE "]}");
	const struct oci_seccomp *other =
		profile("{\"defaultAction\":\"SCMP_ACT_KILL\",\"syscalls\":[" ALLOW_BASE "]}");
	struct seccomp_key key = seccomp_cache_key(s), other_key = seccomp_cache_key(other);
	struct seccomp_filter made;
	struct sock_fprog loaded;
	struct err e = ERR_INIT;
	char path[200], dir[64];

	(void)state;
	assert_string_not_equal(key.hex, other_key.hex);
	assert_non_null(mkdtemp(cache_root));
	int root = open(cache_root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	snprintf(dir, sizeof dir, "%s/seccomp~cache", cache_root);
	snprintf(path, sizeof path, "%s/%s", dir, key.hex);

	assert_false(seccomp_cache_load(&arena, root, &key, &loaded));
	assert_int_equal(seccomp_prepare(&arena, s, root, &made, &e), 0);
	assert_true(seccomp_cache_load(&arena, root, &key, &loaded));
	assert_int_equal(loaded.len, made.program.len);
	assert_memory_equal(loaded.filter, made.program.filter, loaded.len * sizeof *loaded.filter);
	assert_false(seccomp_cache_load(&arena, root, &other_key, &loaded));

	static const off_t places[] = { 0, 10, 45, -1 };
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		damage(path, places[i]);
		assert_false(seccomp_cache_load(&arena, root, &key, &loaded));
		damage(path, places[i]);
		assert_true(seccomp_cache_load(&arena, root, &key, &loaded));
	}
	assert_int_equal(chmod(path, 0644), 0);
	assert_false(seccomp_cache_load(&arena, root, &key, &loaded));
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(chmod(dir, 0755), 0);
	assert_false(seccomp_cache_load(&arena, root, &key, &loaded));
	assert_int_equal(chmod(dir, 0700), 0);
	assert_true(seccomp_cache_load(&arena, root, &key, &loaded));
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 12345, 0), 0);
		assert_false(seccomp_cache_load(&arena, root, &key, &loaded));
		assert_int_equal(chown(path, 0, 0), 0);
	}
	assert_int_equal(truncate(path, 48), 0);
	assert_false(seccomp_cache_load(&arena, root, &key, &loaded));
	/* a damaged entry is compiled anew and replaced */
	assert_int_equal(seccomp_prepare(&arena, s, root, &made, &e), 0);
	assert_true(seccomp_cache_load(&arena, root, &key, &loaded));
	/* a sound entry of another profile under this one's name */
	assert_int_equal(seccomp_prepare(&arena, other, root, &made, &e), 0);
	assert_true(seccomp_cache_load(&arena, root, &other_key, &loaded));
	assert_int_equal(rename(arena_printf(&arena, "%s/%s", dir, other_key.hex), path), 0);
	assert_false(seccomp_cache_load(&arena, root, &key, &loaded));
	unlink(path);
	rmdir(dir);
	rmdir(cache_root);
	close(root);
}

static void the_cache_stays_small(void **state)
{
	const struct oci_seccomp *s =
		profile("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[" ALLOW_BASE "]}");
	struct seccomp_key key = seccomp_cache_key(s);
	char folder[] = "/tmp/hart-cache-XXXXXX", *dir, *path;
	struct timespec times[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	struct seccomp_filter made;
	struct err e = ERR_INIT;

	(void)state;
	assert_non_null(mkdtemp(folder));
	int root = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	dir = arena_printf(&arena, "%s/seccomp~cache", folder);
	assert_int_equal(mkdir(dir, 0700), 0);
	for (int i = 0; i < SECCOMP_CACHE_MAX; i++) {
		path = arena_printf(&arena, "%s/%d", dir, i);
		assert_int_equal(mknod(path, S_IFREG | 0600, 0), 0);
		times[1].tv_sec = i == 77 ? 1000 : 2000 + i;
		assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	}
	assert_int_equal(seccomp_prepare(&arena, s, root, &made, &e), 0);
	assert_int_equal(access(arena_printf(&arena, "%s/77", dir), F_OK), -1);
	assert_int_equal(access(arena_printf(&arena, "%s/%s", dir, key.hex), F_OK), 0);
	for (int i = 0, left = 0; i < SECCOMP_CACHE_MAX; i++) {
		left += unlink(arena_printf(&arena, "%s/%d", dir, i)) == 0;
		if (i == SECCOMP_CACHE_MAX - 1)
			assert_int_equal(left, SECCOMP_CACHE_MAX - 1);
	}
	assert_int_equal(unlink(arena_printf(&arena, "%s/%s", dir, key.hex)), 0);
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(rmdir(folder), 0);
	close(root);
}

/* FIPS 180-4 examples. */
static void sha256_matches_the_standard(void **state)
{
	static const struct {
		const char *text, *hex;
	} vectors[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
		{ "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnop"
		  "qrlmnopqrsmnopqrstnopqrstu",
		  "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" },
	};
	uint8_t digest[SHA256_BYTES];
	char hex[65];
	struct sha256 h;

	(void)state;
	for (size_t v = 0; v < sizeof vectors / sizeof *vectors; v++) {
		sha256_init(&h);
		/* byte by byte: every position in a block */
		for (const char *s = vectors[v].text; *s; s++)
			sha256_add(&h, s, 1);
		sha256_finish(&h, digest);
		for (int i = 0; i < SHA256_BYTES; i++)
			snprintf(hex + 2 * i, 3, "%02x", digest[i]);
		assert_string_equal(hex, vectors[v].hex);
	}
	/* a million times "a", in pieces of all lengths: whole blocks and parts of them */
	char text[300];
	memset(text, 'a', sizeof text);
	sha256_init(&h);
	for (size_t left = 1000000, n = 0; left; left -= n) {
		n = n % sizeof text + 1;
		n = n < left ? n : left;
		sha256_add(&h, text, n);
	}
	sha256_finish(&h, digest);
	for (int i = 0; i < SHA256_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(newer_calls_get_enosys_not_eperm, free_arena),
#ifdef __x86_64__
		cmocka_unit_test_teardown(i386_has_numbers_and_a_limit_of_its_own, free_arena),
#endif
		cmocka_unit_test_teardown(default_errno_is_the_profiles, free_arena),
		cmocka_unit_test_teardown(actions_do_what_they_say, free_arena),
		cmocka_unit_test_teardown(arguments_are_compared, free_arena),
		cmocka_unit_test_teardown(rules_that_contradict_each_other_are_refused, free_arena),
		cmocka_unit_test_teardown(all_flags_can_be_installed, free_arena),
		cmocka_unit_test_teardown(notify_gives_a_listener, free_arena),
		cmocka_unit_test_teardown(only_sound_cache_entries_are_loaded, free_arena),
		cmocka_unit_test_teardown(the_cache_stays_small, free_arena),
		cmocka_unit_test(sha256_matches_the_standard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
