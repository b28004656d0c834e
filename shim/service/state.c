/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service/state: what a service leaves in its folder for other commands and for adopt: state.json (as every
 * container has), generation. Off the takeover path.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/durable.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/path.h"
#include "bundle.h"
#include "cgroup/cgroup.h"
#include "cgroup/driver.h"
#include "process/passwd.h"
#include "service/given.h"
#include "service/parts.h"
#include "service/save_plan.h"
#include "spec.h"
#include "statefile.h"

/* -- state.json ------------------------------------------------------------------------------ */

static int copy_annotations(struct arena *a, const oci_map *from, oci_map *to)
{
	to->v = arena_calloc(a, from->n + 1, sizeof *to->v);
	for (size_t i = 0; to->v && i < from->n; i++) {
		to->v[i].key = arena_strdup(a, from->v[i].key);
		to->v[i].value = arena_strdup(a, from->v[i].value);
		if (!to->v[i].key || !to->v[i].value)
			return -ENOMEM;
		to->n++;
	}
	return to->v ? 0 : -ENOMEM;
}

static int fill_state(struct service *s, const struct bundle *b, struct err *e)
{
	struct arena *a = &s->container.arena;
	struct state *st = arena_alloc(a, sizeof *st);
	struct timespec now;
	char text[CLOCK_TEXT_SIZE];

	if (!st)
		return err_set(e, ENOMEM, "make the state");
	clock_gettime(CLOCK_REALTIME, &now);
	clock_format_utc(&now, text);
	*st = (struct state){
		.id = arena_strdup(a, s->id),
		.bundle = arena_strdup(a, b->path),
		.rootfs = b->config->root->path[0] == '/' ?
				  arena_strdup(a, b->config->root->path) :
				  arena_printf(a, "%s/%s", b->path, b->config->root->path),
		.oci_version = arena_strdup(a, b->config->oci_version),
		.created = arena_strdup(a, text),
		.owner = passwd_get(a, geteuid(), PASSWD_NAME, "root"),
		.started = !s->hold.is_on,
		.has_poststart = b->config->hooks && b->config->hooks->poststart.n,
		.has_poststop = b->config->hooks && b->config->hooks->poststop.n,
		.has_user_ns = oci_namespace(b->config, OCI_NS_USER),
		.has_mount_ns = oci_namespace(b->config, OCI_NS_MOUNT),
		.has_pid_ns = oci_namespace_is_own(b->config, OCI_NS_PID),
	};
	if (!st->id || !st->bundle || !st->rootfs || !st->oci_version || !st->created || !st->owner ||
	    copy_annotations(a, &b->config->annotations, &st->annotations) < 0)
		return err_set(e, ENOMEM, "make the state");
	s->container.state = st;
	for (size_t i = 0; i < b->config->linux_->namespaces.n; i++)
		if (!b->config->linux_->namespaces.v[i].path)
			s->shared.own |= 1U << b->config->linux_->namespaces.v[i].type;
	return 0;
}

/* The service's own cgroup holds no process: members have theirs below it. */
static int make_cgroup(struct service *s, const struct oci_config *c, const struct cgroup_driver *driver,
		       struct cgroup_place *place, struct err *e)
{
	struct oci_resources limits = { 0 };
	struct cgroup cg = CGROUP_INIT;

	if (c->linux_->resources)
		limits = *c->linux_->resources;
	limits.devices.n = 0; /* each member's own */
	int r = cgroup_advise(driver->make(&cg, &s->container.arena, place, &limits, e), place, e);
	container_keep_place(&s->container, place);
	if (r >= 0 && c->linux_->resources)
		r = driver->apply(&cg, place, &limits, true, e);
	/* Where systemd has put it is known only now. */
	if (r >= 0 && place->unit)
		r = service_save(s, e);
	cgroup_close(&cg);
	return r;
}

static int plan_cgroup(struct service *s, const struct oci_config *c, const struct cgroup_driver *driver,
		       struct cgroup_place *place, struct err *e)
{
	struct cgroup cg = CGROUP_INIT;
	int r = driver->plan(&cg, &s->container.arena, c, s->id, place, e);

	place->stays = true;
	container_keep_place(&s->container, place);
	cgroup_close(&cg);
	return r;
}

int service_renew_cgroup(struct service *s, const struct oci_config *c, struct err *e)
{
	struct cgroup_place place;
	const struct cgroup_driver *driver = container_cgroup_driver(&s->container, &place);
	_cleanup_fd_ int root = cgroup_mount_open(e);
	bool exists = false;
	int r = root < 0 ? root : 0;

	if (r >= 0 && place.path)
		r = cgroup_exists(root, place.path, &exists, e);
	if (r < 0 || exists)
		return r;
	place.owned = true;
	if (place.unit)
		r = plan_cgroup(s, c, driver, &place, e);
	return r < 0 ? r : make_cgroup(s, c, driver, &place, e);
}

