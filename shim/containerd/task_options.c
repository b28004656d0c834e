/* SPDX-License-Identifier: Apache-2.0 */
/* task_options: see task_options.h. */
#include "task_options.h"

#include <string.h>

#include "base/err.h"
#include "task_options.pb-c.h"

static int take(bool no_pivot, bool no_new_keyring, const char *shim_cgroup, struct options *ret, struct err *e)
{
	size_t len = strlen(shim_cgroup);

	if (len && (shim_cgroup[0] != '/' || len >= sizeof ret->shim_cgroup))
		return err_msg(e, EINVAL, "ShimCgroup %.64s: not an absolute path", shim_cgroup);
	ret->no_pivot = no_pivot;
	ret->no_new_keyring = no_new_keyring;
	memcpy(ret->shim_cgroup, shim_cgroup, len + 1);
	return 0;
}

static int take_options(const ProtobufCMessage *m, struct options *ret, struct err *e)
{
	const Options__Options *o = (const Options__Options *)m;

	ret->systemd_cgroup = o->systemd_cgroup;
	return take(o->no_pivot_root, o->no_new_keyring, o->shim_cgroup, ret, e);
}

static int take_create_options(const ProtobufCMessage *m, struct options *ret, struct err *e)
{
	const Options__CreateOptions *o = (const Options__CreateOptions *)m;

	return take(o->no_pivot_root, o->no_new_keyring, o->shim_cgroup, ret, e);
}

static const struct {
	const char *name;
	const ProtobufCMessageDescriptor *type;
	int (*take)(const ProtobufCMessage *m, struct options *ret, struct err *e);
} types[] = {
	{ "containerd.runc.v1.Options", &options__options__descriptor, take_options },
	{ "containerd.linux.runc.CreateOptions", &options__create_options__descriptor, take_create_options },
};

int options_read(const char *type_url, const uint8_t *data, size_t len, struct options *ret, struct err *e)
{
	const char *slash = strrchr(type_url, '/'), *name = slash ? slash + 1 : type_url;
	int r = 0;

	*ret = (struct options){ 0 };
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		if (strcmp(name, types[i].name))
			continue;
		ProtobufCMessage *m = protobuf_c_message_unpack(types[i].type, NULL, len, data);
		r = m ? types[i].take(m, ret, e) : err_msg(e, EBADMSG, "not a message");
		protobuf_c_message_free_unpacked(m, NULL);
	}
	return r < 0 ? err_in(e, "options") : 0;
}

static bool is_empty(const struct options *o)
{
	return !o->no_pivot && !o->no_new_keyring && !o->shim_cgroup[0];
}

int options_read_start(const uint8_t *data, size_t len, struct options *ret, struct err *e)
{
	Options__Start *start = options__start__unpack(NULL, len, data);

	*ret = (struct options){ 0 };
	if (!start)
		return 0; /* a later containerd's; nothing that a container could not run without */
	int r = options_read(start->type_url, start->value.data, start->value.len, ret, e);
	for (size_t i = 0; i < start->n_extensions && r >= 0 && is_empty(ret); i++) {
		const Options__Any *any = start->extensions[i]->value;
		if (any)
			r = options_read(any->type_url, any->value.data, any->value.len, ret, e);
	}
	options__start__free_unpacked(start, NULL);
	return r;
}
