/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_ttrpc: a stream of frames from whoever speaks to containerd's shim. Requests are decoded by the real table of
 * methods, but do nothing: Create would mount.
 */
#include <string.h>

#include "base/fd.h"
#include "fuzz.h"
#include "ledger.h"
#include "methods.h"
#include "rpc.h"
#include "shim.h"
#include "frame.h"
#include "task.pb-c.h"
#include "task_options.h"

#define METHODS_MAX 40

static struct rpc_method harmless[METHODS_MAX];
static struct shim shim;

static void take(struct shim *s, struct call *c, const void *request)
{
	const Task__CreateTaskRequest *create = request;
	struct options options;
	struct err e = ERR_INIT;

	if (create && create->base.descriptor == &task__create_task_request__descriptor && create->options)
		options_read(create->options->type_url, create->options->value.data, create->options->value.len,
			     &options, &e);
	rpc_reply(s, c, request);
}

static void prepare(void)
{
	struct err e = ERR_INIT;

	for (int i = 0; methods[i].name; i++) {
		harmless[i] = methods[i];
		harmless[i].run = take;
	}
	shim.rt.root_fd = FD_NONE;
	shim.methods = harmless;
	shim.ledger = ledger_new(&e);
	if (!shim.ledger)
		exit(2);
	shim.events.queue = &shim.ledger->events;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const uint8_t *body;
	struct frame f;
	size_t used;

	if (!shim.ledger)
		prepare();
	for (size_t at = 0; frame_next(data + at, len - at, &f, &body, &used) == FRAME_READY; at += used)
		rpc_request(&shim, 0, f.stream, body, f.length);
	return 0;
}