static int record_pid(struct service *s, struct err *e)
{
	struct state *st = s->container.state;

	st->supervisor_pid = getpid();
	/* Of an adopted one it may be another boot's. */
	st->boot_id = arena_alloc(&s->container.arena, 40);
	if (!st->boot_id)
		return err_set(e, ENOMEM, "record the shim");
	if (statefile_boot_id(st->boot_id, e) < 0)
		return -e->code;
	return statefile_pid_start(getpid(), &st->supervisor_start, e);
}

/* After an upgrade that is there to stay: state and list name its bundle. */
static void show_primary(struct service *s)
{
	struct state *st = s->container.state;
	struct arena *a = &s->container.arena;
	int i = s->machine.primary;
	struct container c;
	struct err ignored;

	if (i == s->saving.shown_primary || container_peek(&s->members_rt, s->members[i].name, &c, &ignored) < 0)
		return;
	char *bundle = arena_strdup(a, c.state->bundle), *rootfs = arena_strdup(a, c.state->rootfs);
	container_close(&c);
	if (!bundle || !rootfs)
		return;
	st->bundle = bundle;
	st->rootfs = rootfs;
	s->saving.shown_primary = i;
}

int service_save(struct service *s, struct err *e)
{
	struct state *st = s->container.state;
	const struct member *m = service_who_serves(s);

	/* At the end the last one is told. */
	if (!m && machine_is_over(&s->machine) && s->machine.active >= 0)
		m = &s->members[s->machine.active];
	show_primary(s);
	st->active = m ? (char *)m->name : NULL;
	/* While nobody serves it stays that of the last one, which has ended: none at all means that it is being created. */
	if (m) {
		st->pid = m->pid;
		st->pid_start = 0;
	}
	if (m && st->pid && statefile_pid_start((pid_t)st->pid, &st->pid_start, e) < 0)
		err_clear(e); /* it has ended since: nobody is to be taken for it */
	return s->record.on_disk ? statefile_save_durably(s->container.dir_fd, st, e)
			  : statefile_save(s->container.dir_fd, st, e);
}

int service_record_self(struct service *s, struct err *e)
{
	int r = record_pid(s, e);

	return r < 0 ? r : service_save(s, e);
}

/* -- making it all --------------------------------------------------------------------------- */

static int state_make_folder(int dir_fd, const char *name, mode_t mode, struct err *e)
{
	if (mkdirat(dir_fd, name, mode) < 0 && errno != EEXIST)
		return err_set(e, errno, "make %s", name);
	return 0;
}

static int open_folder(const char *file, const char **ret_name, int *ret, struct err *e)
{
	int fd = path_open_folder_of(file, ret_name);

	*ret = fd < 0 ? FD_NONE : fd;
	return fd < 0 ? err_set(e, -fd, "open the folder of %s", file) : 0;
}

/* People gave a path; what is opened is a name in its folder. */
static int in_file(int r, const char *file, struct err *e)
{
	return r < 0 ? err_in(e, "%s", file) : r;
}

static int open_journal(struct service *s, struct err *e)
{
	const char *name;

	if (!s->policy->journal)
		return journal_open(&s->record.journal, s->container.dir_fd, JOURNAL_FILE, JOURNAL_BYTES_MAX, e);
	int r = open_folder(s->policy->journal, &name, &s->record.journal_dir_fd, e);
	if (r >= 0)
		r = in_file(journal_open(&s->record.journal, s->record.journal_dir_fd, name, 0, e), s->policy->journal, e);
	/* For those who look for it in the state folder. */
	if (r >= 0 && symlinkat(s->policy->journal, s->container.dir_fd, JOURNAL_FILE) < 0 && errno != EEXIST)
		r = err_set(e, errno, "link the journal");
	return r;
}

static int open_log_file(struct service *s, struct err *e)
{
	const char *name;
	int r = open_folder(s->policy->log_file, &name, &s->record.log_dir_fd, e);

	if (r >= 0)
		r = in_file(logfile_open(&s->record.log, s->record.log_dir_fd, name, s->policy->log_max_bytes,
					 s->policy->log_keep, e),
			    s->policy->log_file, e);
	return r;
}

