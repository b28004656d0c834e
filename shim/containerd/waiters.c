/* SPDX-License-Identifier: Apache-2.0 */
/* waiters: see waiters.h. */
#include "waiters.h"

#include <stdlib.h>

#include "base/err.h"
#include "proc.h"
#include "task.pb-c.h"

struct waiter {
	struct waiter *next;
	struct call *call;
	size_t len;
	uint8_t request[];
};

/* -- Wait ------------------------------------------------------------------------------------- */

static void answer_wait(struct proc *p, struct call *c)
{
	Task__Timestamp when = TASK__TIMESTAMP__INIT;
	Task__WaitResponse answer = TASK__WAIT_RESPONSE__INIT;

	when.seconds = p->r->exited_s;
	when.nanos = p->r->exited_ns;
	answer.exit_status = p->r->exit_status;
	answer.exited_at = &when;
	if (p->r->exited)
		rpc_reply(p->shim, c, &answer.base);
	else
		rpc_fail(p->shim, c, RPC_NOT_FOUND, "process %s in container %s: not found: it was deleted before "
			 "it was started", record_text(p->r, RECORD_EXEC_ID), record_text(p->r, RECORD_ID));
}

void waiters_wait(struct proc *p, struct call *c)
{
	if (p->r->state == RECORD_STOPPED)
		answer_wait(p, c);
	else
		c->record = ledger_index(p->shim->ledger, p->r);
}

void waiters_answer(struct proc *p)
{
	struct ledger *l = p->shim->ledger;
	int index = ledger_index(l, p->r);

	for (uint32_t i = 0; i < l->calls_end; i++)
		if (l->calls[i].open && l->calls[i].record == index)
			answer_wait(p, &l->calls[i]);
}

/* -- the others ------------------------------------------------------------------------------- */

void waiters_add(struct proc *p, struct call *c, const ProtobufCMessage *request)
{
	struct waiter **end = &p->waiters;
	size_t len = protobuf_c_message_get_packed_size(request);
	struct waiter *w = calloc(1, sizeof *w + len);

	if (!w) {
		rpc_fail(p->shim, c, RPC_EXHAUSTED, "out of memory");
		return;
	}
	w->call = c;
	w->len = protobuf_c_message_pack(request, w->request);
	while (*end)
		end = &(*end)->next;
	*end = w;
}

static void run_again(struct shim *s, const struct waiter *w)
{
	const struct rpc_method *m = &s->methods[w->call->method];
	ProtobufCMessage *request = protobuf_c_message_unpack(m->request, NULL, w->len, w->request);

	if (!request) {
		rpc_fail(s, w->call, RPC_EXHAUSTED, "out of memory");
		return;
	}
	m->run(s, w->call, request);
	protobuf_c_message_free_unpacked(request, NULL);
}

void waiters_go_on(struct proc *p)
{
	struct shim *s = p->shim;
	struct waiter *w = p->waiters;

	p->waiters = NULL;
	while (w) {
		struct waiter *done = w;
		w = w->next;
		run_again(s, done);
		free(done);
	}
}
