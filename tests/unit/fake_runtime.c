/* SPDX-License-Identifier: Apache-2.0 */
/* fake_runtime: see fake_runtime.h. */
#include "fake_runtime.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "cli/cmd.h"
#include "ctl/ctl.h"
#include "id.h"
#include "json.h"
#include "cgroup/stats.h"
#include "observe.h"
#include "record/journal.h"
#include "rootfs/mount_options.h"
#include "seal.h"
#include "service/api.h"
#include "statefile.h"
#include "update.h"

static struct fake the_fake;
static char tmp[] = "/tmp/hart-cli-XXXXXX"; /* the current folder: state/ and bundle/ */
static int state_fd; /* the state root */
static char out[16384];

struct fake *fake(void)
{
	return &the_fake;
}

const char *fake_folder(void)
{
	return tmp;
}

const char *hart_output(void)
{
	return out;
}

void fake_note(const char *fmt, ...)
{
	size_t at = strlen(the_fake.text);
	va_list ap;

	if (at)
		at += (size_t)snprintf(the_fake.text + at, sizeof the_fake.text - at, "; ");
	va_start(ap, fmt);
	vsnprintf(the_fake.text + at, sizeof the_fake.text - at, fmt, ap);
	va_end(ap);
}

int fake_result(struct err *e)
{
	return the_fake.fail ? err_set(e, the_fake.fail, "fake failure") : 0;
}

int runtime_open(struct runtime *rt, const char *root, struct err *e)
{
	rt->root = root;
	rt->root_fd = state_fd;
	if (strcmp(root, "/run/hart"))
		fake_note("root=%s", root);
	return root[0] == '/' ? 0 : err_msg(e, EINVAL, "state root %s is relative", root);
}

void runtime_close(struct runtime *rt)
{
	rt->root_fd = -1;
}

const char *runtime_default_root(struct arena *a)
{
	return arena_strdup(a, "/run/hart");
}

int seal_self(char *const argv[], struct err *e)
{
	(void)e;
	the_fake.sealed += argv[0] != NULL;
	return 0;
}

static void fill_state(struct container *c, const char *id)
{
	struct state *s = arena_alloc(&c->arena, sizeof *s);

	s->oci_version = arena_strdup(&c->arena, "1.2.0");
	s->id = arena_strdup(&c->arena, id);
	s->pid = 4321;
	s->bundle = arena_strdup(&c->arena, "/srv/bundle");
	s->rootfs = arena_strdup(&c->arena, "/srv/bundle/rootfs");
	s->created = arena_strdup(&c->arena, "2026-01-02T03:04:05.678Z");
	s->owner = arena_strdup(&c->arena, "root");
	if (!strcmp(id, "noted")) {
		s->annotations.v = arena_calloc(&c->arena, 1, sizeof *s->annotations.v);
		s->annotations.v[0].key = arena_strdup(&c->arena, "a\"b");
		s->annotations.v[0].value = arena_strdup(&c->arena, "c");
		s->annotations.n = 1;
	}
	c->state = s;
}

int container_open(struct runtime *rt, const char *id, struct container *c, struct err *e)
{
	c->rt = rt;
	fake_note("open %s", id);
	if (!strcmp(id, "none"))
		return err_msg(e, ENOENT, "container \"none\" does not exist");
	if (!strcmp(id, "broken"))
		return err_msg(e, EBADMSG, "state.json: unexpected end");
	fill_state(c, id);
	return 0;
}

int container_open_forced(struct runtime *rt, const char *id, struct container *c, struct err *e)
{
	return container_open(rt, id, c, e);
}

void container_close(struct container *c)
{
	arena_free(&c->arena);
}

void fake_note_create(const char *call, const struct create_opts *o)
{
	/* The folder that mkdtemp made is left out of what is compared. */
	size_t n = strlen(tmp);
	const char *bundle = strncmp(o->bundle, tmp, n) ? o->bundle : o->bundle + n;

	fake_note("%s %s %s%s%s%s%s%s%s%s%s%s%s", call, o->id, bundle,
	     o->pid_file ? " pid-file=" : "", o->pid_file ? o->pid_file : "",
	     o->console_socket ? " console=" : "", o->console_socket ? o->console_socket : "",
	     o->no_pivot ? " no-pivot" : "", o->no_new_keyring ? " no-new-keyring" : "",
	     o->detach ? " detach" : "", o->keep ? " keep" : "",
	     o->no_subreaper ? " no-subreaper" : "", o->preserve_fds == 2 ? " fds=2" : "");
	if (o->pidfd_socket)
		fake_note("pidfd=%s", o->pidfd_socket);
	if (o->overlay)
		fake_note("overlay=%s", o->overlay);
}

