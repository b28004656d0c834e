/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli: whole command lines against a fake runtime that notes how it was called. The lines are
 * those of go-runc (containerd, dockerd), conmon, Podman, CRI-O and Buildah, and those people type.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"
#include "cli/bundle_id.h"
#include "cli/cmd.h"
#include "fake_runtime.h"

#define RESOURCES "{\"memory\":{\"limit\":65536},\"cpu\":{\"shares\":512}}"

struct line {
	const char *line, *calls;
};

static void expect(const struct line *lines, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int status = hart(lines[i].line);
		if (status)
			fail_msg("hart %s: status %d: %s", lines[i].line, status, hart_output());
		assert_string_equal(fake()->text, lines[i].calls);
	}
}
#define EXPECT(lines) expect(lines, sizeof lines / sizeof lines[0])

static void go_runc(void **state)
{
	static const struct line lines[] = {
		{ "--root /run/r --log log.json --log-format json create --bundle bundle --pid-file "
		  "/p/init.pid id", "root=/run/r; create id /bundle pid-file=/p/init.pid" },
		{ "--root /run/r --debug --log log.json --log-format json --rootless=false create "
		  "--bundle bundle --pid-file /p --console-socket /c --no-pivot --no-new-keyring "
		  "--preserve-fds 2 id",
		  "root=/run/r; create id /bundle pid-file=/p console=/c no-pivot no-new-keyring "
		  "fds=2" },
		{ "--root /run/r --log log.json --log-format json start id",
		  "root=/run/r; open id; start" },
		{ "run --bundle bundle --pid-file /p --detach id",
		  "run id /bundle pid-file=/p detach" },
		{ "run --bundle bundle --pidfd-socket /p id", "run id /bundle; pidfd=/p" },
		{ "exec --pidfd-socket /p id true", "open id; exec; pidfd=/p; arg true" },
		{ "exec --process /tmp/p.json --console-socket /c --detach --pid-file /p id",
		  "open id; exec process=/tmp/p.json pid-file=/p console=/c detach" },
		{ "kill --all id 9", "open id; kill 9 all" },
		{ "kill id 15", "open id; kill 15" },
		{ "delete --force id", "clear id" },
		{ "delete id", "open id; delete" },
		{ "pause id", "open id; pause" },
		{ "resume id", "open id; resume" },
		{ "ps --format json id", "open id; procs" },
		{ "events --stats id", "open id" },
		{ "events --interval=5s id", "open id; watch 5000 ms" },
		{ "update --resources=- id", "open id; update; memory=65536; shares=512" },
		{ "update --memory 64m --memory-swap -1 --cpu-quota -1 --pids-limit 5 id",
		  "open id; update; memory=67108864; swap=-1; quota=-1; pids=5" },
	};

	(void)state;
	fake()->fail = fake()->status = 0;
	fake()->input = RESOURCES;
	EXPECT(lines);
}

static void conmon_podman_crio_buildah(void **state)
{
	static const struct line lines[] = {
		{ "create --bundle bundle --pid-file /p --no-pivot --no-new-keyring "
		  "--console-socket /c id",
		  "create id /bundle pid-file=/p console=/c no-pivot no-new-keyring" },
		{ "--log-format=json --log log.json exec --pid-file /p --process /f --detach "
		  "--preserve-fds 2 --console-socket /c id",
		  "open id; exec process=/f pid-file=/p console=/c detach" },
		{ "--root=/run/crio create --bundle bundle --pid-file /p id",
		  "root=/run/crio; create id /bundle pid-file=/p" },
		{ "--root /run/crio exec --process /f id", "root=/run/crio; open id; exec process=/f" },
		{ "--root /run/crio update --resources - id",
		  "root=/run/crio; open id; update; memory=65536; shares=512" },
		{ "kill id SIGTERM", "open id; kill 15" },
		{ "kill id KILL", "open id; kill 9" },
		{ "kill -a id 9", "open id; kill 9 all" },
		{ "kill id", "open id; kill 15" },
		{ "create --bundle bundle --pid-file /b/pid --console-socket /b/console.sock ct",
		  "create ct /bundle pid-file=/b/pid console=/b/console.sock" },
	};

	(void)state;
	fake()->fail = fake()->status = 0;
	fake()->input = RESOURCES;
	EXPECT(lines);
}

/* Relative paths are the caller's, not the bundle's. */
static void relative_paths(void **state)
{
	char calls[256];

	(void)state;
	const char *cwd = fake_folder();
	snprintf(calls, sizeof calls,
		 "root=%s/r; create id /bundle pid-file=%s/pid console=%s/c; pidfd=%s/p; "
		 "overlay=%s/upper", cwd, cwd, cwd, cwd, cwd);
	expect(&(struct line){ "--root r create --bundle bundle --pid-file pid --console-socket c "
			       "--pidfd-socket p --overlay upper id",
			       calls },
	       1);
}

