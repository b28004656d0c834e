/* SPDX-License-Identifier: Apache-2.0 */
/*
 * create: the runtime side of making a container: prepare everything outside, clone once, then
 * answer init until it is ready. What may exist on the host is in state.json before it is made.
 */
#include "creation.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "allow/allow.h"
#include "annotation.h"
#include "base/caller.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/log.h"
#include "base/procfd.h"
#include "base/sys.h"
#include "console.h"
#include "create.h"
#include "hooks_aside.h"
#include "id.h"
#include "late.h"
#include "lifecycle.h"
#include "ns/sysctl.h"
#include "pidfile.h"
#include "process/caps.h"
#include "process/passwd.h"
#include "process/rlimit.h"
#include "process/successor.h"
#include "rdt/rdt.h"
#include "rootfs/null.h"
#include "rootfs/rootfs.h"
#include "shortage.h"
#include "statefile.h"
#include "tracer.h"
#include "undo.h"
#include "wire/gate.h"
#include "wire/sync.h"

static void creation_close(struct creation *m)
{
	bundle_close(&m->bundle);
	ns_close(&m->ns);
	cgroup_close(&m->cgroup);
	if (m->init.rootfs)
		rootfs_close(m->init.rootfs);
	fd_close(&m->init.sync_fd);
	fd_close(&m->init.runtime_end);
	fd_close(&m->init.gate_fd);
	fd_close(&m->init.procfd);
	fd_close(&m->init.console_fd);
	fd_close(&m->console_peer);
	fd_close(&m->overlay_fd);
	fd_close(&m->null_fd);
	fd_close(&m->ports_fd);
	fd_close(&m->seccomp_fd);
	fd_close(&m->hold_fd);
	fd_close(&m->child.pidfd);
	successor_free(m->init.successor);
}

/* -- load: nothing is made yet ------------------------------------------------------------- */

static int check_options(struct creation *m, struct err *e)
{
	const struct oci_process *p = m->config->process;

	if (!p)
		return err_msg(e, EINVAL, "config.json: /process: needed to create a container");
	if (!m->config->root)
		return err_msg(e, EINVAL, "config.json: /root: needed to create a container");
	if ((m->use_gate || m->o->detach) && p->terminal && !m->o->console_socket && !m->o->console_fd)
		return err_msg(e, EINVAL,
			       "cannot allocate tty if hart will detach without setting console socket: "
			       "give --console-socket, or set /process/terminal to false");
	if (m->o->console_socket && !p->terminal)
		return err_msg(e, EINVAL, "cannot use console socket if hart will not detach or "
			       "allocate tty");
	return 0;
}

/* What the config asks for and cannot be had, but runc's callers live without. */
static void warn_of_capabilities(const struct oci_process *p)
{
	if (!p->capabilities)
		return;
	for (size_t i = 0; i < p->capabilities->unknown.n; i++)
		log_warn("unknown capability %s is left out", p->capabilities->unknown.v[i]);
	if (!caps_ambient_possible(p->capabilities))
		log_warn("ambient capabilities that are not permitted and inheritable are left out");
}

static int step_load(struct creation *m, struct err *e)
{
	int r = id_check(m->o->id, e);

	if (r >= 0)
		r = bundle_open(&m->c->arena, m->o->bundle, m->o->config_json, m->o->config_len,
				&m->bundle, e);
	if (r >= 0 && m->o->adapt) {
		r = m->o->adapt(&m->c->arena, m->bundle.config, m->o->adapt_arg, e);
		m->is_declined = r == CREATE_DECLINED;
	}
	if (m->is_declined)
		return r;
	if (r >= 0)
		r = allow_annotations(&m->c->arena, m->bundle.fd, ALLOW_CONTAINER, &m->bundle.config->annotations, e);
	if (r < 0)
		return r;
	m->config = m->bundle.config;
	m->driver = cgroup_driver(m->o->systemd_cgroup || cgroup_is_unit(m->config));
	m->has_user_ns = oci_namespace(m->config, OCI_NS_USER);
	r = check_options(m, e);
	if (r >= 0)
		warn_of_capabilities(m->config->process);
	return r;
}

/* -- claim: the state folder, with all that the next steps will make ------------------------ */

static char *now_text(struct arena *a)
{
	struct timespec now;
	char text[CLOCK_TEXT_SIZE];

	clock_gettime(CLOCK_REALTIME, &now);
	clock_format_utc(&now, text);
	return arena_strdup(a, text);
}