int fake_create_result(const struct create_opts *o, struct err *e)
{
	/* Another process took the name between the look and the call. */
	if (the_fake.taken) {
		the_fake.taken--;
		mkdirat(state_fd, o->id, 0700);
		return err_msg(e, EEXIST, "container \"%s\" exists", o->id);
	}
	return fake_result(e);
}

int container_create(struct runtime *rt, const struct create_opts *o, struct err *e)
{
	(void)rt;
	fake_note_create("create", o);
	return fake_create_result(o, e);
}

int container_run(struct runtime *rt, const struct create_opts *o, int *ret_status, struct err *e)
{
	(void)rt;
	fake_note_create("run", o);
	*ret_status = the_fake.status;
	return fake_create_result(o, e);
}

int container_start(struct container *c, struct err *e)
{
	(void)c;
	fake_note("start");
	return fake_result(e);
}

int container_kill(struct container *c, int sig, bool all, struct err *e)
{
	(void)c;
	fake_note("kill %d%s", sig, all ? " all" : "");
	return fake_result(e);
}

int container_delete(struct container *c, bool force, struct err *e)
{
	(void)c;
	fake_note("delete%s", force ? " force" : "");
	return fake_result(e);
}

bool container_is_service(const struct container *c)
{
	return c->state->supervisor_start;
}

bool container_is_supervised(const struct container *c)
{
	return c->state->supervisor_pid;
}

bool container_has_lost_standin(const struct container *c)
{
	(void)c;
	return false;
}

int container_open_active(struct runtime *rt, const char *id, struct container *c, struct err *e)
{
	return container_open(rt, id, c, e);
}

void container_unlock(struct container *c)
{
	(void)c;
}

int statefile_supervisor(const struct state *s)
{
	(void)s;
	return -EBADF;
}

int container_exec(struct container *c, const struct exec_opts *o, int *ret_status, struct err *e)
{
	(void)c;
	fake_note("exec%s%s%s%s%s%s%s%s%s%s", o->process_json ? " process=" : "",
	     o->process_json ? o->process_json : "", o->pid_file ? " pid-file=" : "",
	     o->pid_file ? o->pid_file : "", o->console_socket ? " console=" : "",
	     o->console_socket ? o->console_socket : "", o->detach ? " detach" : "",
	     o->tty ? " tty" : "", o->no_new_privs ? " no-new-privs" : "",
	     o->ignore_paused ? " ignore-paused" : "");
	if (o->pidfd_socket)
		fake_note("pidfd=%s", o->pidfd_socket);
	if (o->user || o->cwd)
		fake_note("user=%s cwd=%s", o->user ? o->user : "", o->cwd ? o->cwd : "");
	for (size_t i = 0; i < o->n_env; i++)
		fake_note("env %s", o->env[i]);
	for (size_t i = 0; i < o->n_additional_gids; i++)
		fake_note("gid %u", o->additional_gids[i]);
	for (size_t i = 0; i < o->n_caps; i++)
		fake_note("cap %s", o->caps[i]);
	for (size_t i = 0; i < o->n_args; i++)
		fake_note("arg %s", o->args[i]);
	*ret_status = the_fake.status;
	return fake_result(e);
}

int hart(const char *line)
{
	char copy[1024], *argv[48] = { "hart" }, *save = NULL;
	int argc = 1, saved[3] = { dup(0), dup(1), dup(2) };
	int from = memfd_create("in", MFD_CLOEXEC), to = memfd_create("out", MFD_CLOEXEC);

	snprintf(copy, sizeof copy, "%s", line);
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	the_fake.text[0] = '\0';
	if (chdir(tmp) < 0)
		abort();
	fflush(NULL);
	if (the_fake.input && write(from, the_fake.input, strlen(the_fake.input)) < 0)
		abort();
	lseek(from, 0, SEEK_SET);
	dup2(from, 0);
	dup2(to, 1);
	dup2(to, 2);
	int status = cli_main(argc, argv);
	fflush(NULL);
	ssize_t n = pread(to, out, sizeof out - 1, 0);
	out[n > 0 ? n : 0] = '\0';
	for (int i = 0; i < 3; i++) {
		dup2(saved[i], i);
		close(saved[i]);
	}
	close(from);
	close(to);
	return status;
}

int container_cgroup_fd(struct container *c, int *ret_fd, struct err *e)
{
	(void)c;
	*ret_fd = -EBADF;
	fake_note("cgroup");
	return fake_result(e);
}