static void people(void **state)
{
	static const struct line lines[] = {
		{ "run bundle/", "run bundle /bundle" },
		{ "run bundle", "run bundle /bundle" },
		{ "run ./bundle web", "run web /bundle" },
		{ "run -d --keep --no-subreaper -overlay=tmpfs:64m bundle web",
		  "run web /bundle detach keep no-subreaper; overlay=tmpfs:64m" },
		{ "run web -b bundle -d", "run web /bundle detach" },
		{ "run -b bundle bundle", "run bundle /bundle" },
		{ "run web", "run web " }, /* the current folder is the bundle */
		{ "create bundle/ web", "create web /bundle" },
		{ "delete web -f", "clear web" },
		{ "kill web -a KILL", "open web; kill 9 all" },
		{ "exec -t -e A=1 --env B=-2 -u 1:2 -cwd /x -g 7 -c CAP_KILL --no-new-privs=true "
		  "--ignore-paused web sh -c -e -- --help",
		  "open web; exec tty no-new-privs ignore-paused; user=1:2 cwd=/x; env A=1; env B=-2; "
		  "gid 7; cap CAP_KILL; arg sh; arg -c; arg -e; arg --; arg --help" },
	};

	(void)state;
	fake()->fail = fake()->status = 0;
	fake()->input = RESOURCES;
	EXPECT(lines);
}

static void made_up_ids(void **state)
{
	(void)state;
	fake()->fail = fake()->status = 0;
	fake()->taken = 2;
	assert_int_equal(hart("run -d bundle/"), 0);
	assert_string_equal(fake()->text, "run bundle /bundle detach; run bundle-2 /bundle detach; "
				       "run bundle-3 /bundle detach");
	assert_string_equal(hart_output(), "bundle-3\n");
	/* Both are taken on disk now: the runtime is not asked for them again. */
	assert_int_equal(hart("create bundle/"), 0);
	assert_string_equal(fake()->text, "create bundle-3 /bundle");
	assert_int_equal(hart("run bundle/"), 0);
	assert_string_equal(hart_output(), "");
	/* An ID that was given is not replaced. */
	fake()->taken = 1;
	assert_int_equal(hart("run bundle/ web"), 1);
	assert_string_equal(fake()->text, "run web /bundle");
	assert_non_null(strstr(hart_output(), "exists"));
}

static void ids_from_folders(void **state)
{
	static const char *const cases[][2] = {
		{ "/srv/web", "web" }, { "/srv/web//", "web" }, { "web", "web" },
		{ "/srv/my app:1", "my-app-1" }, { "/", "container" }, { "/a/..", "container" },
		{ "/a/.hidden", "hidden" }, { "/a/-x", "x" }, { "/a/\xc3\xa4" "b", "b" },
		{ "/a/v1.2_x+y-z", "v1.2_x+y-z" },
	};
	_cleanup_arena_ struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_string_equal(bundle_id(&a, cases[i][0]), cases[i][1]);
	char longer[300];
	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	assert_int_equal(strlen(bundle_id(&a, longer)), BUNDLE_ID_MAX);
}

static void statuses(void **state)
{
	(void)state;
	fake()->fail = 0;
	fake()->status = 137;
	assert_int_equal(hart("run -b bundle id"), 137);
	assert_int_equal(hart("exec id true"), 137);
	fake()->fail = EIO;
	assert_int_equal(hart("run -b bundle id"), 1);
	assert_int_equal(hart("exec id true"), 255);
	assert_int_equal(hart("start id"), 1);
	assert_int_equal(hart("exec --nope id true"), 1);
	assert_int_equal(hart("exec id"), 255);
	assert_int_equal(hart("nope"), 3);
	fake()->fail = ESRCH;
	assert_int_equal(hart("kill id"), 1);
	assert_int_equal(hart("kill --all id"), 0);
	fake()->fail = fake()->status = 0;
}

/* What runs content protects the binary first; nothing else pays for it. */
static void sealed_commands(void **state)
{
	static const char *const yes[] = { "run -b bundle id", "create -b bundle id",
					   "exec id true" };
	static const char *const no[] = { "start id", "kill id", "delete id", "list", "run --help" };

	(void)state;
	fake()->fail = fake()->status = 0;
	for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
		fake()->sealed = 0;
		assert_int_equal(hart(yes[i]), 0);
		assert_int_equal(fake()->sealed, 1);
	}
	fake()->sealed = 0;
	for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
		assert_int_equal(hart(no[i]), 0);
	assert_int_equal(fake()->sealed, 0);
}