static int create_fill_state(struct creation *m, struct err *e)
{
	const struct oci_hooks *hooks = m->config->hooks;
	struct arena *a = &m->c->arena;
	struct state *s = arena_alloc(a, sizeof *s);

	if (!s)
		return err_set(e, ENOMEM, "make the state");
	*s = (struct state){
		.version = 1,
		.id = (char *)m->o->id,
		.bundle = m->bundle.path,
		.oci_version = m->config->oci_version,
		.created = now_text(a),
		.owner = geteuid() ? passwd_get(a, geteuid(), PASSWD_NAME, "") : (char *)"root",
		.boot_id = arena_alloc(a, 40),
		.no_pivot = m->o->no_pivot,
		.no_new_keyring = m->o->no_new_keyring,
		.has_poststart = hooks && hooks->poststart.n,
		.has_poststop = hooks && hooks->poststop.n,
		.has_user_ns = m->has_user_ns,
		.has_mount_ns = oci_namespace(m->config, OCI_NS_MOUNT),
		.has_pid_ns = oci_namespace_is_own(m->config, OCI_NS_PID),
		.has_small_memory = shortage_is_possible(m->config),
		.annotations = m->config->annotations,
	};
	const char *root = m->config->root->path;
	s->rootfs = *root == '/' ? (char *)root : arena_printf(a, "%s/%s", m->bundle.path, root);
	if (!s->created || !s->owner || !s->boot_id || !s->rootfs)
		return err_set(e, ENOMEM, "make the state");
	m->c->state = s;
	return 0;
}

/* All that will be made on the host. */
static int plan_intents(struct creation *m, struct err *e)
{
	struct arena *a = &m->c->arena;
	const char *overlay_dir = NULL;
	int r = creation_plan_cgroup(m, e);

	if (r >= 0 && m->config->linux_->intel_rdt)
		r = rdt_plan(a, m->config->linux_->intel_rdt, m->o->id, &m->c->state->rdt_group, e);
	if (r >= 0)
		r = overlay_plan(a, m->config, m->o->overlay, m->o->id, &m->overlay,
				 &m->has_overlay, e);
	m->overlay.mark = m->c->state->created;
	if (r >= 0 && m->has_overlay)
		r = overlay_intent(a, &m->overlay, &overlay_dir, e);
	m->c->state->overlay_dir = (char *)overlay_dir;
	return r;
}

static int step_claim(struct creation *m, struct err *e)
{
	int fd, r = create_fill_state(m, e);

	if (r >= 0)
		r = plan_intents(m, e);
	if (r < 0)
		return r;
	fd = statefile_make_dir(m->rt, m->o->id, e);
	if (fd < 0)
		return fd;
	m->c->dir_fd = fd;
	m->c->locked = true;
	return statefile_save(fd, m->c->state, e);
}

/* -- prepare: what init inherits ------------------------------------------------------------ */

static int prepare_process(struct creation *m, struct err *e)
{
	struct process_plan *p = &m->init.process;
	const struct oci_seccomp *seccomp = m->config->linux_->seccomp;
	int r = 0;

	*p = (struct process_plan){
		.process = m->config->process,
		.linux_ = m->config->linux_,
		.id = m->o->id,
		.no_new_keyring = m->o->no_new_keyring,
		.keep_groups = annotation_keep_groups(&m->config->annotations),
		.has_successor = ns_enters_last(&m->ns),
		.clones_program = late_moves(&m->init),
		.rlimits_set = m->has_user_ns,
		.arena = &m->c->arena,
	};
	if (seccomp) {
		r = seccomp_prepare(&m->c->arena, seccomp, m->rt->root_fd, &m->filter, e);
		p->seccomp = &m->filter;
	}
	if (r >= 0 && m->init.tell_ports && seccomp && seccomp_notifies(&m->filter))
		r = err_msg(e, EBUSY, "/linux/seccomp: a profile with SCMP_ACT_NOTIFY and held ports (--port) exclude each other, "
				      "as the kernel allows one listener a process");
	return r < 0 ? r : process_prepare(p, m->o->preserve_fds, e);
}

static int prepare_console(struct creation *m, struct err *e)
{
	if (!m->config->process->terminal)
		return 0;
	int r = console_channel(m->o->console_socket, m->o->console_fd, m->use_gate, &m->init.console_fd,
				&m->console_peer, e);
	m->init.console_is_plain = console_is_plain(m->console_peer);
	return r;
}

