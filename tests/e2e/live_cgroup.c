/* SPDX-License-Identifier: Apache-2.0 */
/* live_cgroup: see live_cgroup.h: what all tests need, and the program. */
#include "live_cgroup.h"

struct err e;

bool has(struct fixture *f, const char *controller)
{
	char text[512];

	assert_true(io_read_small(f->cg.root_fd, "cgroup.controllers", text, sizeof text, NULL) >= 0);
	return cgroup_controllers_parse(text) & cgroup_controllers_parse(controller);
}

int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	snprintf(f->top, sizeof f->top, "/hart-live-%d", getpid());
	snprintf(f->path, sizeof f->path, "%s/c", f->top);
	f->cg = CGROUP_INIT;
	OK(f->cg.root_fd = cgroup_mount_open(&e));
	*state = f;
	return 0;
}

int teardown(void **state)
{
	struct fixture *f = *state;
	struct cgroup top = CGROUP_INIT;
	int r = cgroup_open(&top, f->top, &e);

	if (r >= 0) {
		cgroup_kill(&top, &e);
		while (waitpid(-1, NULL, 0) > 0)
			;
		r = cgroup_remove(&top, 5000, &e);
		cgroup_close(&top);
	}
	cgroup_close(&f->cg);
	free(f);
	if (r < 0 && r != -ENOENT)
		print_error("teardown: %s\n", e.text);
	return r < 0 && r != -ENOENT;
}

void make(struct fixture *f, const struct oci_resources *needs)
{
	OK(cgroup_create(&f->cg, f->path, needs, &e));
	assert_true(f->cg.owned);
}

void assert_file(struct cgroup *cg, const char *file, const char *want)
{
	char text[512];

	if (io_read_small(cg->fd, file, text, sizeof text, NULL) < 0)
		fail_msg("no %s", file);
	text[strcspn(text, "\n")] = '\0';
	assert_string_equal(text, want);
}

bool exists(struct fixture *f, const char *path)
{
	bool there;

	OK(cgroup_exists(f->cg.root_fd, path, &there, &e));
	return there;
}

pid_t spawn(int dirfd)
{
	char pid_text[16], none;
	int closed[2];

	assert_int_equal(pipe2(closed, O_CLOEXEC), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		/* As in a program: the claim of who created the cgroup is not its own. */
		fd_close_range(3, ~0U);
		for (;;)
			pause();
	}
	close(closed[1]);
	assert_int_equal(read(closed[0], &none, 1), 0); /* it has closed its copies */
	close(closed[0]);
	int len = snprintf(pid_text, sizeof pid_text, "%d", pid);
	OK(io_write_at(dirfd, "cgroup.procs", pid_text, (size_t)len, &e));
	return pid;
}

int make_sub(int dirfd, const char *name)
{
	assert_int_equal(mkdirat(dirfd, name, 0755), 0);
	int fd = openat(dirfd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

int main(void)
{
	static size_t (*const parts[])(struct CMUnitTest *at) = { live_tree, live_limits, live_devices, live_processes };
	struct CMUnitTest tests[TESTS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		n += parts[i](tests + n);
	return _cmocka_run_group_tests("live_cgroup", tests, n, NULL, NULL);
}
