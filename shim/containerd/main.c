/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main: containerd-shim-hart-v2: what containerd calls it for: `start` leaves a shim behind and prints its address,
 * `delete` removes what a dead shim left, -v and -info say what it is.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "address.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/sys.h"
#include "base/words.h"
#include "base/trim.h"
#include "built_in.h"
#include "bundle.h"
#include "cgroup/cgroup.h"
#include "container.h"
#include "guardian.h"
#include "rootfs_mounts.h"
#include "seal.h"
#include "service/api.h"
#include "shim.h"
#include "task.pb-c.h"
#include "task_options.h"

#define STATE_ROOT "/run/containerd/hart"
#define LISTEN_FD 62
#define NOFILE_MAX 65536
#define OPTIONS_MAX ((size_t)64 << 10)
#define NAME "io.containerd.hart.v2"
#define FEATURES_TYPE "types.containerd.io/opencontainers/runtime-spec/1/features/Features" /* its value is JSON */

struct arguments {
	const char *name_space, *address, *id, *bundle, *publish_binary, *socket;
	const char *command;
	bool debug, version, info;
};

/* -- arguments, in the way of Go's flags ------------------------------------------------------ */

static const struct {
	const char *name;
	size_t text, flag; /* where it goes; one of the two */
} options[] = {
#define TEXT(name, member) { name, offsetof(struct arguments, member), 0 }
#define FLAG(name, member) { name, 0, offsetof(struct arguments, member) }
	TEXT("namespace", name_space), TEXT("address", address), TEXT("id", id), TEXT("bundle", bundle),
	TEXT("publish-binary", publish_binary), TEXT("socket", socket), FLAG("debug", debug),
	FLAG("v", version), FLAG("version", version), FLAG("info", info),
};

static int parse_one(struct arguments *a, char **argv, int *i, struct err *e)
{
	const char *name = argv[*i] + 1 + (argv[*i][1] == '-');
	const char *value = strchr(name, '=');
	size_t len = value ? (size_t)(value - name) : strlen(name);

	for (size_t k = 0; k < sizeof options / sizeof *options; k++) {
		if (strlen(options[k].name) != len || strncmp(options[k].name, name, len))
			continue;
		if (options[k].flag) {
			*(bool *)((char *)a + options[k].flag) = !value || strcmp(value, "=false");
			return 0;
		}
		value = value ? value + 1 : argv[++*i];
		if (!value)
			return err_msg(e, EINVAL, "-%s needs a value", options[k].name);
		*(const char **)((char *)a + options[k].text) = value;
		return 0;
	}
	return err_msg(e, EINVAL, "no such option: %s", argv[*i]);
}

static int parse(struct arguments *a, char **argv, struct err *e)
{
	int r = 0;

	for (int i = 1; argv[i] && r >= 0; i++) {
		if (argv[i][0] == '-' && argv[i][1])
			r = parse_one(a, argv, &i, e);
		else if (!a->command)
			a->command = argv[i];
	}
	return r;
}

/* -- start ------------------------------------------------------------------------------------ */

/* Containers of a pod share the shim of the first one. */
static int find_group(struct arena *a, const char *id, char **ret, struct err *e)
{
	static const char *const annotations[] = { "io.containerd.runc.v2.group",
						   "io.kubernetes.cri.sandbox-id" };
	_cleanup_arena_ struct arena own = ARENA_INIT;
	struct bundle b = BUNDLE_INIT;
	int r = bundle_open(&own, ".", NULL, 0, &b, e);
	const char *found = id;

	for (size_t k = 0; r >= 0 && k < sizeof annotations / sizeof *annotations && found == id; k++)
		for (size_t i = 0; i < b.config->annotations.n; i++)
			if (!strcmp(b.config->annotations.v[i].key, annotations[k]))
				found = b.config->annotations.v[i].value;
	*ret = r < 0 ? NULL : arena_strdup(a, found);
	bundle_close(&b);
	return r < 0 ? r : *ret ? 0 : err_set(e, ENOMEM, "find the group");
}

/* A pipe or a file: nobody types options. */
static int read_options(struct options *ret, struct err *e)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct stat st;
	char *data;
	size_t len;

	*ret = (struct options){ 0 };
	if (fstat(STDIN_FILENO, &st) < 0 || S_ISCHR(st.st_mode))
		return 0;
	int r = io_read_all(&a, STDIN_FILENO, OPTIONS_MAX, "the options", &data, &len, e);
	return r < 0 ? r : options_read_start((const uint8_t *)data, len, ret, e);
}