int service_open_files(struct service *s, struct err *e)
{
	int dir = s->container.dir_fd;
	int r = state_make_folder(dir, MEMBERS_DIR, 0700, e);

	if (r >= 0)
		r = state_make_folder(dir, NOTIFY_DIR, 0755, e);
	if (r < 0)
		return r;
	s->members_rt = (struct runtime){ .root_fd = openat(dir, MEMBERS_DIR,
							     O_PATH | O_DIRECTORY | O_CLOEXEC),
					  .root = MEMBERS_DIR };
	s->record.generation_fd = openat(dir, GENERATION_FILE, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (s->members_rt.root_fd < 0 || s->record.generation_fd < 0)
		return err_set(e, errno, "open the service's folder");
	s->record.standing_fd = standing_open(dir, &s->record.standing, e);
	if (s->record.standing_fd < 0)
		return s->record.standing_fd;
	s->store.given_fd = given_open(dir, e);
	if (s->store.given_fd < 0)
		return s->store.given_fd;
	r = open_journal(s, e);
	if (r < 0)
		return r;
	if (s->policy->log_file)
		return open_log_file(s, e);
	/* An adopted one goes on as it was. */
	bool has_log = s->id_is_new ? !s->made.foreground && s->ends.out_fd < 0 : faccessat(dir, LOG_FILE, F_OK, 0) == 0;
	return !has_log ? 0
			: logfile_open(&s->record.log, dir, LOG_FILE, s->policy->log_max_bytes,
					    s->policy->log_keep, e);
}

static int claim(struct service *s, const struct bundle *b, struct err *e)
{
	const struct cgroup_driver *driver = cgroup_driver(s->made.create.systemd_cgroup || cgroup_is_unit(b->config));
	struct cgroup_place place = { 0 };
	int fd, r = fill_state(s, b, e);

	if (r >= 0)
		r = plan_cgroup(s, b->config, driver, &place, e);
	if (r >= 0)
		r = record_pid(s, e);
	if (r < 0)
		return r;
	fd = statefile_make_dir(s->rt, s->id, e);
	if (fd < 0)
		return fd;
	s->container.dir_fd = fd;
	s->container.locked = true;
	s->record.on_disk = durable_matters(fd);
	r = service_save(s, e);
	if (r >= 0)
		r = record_replace_file(&s->record, s->container.dir_fd, CONFIG_FILE, s->made.config_json, s->made.config_len, e);
	return r < 0 ? r : make_cgroup(s, b->config, driver, &place, e);
}

static int state_check(const struct service *s, const struct oci_config *c, struct err *e)
{
	if (!c->process || !c->root)
		return err_msg(e, EINVAL, "config.json: /%s: needed to run it",
			       c->process ? "root" : "process");
	if (c->process->terminal)
		return err_msg(e, ENOTSUP, "config.json: /process/terminal: a supervised service has no "
					   "terminal; use \"hart exec --tty %s\" to look inside", s->id);
	if (s->made.create.console_socket || s->made.create.preserve_fds)
		return err_msg(e, ENOTSUP, "--console-socket and --preserve-fds are not for a "
					   "supervised service; descriptors are passed by --listen");
	return 0;
}

int service_save_plan(struct service *s, struct err *e)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	int r = save_plan_encode(&s->made, &s->machine, s->members, &out, e);

	s->saving.plan = save_plan_number(&s->machine);
	return r < 0 ? r : record_replace_file(&s->record, s->container.dir_fd, SERVICE_FILE, out.data, out.len, e);
}

int service_claim(struct service *s, struct err *e)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct bundle b = BUNDLE_INIT;
	int r = bundle_open(&a, s->made.create.bundle, NULL, 0, &b, e);

	if (r < 0)
		return r;
	s->container.rt = s->rt;
	s->made.config_json = strndup(b.json, b.json_len);
	s->made.config_len = b.json_len;
	s->made.bundle = strdup(b.path);
	r = s->made.config_json && s->made.bundle ? state_check(s, b.config, e) : err_set(e, ENOMEM, "keep the config");
	if (r >= 0)
		r = claim(s, &b, e);
	bundle_close(&b);
	if (r >= 0)
		r = service_open_files(s, e);
	if (r >= 0)
		r = service_save_plan(s, e);
	/* All that the first generation is counted on from, before it is given out. */
	return r < 0 || !s->record.on_disk ? r : durable_sync_folder(s->container.dir_fd, "the service's folder", e);
}

int service_leave_no_cgroup(struct service *s, struct err *e)
{
	struct cgroup_place place;
	const struct cgroup_driver *driver = container_cgroup_driver(&s->container, &place);
	/* A new service of that ID has to wait meanwhile; one that is there already has the cgroup, too. */
	_cleanup_fd_ int dir = s->folder.is_gone ? statefile_make_dir(s->rt, s->id, e) : FD_NONE;

	if (dir < 0) {
		err_clear(e);
		return 0;
	}
	int r = driver->remove(&place, e);
	int removed = statefile_remove(s->rt, dir, s->id, e);
	return r < 0 ? r : removed;
}
