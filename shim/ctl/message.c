/* ctl/message: see ctl/message.h. */
#include "ctl/message.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "json.h"

static const char *const names[CTL_COMMANDS] = {
	[CTL_STATUS] = "status", [CTL_FAILOVER] = "failover", [CTL_UPGRADE] = "upgrade",
	[CTL_STOP] = "stop",	 [CTL_KILL] = "kill",	      [CTL_START] = "start",
	[CTL_FAIL] = "fail",	 [CTL_REPLACE] = "replace",
};

static void put_text(struct json_out *o, const char *key, const char *value)
{
	if (!value)
		return;
	json_key(o, key);
	json_string(o, value);
}

static void put_flag(struct json_out *o, const char *key, bool value)
{
	if (!value)
		return;
	json_key(o, key);
	json_bool(o, true);
}

void ctl_request_encode(const struct ctl_request *q, struct buf *out)
{
	struct json_out o = { .buf = out };

	json_begin_object(&o);
	put_text(&o, "command", names[q->command]);
	put_text(&o, "to", q->to);
	put_text(&o, "bundle", q->bundle);
	put_text(&o, "settings", q->settings);
	put_flag(&o, "overlap", q->overlap);
	put_flag(&o, "wait", q->wait);
	put_flag(&o, "stopFirst", q->stop_first);
	put_flag(&o, "stay", q->stay);
	json_key(&o, "signal");
	json_i64(&o, q->signal);
	json_end_object(&o);
}

struct decoding {
	struct arena *arena;
	struct ctl_request *q;
	char key[16];
	int depth;
	bool has_command, failed;
};

static void take_string(struct decoding *d, const char *text, size_t len)
{
	char *copy = arena_strndup(d->arena, text, len);

	d->failed |= !copy;
	if (!copy)
		return;
	if (!strcmp(d->key, "to"))
		d->q->to = copy;
	else if (!strcmp(d->key, "bundle"))
		d->q->bundle = copy;
	else if (!strcmp(d->key, "settings"))
		d->q->settings = copy;
	else if (!strcmp(d->key, "command"))
		for (int i = 0; i < CTL_COMMANDS; i++)
			if (!strcmp(copy, names[i])) {
				d->q->command = (enum ctl_command)i;
				d->has_command = true;
			}
}

static int on_event(void *ctx, struct json_reader *r, const struct json_event *ev)
{
	struct decoding *d = ctx;

	if (ev->type == JSON_OBJECT && d->depth++)
		json_skip(r);
	else if (ev->type == JSON_ARRAY)
		json_skip(r);
	else if (ev->type == JSON_KEY) {
		size_t n = ev->len < sizeof d->key - 1 ? ev->len : sizeof d->key - 1;
		memcpy(d->key, ev->text, n);
		d->key[n] = '\0';
	} else if (ev->type == JSON_STRING) {
		take_string(d, ev->text, ev->len);
	} else if (ev->type == JSON_BOOL) {
		if (!strcmp(d->key, "overlap"))
			d->q->overlap = ev->on;
		else if (!strcmp(d->key, "wait"))
			d->q->wait = ev->on;
		else if (!strcmp(d->key, "stopFirst"))
			d->q->stop_first = ev->on;
		else if (!strcmp(d->key, "stay"))
			d->q->stay = ev->on;
	} else if (ev->type == JSON_NUMBER && !strcmp(d->key, "signal")) {
		d->q->signal = (int)strtol(ev->text, NULL, 10);
	}
	return 0;
}

int ctl_request_decode(const char *json, size_t len, struct arena *a, struct ctl_request *ret,
		       struct err *e)
{
	struct decoding d = { .arena = a, .q = ret };
	struct json_fault fault = { 0 };

	*ret = (struct ctl_request){ 0 };
	if (json_read(json, len, on_event, &d, &fault) < 0)
		return err_msg(e, EINVAL, "request: %s", fault.text);
	if (d.failed)
		return err_set(e, ENOMEM, "read the request");
	if (!d.has_command)
		return err_msg(e, EINVAL, "request: no command of this version");
	if (ret->signal < 0 || ret->signal > 64)
		return err_msg(e, EINVAL, "request: no such signal");
	if (ret->command == CTL_UPGRADE && (!ret->bundle || *ret->bundle != '/'))
		return err_msg(e, EINVAL, "request: upgrade needs the absolute path of a bundle");
	return 0;
}

struct refusal {
	char key[16];
	int depth;
	bool is_error;
	struct err *e;
};

static int on_answer(void *ctx, struct json_reader *r, const struct json_event *ev)
{
	struct refusal *f = ctx;

	if ((ev->type == JSON_OBJECT && f->depth++) || ev->type == JSON_ARRAY)
		json_skip(r);
	else if (ev->type == JSON_KEY) {
		size_t n = ev->len < sizeof f->key - 1 ? ev->len : sizeof f->key - 1;
		memcpy(f->key, ev->text, n);
		f->key[n] = '\0';
	} else if (ev->type == JSON_STRING && !strcmp(f->key, "error")) {
		f->is_error = true;
		err_msg(f->e, f->e->code ? f->e->code : EIO, "%.*s", (int)ev->len, ev->text);
	} else if (ev->type == JSON_NUMBER && !strcmp(f->key, "errno")) {
		f->e->code = (int)strtol(ev->text, NULL, 10);
	}
	return 0;
}

bool ctl_answer_is_error(const char *json, size_t len, struct err *e)
{
	struct err own = ERR_INIT;
	struct refusal f = { .e = &own };
	struct json_fault ignored;

	if (json_read(json, len, on_answer, &f, &ignored) < 0) {
		err_msg(e, EPROTO, "the shim's answer is not JSON");
		return true;
	}
	if (f.is_error)
		err_msg(e, own.code, "%s", own.text);
	return f.is_error;
}
