/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/message: see ctl/message.h. */
#include "ctl/message.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "fault.h"
#include "json.h"
#include "rows.h"

static const char *const names[CTL_COMMANDS] = {
	[CTL_STATUS] = "status", [CTL_FAILOVER] = "failover", [CTL_UPGRADE] = "upgrade",
	[CTL_STOP] = "stop",	 [CTL_KILL] = "kill",	      [CTL_START] = "start",
	[CTL_FAIL] = "fail",	 [CTL_REPLACE] = "replace",
};

/* As they are written. */
struct request {
	const char *command, *to, *bundle, *settings;
	bool overlap, wait, stop_first, stay;
	int32_t signal;
};

static const struct field request_rows[] = {
	F(request, command, "command", T_STRING, REQUIRED, ANY, 0, "What is asked for."),
	F(request, to, "to", T_STRING, 0, ANY, 0, "The member to switch to."),
	F(request, bundle, "bundle", T_STRING, 0, ANY, 0, "The new version's, absolute."),
	F(request, settings, "settings", T_STRING, 0, ANY, 0, "Of the policy, a line each."),
	F(request, overlap, "overlap", T_BOOL, 0, ANY, 0, "Both run for a while."),
	F(request, wait, "wait", T_BOOL, 0, ANY, 0, "The answer comes when it is done."),
	F(request, stop_first, "stopFirst", T_BOOL, 0, ANY, 0, "The old one ends first."),
	F(request, stay, "stay", T_BOOL, 0, ANY, 0, "Done is when it is there to stay."),
	F(request, signal, "signal", T_I32, ALWAYS, RANGE(0, 64), 0, "The signal to send."),
};
static const struct table request_table = TABLE_OF(request, request_rows);

struct refusal {
	const char *error;
	int32_t errnum;
};

static const struct field refusal_rows[] = {
	F(refusal, error, "error", T_STRING, 0, ANY, 0, "Why not."),
	F(refusal, errnum, "errno", T_I32, 0, ANY, 0, "The error's number."),
};
static const struct table refusal_table = TABLE_OF(refusal, refusal_rows);

void ctl_request_encode(const struct ctl_request *q, struct buf *out)
{
	struct json_out o = { .buf = out };
	struct request rq = {
		.command = names[q->command],
		.to = q->to,
		.bundle = q->bundle,
		.settings = q->settings,
		.overlap = q->overlap,
		.wait = q->wait,
		.stop_first = q->stop_first,
		.stay = q->stay,
		.signal = q->signal,
	};

	table_encode(&request_table, &rq, &o);
}

static int find_command(const char *name)
{
	for (int i = 0; i < CTL_COMMANDS; i++)
		if (!strcmp(name, names[i]))
			return i;
	return -1;
}

int ctl_request_decode(const char *json, size_t len, struct arena *a, struct ctl_request *ret,
		       struct err *e)
{
	struct fault_sink sink = { .name = "request", .text = json, .len = len, .arena = a, .e = e };
	struct request rq = { 0 };
	int r = table_decode(&request_table, &rq, &sink);
	int command = r < 0 ? -1 : find_command(rq.command);

	if (r < 0)
		return r;
	if (command < 0)
		return err_msg(e, EINVAL, "request: unknown command");
	*ret = (struct ctl_request){
		.command = (enum ctl_command)command,
		.to = rq.to,
		.bundle = rq.bundle,
		.settings = rq.settings,
		.overlap = rq.overlap,
		.wait = rq.wait,
		.stop_first = rq.stop_first,
		.stay = rq.stay,
		.signal = rq.signal,
	};
	if (ret->command == CTL_UPGRADE && (!ret->bundle || *ret->bundle != '/'))
		return err_msg(e, EINVAL, "request: upgrade needs the absolute path of a bundle");
	return 0;
}

bool ctl_answer_is_error(const char *json, size_t len, struct err *e)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct err ignored;
	struct fault_sink sink = { .name = "answer", .text = json, .len = len, .arena = &a, .e = &ignored };
	struct refusal refusal = { 0 };

	if (table_decode(&refusal_table, &refusal, &sink) < 0)
		err_msg(e, EPROTO, "the shim's answer is not JSON");
	else if (refusal.error)
		err_msg(e, refusal.errnum ? refusal.errnum : EIO, "%s", refusal.error);
	else
		return false;
	return true;
}
