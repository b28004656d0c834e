/* SPDX-License-Identifier: Apache-2.0 */
/* exec_process: see exec_process.h. */
#include "exec_process.h"

#include <fcntl.h>
#include <string.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "names.h"
#include "process/user.h"
#include "spec.h"

static int exec_process_no_memory(struct err *e)
{
	return err_set(e, ENOMEM, "prepare the process to execute");
}

/* --process FILE; "-" is stdin. */
static int exec_process_load(struct arena *a, const char *path, struct oci_process **ret, struct err *e)
{
	bool is_stdin = !strcmp(path, "-");
	_cleanup_fd_ int fd = is_stdin ? FD_NONE : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char *json;
	size_t len;

	if (!is_stdin && fd < 0)
		return err_set(e, errno, "open process file %s", path);
	int r = io_read_all(a, is_stdin ? STDIN_FILENO : fd, SPEC_MAX_BYTES, path, &json, &len, e);
	if (r >= 0)
		r = spec_load_process(a, json, len, ret, e);
	return r < 0 ? err_in(e, "process file %s", path) : 0;
}

static int append_env(struct arena *a, struct oci_process *p, const struct exec_opts *o,
		      struct err *e)
{
	oci_strings all = { arena_calloc(a, p->env.n + o->n_env, sizeof *all.v), 0 };

	if (!all.v)
		return exec_process_no_memory(e);
	for (size_t i = 0; i < p->env.n; i++)
		all.v[all.n++] = p->env.v[i];
	for (size_t i = 0; i < o->n_env; i++)
		all.v[all.n++] = o->env[i];
	p->env = all;
	return 0;
}

static int append_gids(struct arena *a, struct oci_process *p, const struct exec_opts *o,
		       struct err *e)
{
	oci_u32s all = { arena_calloc(a, p->user.additional_gids.n + o->n_additional_gids,
				      sizeof *all.v), 0 };

	if (!all.v)
		return exec_process_no_memory(e);
	for (size_t i = 0; i < p->user.additional_gids.n; i++)
		all.v[all.n++] = p->user.additional_gids.v[i];
	for (size_t i = 0; i < o->n_additional_gids; i++)
		all.v[all.n++] = o->additional_gids[i];
	p->user.additional_gids = all;
	return 0;
}

static int append_caps(struct arena *a, const oci_enums *was, const int *more, size_t n_more,
		       oci_enums *ret, struct err *e)
{
	oci_enums all = { arena_calloc(a, was->n + n_more, sizeof *all.v), 0 };

	if (!all.v)
		return exec_process_no_memory(e);
	if (was->n)
		memcpy(all.v, was->v, was->n * sizeof *all.v);
	memcpy(all.v + was->n, more, n_more * sizeof *all.v);
	all.n = was->n + n_more;
	*ret = all;
	return 0;
}

/*
 * --cap: into the bounding, effective and permitted sets. The inheritable set stays as the config made it
 * (CVE-2022-29162), but for users other than root: execve leaves them only what is ambient, which has to be
 * inheritable as well.
 */
static int add_caps(struct arena *a, struct oci_process *p, const struct exec_opts *o,
		    struct err *e)
{
	struct oci_capabilities *caps = arena_alloc(a, sizeof *caps);
	int *more = arena_calloc(a, o->n_caps, sizeof *more);

	if (!caps || !more)
		return exec_process_no_memory(e);
	if (p->capabilities)
		*caps = *p->capabilities;
	for (size_t i = 0; i < o->n_caps; i++) {
		const struct name *cap = names_find(NAMES_CAPABILITY, o->caps[i], strlen(o->caps[i]));
		if (!cap)
			return err_msg(e, EINVAL, "--cap %s: unknown capability", o->caps[i]);
		more[i] = cap->value;
	}
	oci_enums *const sets[] = { &caps->bounding, &caps->effective, &caps->permitted, &caps->inheritable,
				    &caps->ambient };
	size_t n_sets = p->user.uid ? 5 : 3;
	for (size_t i = 0; i < n_sets; i++) {
		int r = append_caps(a, sets[i], more, o->n_caps, sets[i], e);
		if (r < 0)
			return r;
	}
	p->capabilities = caps;
	return 0;
}

/* An empty value is none, as in runc: --user "$USER" of a script that has none. */
static bool given(const char *option)
{
	return option && *option;
}

/* The options over init's process; what is not given stays as init has it. */
static int overlay_options(struct arena *a, const struct exec_opts *o, struct oci_process *p,
			   struct err *e)
{
	int r = 0;

	p->args = (oci_strings){ (char **)o->args, o->n_args };
	p->terminal = o->tty;
	p->console_size = NULL;
	if (given(o->cwd))
		p->cwd = (char *)o->cwd;
	if (given(o->apparmor))
		p->apparmor_profile = (char *)o->apparmor;
	if (given(o->process_label))
		p->selinux_label = (char *)o->process_label;
	if (o->no_new_privs)
		p->no_new_privileges = true;
	if (given(o->user))
		r = user_parse(o->user, &p->user.uid, &p->user.gid, e);
	if (r >= 0 && o->n_env)
		r = append_env(a, p, o, e);
	if (r >= 0 && o->n_additional_gids)
		r = append_gids(a, p, o, e);
	if (r >= 0 && o->n_caps)
		r = add_caps(a, p, o, e);
	return r;
}

int exec_process(struct arena *a, const struct oci_process *init, const struct exec_opts *o,
		 struct oci_process **ret, struct err *e)
{
	struct oci_process *p = NULL;
	int r;

	if (o->process_json) {
		r = exec_process_load(a, o->process_json, &p, e);
		if (r >= 0 && o->tty_decides)
			p->terminal = o->tty;
		/* As with runc: an empty object is how to ask for none. */
		if (r >= 0 && !p->capabilities && init)
			p->capabilities = init->capabilities;
	} else {
		p = arena_alloc(a, sizeof *p);
		if (!p)
			return exec_process_no_memory(e);
		if (init)
			*p = *init;
		r = overlay_options(a, o, p, e);
	}
	if (r >= 0 && !p->args.n)
		return err_msg(e, EINVAL, "exec: process args cannot be empty");
	if (r >= 0 && (!p->cwd || *p->cwd != '/'))
		return err_msg(e, EINVAL, "exec: the working directory must be an absolute path");
	if (r >= 0)
		*ret = p;
	return r;
}