/* Before the fork: guardian, worker and what they start inherit it. */
static int enter_cgroup(const char *path, struct err *e)
{
	struct cgroup cg = CGROUP_INIT;
	int r = cgroup_open(&cg, path, e);

	if (r >= 0)
		r = cgroup_enter(&cg, getpid(), e);
	cgroup_close(&cg);
	return r < 0 ? err_in(e, "ShimCgroup") : 0;
}

/* The kernel takes containers before their shim, but a shim before containerd. */
static void adjust_oom_score(void)
{
	char path[40], text[16];
	struct err e = ERR_INIT;
	long long score;

	snprintf(path, sizeof path, "/proc/%d/oom_score_adj", getppid());
	ssize_t n = io_read_small(AT_FDCWD, path, text, sizeof text, &e);
	if (n <= 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	if (!io_parse_i64(text, &score) || score >= 1000)
		return;
	n = snprintf(text, sizeof text, "%lld", score + 1);
	io_write_at(AT_FDCWD, "/proc/self/oom_score_adj", text, (size_t)n, &e);
}

/* stderr is containerd's log of this bundle, as long as it reads that; nothing of ours may hold its pipes. */
static int main_detach(struct err *e)
{
	_cleanup_fd_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	_cleanup_fd_ int log = open("log", O_WRONLY | O_NONBLOCK | O_CLOEXEC);

	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(log < 0 ? null : log, 2) < 0)
		return err_set(e, errno, "close the caller's descriptors");
	if (setsid() < 0 || chdir("/") < 0)
		return err_set(e, errno, "leave the caller's session");
	return 0;
}

/* A descriptor or two for each process and connection: as many as may be. */
static void want_descriptors(struct rlimit *ret_before)
{
	struct rlimit more;

	getrlimit(RLIMIT_NOFILE, ret_before);
	more = *ret_before;
	more.rlim_cur = more.rlim_max < NOFILE_MAX ? more.rlim_max : NOFILE_MAX;
	if (more.rlim_cur > ret_before->rlim_cur)
		setrlimit(RLIMIT_NOFILE, &more);
}

static _Noreturn void become_shim(struct shim_start *start)
{
	struct err e = ERR_INIT;

	want_descriptors(&start->nofile);
	if (main_detach(&e) < 0)
		_exit(1);
	seal_release();
	start->listen_fd = dup3(start->listen_fd, LISTEN_FD, O_CLOEXEC);
	fd_close_range(3, LISTEN_FD - 1);
	fd_close_range(LISTEN_FD + 1, ~0U);
	signal(SIGPIPE, SIG_IGN);
	start->ledger = ledger_new(&e);
	if (!start->ledger)
		_exit(1);
	memory_trim();
	int status = guardian_run(start);
	if (status) /* otherwise the worker did so, and a new shim may be there */
		unlink(start->address);
	_exit(status);
}

static int leave_shim(const struct arguments *a, const char *path, struct err *e)
{
	char root[256];
	struct shim_start start = { .name_space = a->name_space, .address = path, .root = root,
				    .events_address = getenv("TTRPC_ADDRESS") };
	struct options o;
	int r = read_options(&o, e);

	if (r < 0)
		return r;
	int fd = address_listen(path, e);
	if (fd == -EADDRINUSE) { /* the group's shim is there */
		err_clear(e);
		return 0;
	}
	if (fd < 0)
		return fd;
	start.listen_fd = fd;
	snprintf(root, sizeof root, STATE_ROOT "/%s", a->name_space);
	adjust_oom_score();
	r = o.shim_cgroup[0] ? enter_cgroup(o.shim_cgroup, e) : 0;
	pid_t pid = r < 0 ? -1 : fork();
	if (pid == 0)
		become_shim(&start);
	if (pid < 0) {
		unlink(path);
		r = r < 0 ? r : err_set(e, errno, "fork the shim");
	}
	close(fd);
	return r;
}