int container_config(struct container *c, struct oci_config **ret, struct err *e)
{
	*ret = arena_alloc(&c->arena, sizeof **ret);
	(*ret)->linux_ = arena_alloc(&c->arena, sizeof *(*ret)->linux_);
	fake_note("config");
	return fake_result(e);
}

int container_pause(struct container *c, struct err *e)
{
	(void)c;
	fake_note("pause");
	return fake_result(e);
}

int container_resume(struct container *c, struct err *e)
{
	(void)c;
	fake_note("resume");
	return fake_result(e);
}

int container_procs(struct container *c, pid_t **ret, size_t *ret_n, struct err *e)
{
	*ret = arena_calloc(&c->arena, 2, sizeof **ret);
	(*ret)[0] = 7;
	(*ret)[1] = 11;
	*ret_n = 2;
	fake_note("procs");
	return fake_result(e);
}

int container_usage(struct container *c, struct cgroup_stats *ret, struct err *e)
{
	(void)c;
	*ret = (struct cgroup_stats){ 0 };
	return fake_result(e);
}

uint64_t cgroup_count_of(const struct cgroup_counts *c, const char *key)
{
	(void)c, (void)key;
	return 0;
}

int container_stats(struct container *c, struct json_out *o, struct err *e)
{
	(void)c;
	json_begin_object(o);
	json_end_object(o);
	return fake_result(e);
}

int container_watch(struct container *c, const struct container_watching *w, struct err *e)
{
	fake_note("watch %llu ms", (unsigned long long)w->interval_ms);
	return w->fn(c, EVENT_INTERVAL, w->arg, e);
}

int id_check(const char *id, struct err *e)
{
	(void)id, (void)e;
	return 0;
}

static void note_limit(const char *name, bool set, long long v)
{
	if (set)
		fake_note("%s=%lld", name, v);
}

int container_update(struct container *c, const struct oci_resources *r, struct err *e)
{
	(void)c;
	fake_note("update");
	if (r->memory) {
		note_limit("memory", r->memory->limit.set, r->memory->limit.v);
		note_limit("swap", r->memory->swap.set, r->memory->swap.v);
	}
	if (r->cpu) {
		note_limit("shares", r->cpu->shares.set, (long long)r->cpu->shares.v);
		note_limit("quota", r->cpu->quota_us.set, r->cpu->quota_us.v);
	}
	note_limit("pids", r->pids_limit.set, r->pids_limit.v);
	return fake_result(e);
}

int container_update_rdt(struct container *c, const char *l3_cache_schema,
			 const char *mem_bw_schema, struct err *e)
{
	(void)c;
	fake_note("rdt %s %s", l3_cache_schema ? l3_cache_schema : "",
	     mem_bw_schema ? mem_bw_schema : "");
	return fake_result(e);
}

const char *mount_option_name(size_t i)
{
	static const char *const names[] = { "bind", "rro", "tmpcopyup" };

	return i < sizeof names / sizeof names[0] ? names[i] : NULL;
}

int container_peek(struct runtime *rt, const char *id, struct container *c, struct err *e)
{
	return container_open(rt, id, c, e);
}

int container_status(struct container *c, enum container_status *ret, struct err *e)
{
	*ret = strcmp(c->state->id, "done") ? STATUS_RUNNING : STATUS_STOPPED;
	return strcmp(c->state->id, "odd") ? 0 : err_msg(e, EIO, "fake failure");
}

int runtime_each(struct runtime *rt, int (*fn)(struct runtime *rt, const char *id, void *arg),
		 void *arg, struct err *e)
{
	(void)e;
	for (const char *const *id = the_fake.ids; id && *id; id++) {
		int r = fn(rt, *id, arg);
		if (r)
			return r;
	}
	return 0;
}

int fake_make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(tmp) || chdir(tmp) < 0 || mkdir("bundle", 0700) < 0 ||
	    mkdir("state", 0700) < 0)
		return -1;
	state_fd = open("state", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = open("bundle/config.json", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	return fd < 0 ? -1 : close(fd);
}

int fake_remove_folder(void **state)
{
	static const char *const folders[] = { "bundle", "state/bundle", "state/bundle-2",
					       "state/web", "state" };

	(void)state;
	if (chdir(tmp) < 0)
		return -1;
	unlink("bundle/config.json");
	unlink("log.json");
	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
		rmdir(folders[i]);
	return chdir("/") < 0 ? -1 : rmdir(tmp);
}
