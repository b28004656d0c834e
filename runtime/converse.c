/* SPDX-License-Identifier: Apache-2.0 */
/* converse: the runtime's side of the conversation with init (sync.h), from clone to READY. */
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"
#include "creation.h"
#include "hooks.h"
#include "hooks_aside.h"
#include "late.h"
#include "ns/net.h"
#include "ns/usermap.h"
#include "pidfile.h"
#include "process/rlimit.h"
#include "rdt/rdt.h"
#include "wire/sync.h"

static int on_up(struct creation *m, struct err *e)
{
	int r = usermap_write(m->init.procfd, m->child.pid, m->config->linux_, e);

	return r < 0 ? r : sync_send(m->init.runtime_end, SYNC_MAPS, 0, e);
}

static int on_mounted(struct creation *m, struct err *e)
{
	const struct oci_hooks *hooks = m->config->hooks;
	_cleanup_buf_ struct buf json = BUF_INIT;
	int r = net_move_devices(m->config->linux_, m->child.pid, e);

	if (r >= 0 && hooks) {
		r = state_encode_oci(m->c->state, STATUS_CREATING, m->child.pid, &json, e);
		if (r >= 0)
			r = hooks_run(&hooks->prestart, json.data, json.len, "prestart", e);
		if (r >= 0)
			r = hooks_run(&hooks->create_runtime, json.data, json.len,
				      "createRuntime", e);
	}
	if (r >= 0 && m->init.hooks_aside)
		r = hooks_run_aside(m, e);
	return r < 0 ? r : sync_send(m->init.runtime_end, SYNC_HOOKED, 0, e);
}

static int on_ready(struct creation *m, struct err *e)
{
	int r = 0;

	if (m->init.process.rlimits_set)
		r = rlimits_apply(m->child.pid, m->config->process, e);
	if (r >= 0 && m->config->linux_->intel_rdt)
		r = rdt_apply(m->config->linux_->intel_rdt, m->o->id, m->child.pid, e);
	if (r >= 0 && m->o->pid_file && m->use_gate)
		r = pidfile_write(m->o->pid_file, m->child.pid, e);
	return r < 0 ? r : sync_send(m->init.runtime_end, SYNC_TAKEN, 0, e);
}

#define EXPECT(type) (1U << (type))

/* What init has still to say, each once: anything else is a violation of the protocol. */
static unsigned expected(const struct creation *m)
{
	unsigned set = 0;

	if (ns_is_new(&m->ns, CLONE_NEWUSER))
		set |= EXPECT(SYNC_UP);
	if (m->init.tell_mounted)
		set |= EXPECT(SYNC_MOUNTED);
	if (m->init.tell_ports)
		set |= EXPECT(SYNC_PORTS);
	if (m->init.process.seccomp && seccomp_notifies(m->init.process.seccomp))
		set |= EXPECT(SYNC_SECCOMP);
	if (ns_enters_last(&m->ns))
		set |= EXPECT(SYNC_SUCCESSOR);
	if (m->init.tell_ready)
		set |= EXPECT(SYNC_READY);
	return set;
}

int creation_converse(struct creation *m, struct err *e)
{
	for (unsigned left = expected(m); left;) {
		int value, r = sync_recv(m->init.runtime_end, &value, e);
		if (r == SYNC_EOF)
			return err_msg(e, EPIPE, "the container's init died while being set up");
		if (r < 0)
			return r;
		if (!(left & EXPECT(r)))
			return err_msg(e, EPROTO, "unexpected sync frame %d from init", r);
		left &= ~EXPECT(r);
		r = r == SYNC_UP	? on_up(m, e)
		    : r == SYNC_MOUNTED ? on_mounted(m, e)
		    : r == SYNC_PORTS	? creation_take_ports(m, value, e)
		    : r == SYNC_SECCOMP ? creation_take_seccomp(m, value, e)
		    : r == SYNC_SUCCESSOR ? late_follow(m, e)
					: on_ready(m, e);
		if (r < 0)
			return r;
	}
	return 0;
}