static int main_start(const struct arguments *a, struct err *e)
{
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	char path[ADDRESS_MAX], text[ADDRESS_MAX + 16];
	char *group;
	int r = find_group(&arena, a->id, &group, e);

	if (r < 0)
		return r;
	address_name(a->address, a->name_space, group, path);
	int len = snprintf(text, sizeof text, "unix://%s", path);
	r = leave_shim(a, path, e);
	if (r >= 0)
		r = io_replace_at(AT_FDCWD, "address", text, (size_t)len, 0644, e);
	return r < 0 ? r : io_write_all(STDOUT_FILENO, text, (size_t)len, "the address", e);
}

/* -- delete ----------------------------------------------------------------------------------- */

static int remove_container(const struct arguments *a, struct err *e)
{
	struct runtime rt;
	char root[256];

	snprintf(root, sizeof root, STATE_ROOT "/%s", a->name_space);
	int r = runtime_open(&rt, root, e);
	if (r < 0)
		return r;
	r = service_clear(&rt, a->id, e);
	runtime_close(&rt);
	return r;
}

static int delete(const struct arguments *a, struct err *e)
{
	Task__DeleteResponse answer = TASK__DELETE_RESPONSE__INIT;
	Task__Timestamp when = TASK__TIMESTAMP__INIT;
	char path[ADDRESS_MAX];
	struct timespec now;
	uint8_t data[64];
	int r = remove_container(a, e);

	if (r >= 0)
		r = rootfs_unmount_all(a->bundle ? a->bundle : ".", e);
	if (r < 0)
		return r;
	address_name(a->address, a->name_space, a->id, path);
	address_remove(path);
	clock_gettime(CLOCK_REALTIME, &now);
	when.seconds = now.tv_sec;
	when.nanos = (int32_t)now.tv_nsec;
	answer.exit_status = 128 + SIGKILL;
	answer.exited_at = &when;
	size_t len = task__delete_response__pack(&answer, data);
	return io_write_all(STDOUT_FILENO, data, len, "the answer", e);
}

/* -- what it is ------------------------------------------------------------------------------- */

static int print_version(const struct arguments *a, struct err *e)
{
	static const char text[] = "containerd-shim-hart-v2:\n  Version:  " HART_VERSION "\n";

	(void)a;
	return io_write_all(STDOUT_FILENO, text, sizeof text - 1, "the version", e);
}

/* Clients of containerd 2 ask for it, to know what they may put into a config. */
static int print_info(const struct arguments *a, struct err *e)
{
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	_cleanup_buf_ struct buf json = BUF_INIT;
	Task__RuntimeVersion version = TASK__RUNTIME_VERSION__INIT;
	Task__RuntimeInfo info = TASK__RUNTIME_INFO__INIT;
	Task__Any features = TASK__ANY__INIT;
	int r = built_in_print(&arena, &json, e);

	(void)a;
	if (r < 0)
		return r;
	version.version = HART_VERSION;
	features.type_url = FEATURES_TYPE;
	features.value = (ProtobufCBinaryData){ json.len, (uint8_t *)json.data };
	info.name = NAME;
	info.version = &version;
	info.features = &features;
	uint8_t *data = arena_alloc(&arena, task__runtime_info__get_packed_size(&info));
	if (!data)
		return err_set(e, ENOMEM, "prepare the answer");
	size_t len = task__runtime_info__pack(&info, data);
	return io_write_all(STDOUT_FILENO, data, len, "the answer", e);
}

static int main_run(const struct arguments *a, struct err *e)
{
	if (a->version)
		return print_version(a, e);
	if (a->info)
		return print_info(a, e);
	if (!a->command || (strcmp(a->command, "start") && strcmp(a->command, "delete")))
		return err_msg(e, EINVAL, "called by containerd with start or delete; see containerd-shim-hart-v2(8)");
	if (!a->name_space || !a->id || !a->address)
		return err_msg(e, EINVAL, "-namespace, -address and -id are needed");
	return strcmp(a->command, "start") ? delete(a, e) : main_start(a, e);
}

int main(int argc, char **argv)
{
	struct arguments a = { 0 };
	struct err e = ERR_INIT;
	int r;

	argv = words_keep(argc, argv);
	r = argv ? parse(&a, argv, &e) : err_set(&e, ENOMEM, "read the arguments");
	if (r >= 0 && a.command && !strcmp(a.command, "start"))
		r = seal_self(argv, &e);
	if (r >= 0)
		r = main_run(&a, &e);
	if (r < 0)
		dprintf(STDERR_FILENO, "containerd-shim-hart-v2: %s\n", e.text);
	return r < 0;
}