static int prepare_rootfs(struct creation *m, struct err *e)
{
	struct rootfs_opts o = {
		.bundle = m->bundle.path,
		.bundle_fd = m->bundle.fd,
		.cgroup_fd = m->cgroup.fd,
		.overlay_fd = FD_NONE,
		.null_fd = m->null_fd,
		.no_pivot = m->o->no_pivot,
	};

	if (m->has_overlay && ns_is_new(&m->ns, CLONE_NEWUSER) && geteuid() != 0) {
		int r = overlay_make_dir(&m->overlay, e);
		if (r < 0)
			return r;
		m->overlay.bundle = m->bundle.path;
		o.overlay = &m->overlay;
	} else if (m->has_overlay) {
		int r = overlay_assemble(&m->c->arena, m->bundle.fd, &m->overlay, &m->overlay_fd, e);
		if (r < 0)
			return r;
		o.overlay_fd = m->overlay_fd;
	}
	return rootfs_prepare(&m->c->arena, m->config, &o, &m->init.rootfs, e);
}

/* Most containers need no procfs of ours; it costs a superblock. */
static bool needs_procfd(const struct creation *m)
{
	const struct oci_process *p = m->config->process;
	const struct oci_linux *l = m->config->linux_;

	return m->has_user_ns || l->sysctl.n || l->time_offsets.n || p->oom_score_adj.set ||
	       p->apparmor_profile || p->selinux_label || ns_is_new(&m->ns, CLONE_NEWTIME);
}

static int prepare_sockets(struct creation *m, struct err *e)
{
	int pair[2], r = sync_pair(pair, e);

	if (r < 0)
		return r;
	m->init.runtime_end = pair[0];
	m->init.sync_fd = pair[1];
	m->init.folder_fd = m->c->dir_fd;
	if (!m->use_gate)
		return 0;
	m->init.gate_fd = gate_listen(m->c->dir_fd, e);
	return m->init.gate_fd;
}

static int step_prepare(struct creation *m, struct err *e)
{
	const struct oci_hooks *hooks = m->config->hooks;
	int r = ns_prepare(m->config, &m->ns, e);

	if (r >= 0)
		r = null_reopen(&m->null_fd, e);
	if (r >= 0)
		r = tracer_check_create(m->config, m->ns.pid_join.fd, e);
	m->ns.as_sibling = m->o->as_sibling;
	if (r >= 0 && m->o->above_pid_ns_fd)
		r = ns_nest(&m->ns, *m->o->above_pid_ns_fd, e);
	if (r >= 0)
		r = sysctl_check(&m->config->linux_->sysctl, &m->ns, e);
	m->init.config = m->config;
	m->init.state = m->c->state;
	m->init.ns = &m->ns;
	m->init.hooks_aside = hooks_go_aside(m);
	m->init.tell_mounted = m->config->linux_->net_devices.n || m->init.hooks_aside ||
			       (hooks && (hooks->prestart.n || hooks->create_runtime.n));
	m->init.tell_ports = m->o->take_ports != NULL;
	/* Init is undumpable: for others than root its /proc files are closed. */
	m->init.give_namespaces = m->use_gate && m->has_user_ns && geteuid() != 0;
	if (r >= 0)
		r = late_prepare(m, e);
	if (r >= 0)
		r = prepare_sockets(m, e);
	if (r >= 0)
		r = prepare_process(m, e);
	m->init.tell_ready = m->use_gate || m->init.process.rlimits_set || m->config->linux_->intel_rdt;
	if (r >= 0)
		r = prepare_console(m, e);
	if (r >= 0)
		r = prepare_rootfs(m, e);
	if (r >= 0 && needs_procfd(m))
		r = m->init.procfd = procfd_open(e);
	return r;
}

/* -- clone, record --------------------------------------------------------------------------- */

static int clone_init(struct creation *m, struct err *e)
{
	if (creation_has_cgroup_around(m))
		return ns_clone_held(&m->ns, init_main, &m->init, &m->child, &m->hold_fd, e);
	return ns_clone(&m->ns, m->cgroup.fd, init_main, &m->init, &m->child, e);
}