static void forced_delete(void **state)
{
	(void)state;
	fake()->fail = 0;
	assert_int_equal(hart("delete none"), 1);
	assert_non_null(strstr(hart_output(), "does not exist"));
	assert_int_equal(hart("delete --force none"), 0);
	assert_string_equal(fake()->text, "clear none");
	assert_int_equal(hart("delete broken"), 1);
	assert_int_equal(hart("delete --force broken"), 0);
	assert_string_equal(fake()->text, "clear broken");
}

static void refusals(void **state)
{
	static const char *const lines[][2] = {
		{ "run", "requires a minimum of 1 argument(s)" },
		{ "start", "requires exactly 1 argument(s)" },
		{ "start a b", "requires exactly 1 argument(s)" },
		{ "kill a b c", "requires a maximum of 2 argument(s)" },
		{ "kill a NOPE", "unknown signal" },
		{ "kill a 65", "unknown signal" },
		{ "run -b bundle bundle web", "two arguments" },
		{ "run nobundle web", "not a bundle" },
		{ "run nothing/here", "No such file or directory" },
		{ "--root / start id", "--root" },
		{ "--log-format xml start id", "invalid log-format: xml" },
		{ "--log /nowhere/log start id", "No such file or directory" },
		{ "--bogus start id", "flag provided but not defined: -bogus" },
		{ "start --bogus id", "flag provided but not defined: -bogus" },
		{ "checkpoint --image-path /i --work-path /w --tcp-established --leave-running id",
		  "checkpoint and restore are not supported" },
		{ "restore --image-path /i --detach --pid-file /p -no-subreaper --bundle /b id",
		  "checkpoint and restore are not supported" },
		{ "restore --bundle /b --pid-file /p --no-pivot --no-new-keyring --detach --image-path "
		  "/i --work-path /b --lsm-profile=selinux:l --lsm-mount-context=m id",
		  "checkpoint and restore are not supported" },
	};

	(void)state;
	fake()->fail = 0;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		assert_int_equal(hart(lines[i][0]), 1);
		if (!strstr(hart_output(), lines[i][1]))
			fail_msg("hart %s: no \"%s\" in: %s", lines[i][0], lines[i][1], hart_output());
		assert_null(strstr(fake()->text, "create"));
	}
}

static void where_errors_go(void **state)
{
	char log[256] = "";

	(void)state;
	assert_int_equal(hart("delete none"), 1);
	assert_non_null(strstr(hart_output(), "level=error msg=\"container \\\"none\\\" does not exist\""));
	unlink("log.json");
	assert_int_equal(hart("--log log.json --log-format json delete none"), 1);
	assert_string_equal(hart_output(), "container \"none\" does not exist\n");
	int fd = open("log.json", O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, log, sizeof log - 1) > 0);
	close(fd);
	assert_ptr_equal(strstr(log, "{\"level\":\"error\",\"msg\":\"container \\\"none\\\" does not "
				     "exist\",\"time\":\""), log);
	unlink("log.json");
	assert_int_equal(hart("--debug --log log.json delete none"), 1);
	fd = open("log.json", O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, log, sizeof log - 1) > 0);
	close(fd);
	assert_non_null(strstr(log, "level=debug msg=\"hart " HART_VERSION ": delete none\""));
}

static void pages(void **state)
{
	(void)state;
	assert_int_equal(hart("--version"), 0);
	assert_ptr_equal(strstr(hart_output(), "hart version " HART_VERSION "\nspec: " OCI_VERSION "\n"), hart_output());
	for (const struct command *const *c = commands; *c; c++) {
		char line[64];
		snprintf(line, sizeof line, "%s --help", (*c)->name);
		assert_int_equal(hart(line), 0);
		assert_non_null(strstr(hart_output(), (*c)->summary));
		for (size_t i = 0; i < (*c)->table.n; i++)
			if ((*c)->table.rows[i].doc)
				assert_non_null(strstr(hart_output(), (*c)->table.rows[i].name));
		assert_int_equal(hart("help"), 0);
		assert_non_null(strstr(hart_output(), (*c)->name));
	}
	assert_int_equal(hart(""), 0);
	assert_non_null(strstr(hart_output(), "Usage: hart"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_errors_go), /* first: a log, once open, stays so */
		cmocka_unit_test(go_runc),
		cmocka_unit_test(conmon_podman_crio_buildah),
		cmocka_unit_test(relative_paths),
		cmocka_unit_test(people),
		cmocka_unit_test(made_up_ids),
		cmocka_unit_test(ids_from_folders),
		cmocka_unit_test(statuses),
		cmocka_unit_test(sealed_commands),
		cmocka_unit_test(forced_delete),
		cmocka_unit_test(refusals),
		cmocka_unit_test(pages),
	};

	return cmocka_run_group_tests(tests, fake_make_folder, fake_remove_folder);
}