/* The root of a user namespace may not be allowed to look the rootfs up: it starts in it. */
static int clone_in_rootfs(struct creation *m, struct err *e)
{
	_cleanup_fd_ int was = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = was < 0 ? err_set(e, errno, "open the working directory") :
			  rootfs_chdir(m->init.rootfs, e);

	if (r >= 0)
		r = clone_init(m, e);
	if (was >= 0 && fchdir(was) < 0 && r >= 0)
		r = err_set(e, errno, "go back to the working directory");
	return r;
}

static int step_clone(struct creation *m, struct err *e)
{
	int r = m->has_user_ns ? clone_in_rootfs(m, e) : clone_init(m, e);

	/* Only init may hold its ends, so that EOF means that it is gone. */
	fd_close(&m->init.sync_fd);
	fd_close(&m->init.gate_fd);
	fd_close(&m->init.console_fd);
	fd_close(&m->null_fd);
	rootfs_close(m->init.rootfs);
	m->init.rootfs = NULL;
	/* A process may be made only within what the user owns of the tree. */
	return cgroup_advise(r, &m->place, e);
}

static int step_record(struct creation *m, struct err *e)
{
	const struct opt_i64 *oom = &m->config->process->oom_score_adj;
	struct state *s = m->c->state;
	int r;

	s->pid = m->child.pid;
	s->started = !m->use_gate;
	m->c->pidfd = fd_take(&m->child.pidfd);
	r = statefile_boot_id(s->boot_id, e);
	if (r >= 0)
		r = statefile_pid_start(m->child.pid, &s->pid_start, e);
	if (r >= 0)
		r = statefile_save(m->c->dir_fd, s, e);
	if (r >= 0)
		r = io_replace_at(m->c->dir_fd, CONFIG_FILE, m->bundle.json, m->bundle.json_len, 0600,
				  e);
	if (r >= 0 && oom->set)
		r = oom_score_adj_apply(m->init.procfd, m->child.pid, (int)oom->v, e);
	return r;
}

static int step_announce(struct creation *m, struct err *e)
{
	const char *path = m->o->pidfd_socket;

	return path ? pidfile_give_pidfd(path, m->c->pidfd, "standard", e) : 0;
}

static int (*const steps[])(struct creation *m, struct err *e) = {
	step_load,  step_claim, creation_cgroup, step_prepare, step_clone, creation_cgroup_around,
	step_record, creation_limit, creation_converse, step_announce,
};

/* The first error counts; what undoing runs into is told behind it. */
static int give_up(struct creation *m, int r, struct err *e)
{
	struct err more = ERR_INIT;

	ns_discard(&(struct ns_child){ m->child.pid, m->c->pidfd >= 0 ? m->c->pidfd
								      : m->child.pidfd });
	if (m->c->dir_fd < 0)
		return r;
	shortage_explain(m->c, e);
	if (undo(m->c, &more) < 0) {
		struct err first = *e;
		err_msg(e, first.code, "%s (and while undoing it: %s)", first.text, more.text);
	}
	/* What prestart and createRuntime hooks made, poststop hooks take away. */
	if (m->config->hooks)
		lifecycle_poststop(m->c->state, &m->config->hooks->poststop);
	return r;
}

int create_container(struct runtime *rt, const struct create_opts *o, bool use_gate,
		     struct container *c, struct created *ret, struct err *e)
{
	struct creation m = {
		.rt = rt,
		.o = o,
		.c = c,
		.bundle = BUNDLE_INIT,
		.ns = NS_PLAN_INIT,
		.cgroup = CGROUP_INIT,
		.init = { .sync_fd = FD_NONE, .runtime_end = FD_NONE, .gate_fd = FD_NONE,
			  .procfd = FD_NONE, .console_fd = FD_NONE },
		.child.pidfd = FD_NONE,
		.console_peer = FD_NONE,
		.overlay_fd = FD_NONE,
		.null_fd = FD_NONE,
		.ports_fd = FD_NONE,
		.seccomp_fd = FD_NONE,
		.hold_fd = FD_NONE,
		.use_gate = use_gate,
	};
	int r = 0;

	c->rt = rt;
	for (size_t i = 0; r >= 0 && !m.is_declined && i < sizeof steps / sizeof *steps; i++)
		r = steps[i](&m, e);
	if (m.is_declined) {
		r = CREATE_DECLINED;
	} else if (r < 0) {
		r = give_up(&m, r, e);
	} else {
		ret->sync_fd = use_gate ? FD_NONE : fd_take(&m.init.runtime_end);
		ret->console_fd = fd_take(&m.console_peer);
		r = 0;
	}
	creation_close(&m);
	return r;
}
