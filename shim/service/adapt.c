/* SPDX-License-Identifier: Apache-2.0 */
/* adapt: see adapt.h. Changes the decoded config alone; nothing on the host. */
#include "service/adapt.h"

#include <string.h>

#include "annotation.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"

static int add_notify(struct arena *a, struct oci_config *c, const char *source, struct err *e)
{
	static char *options[] = { "bind", "ro", "nosuid", "nodev", "noexec" };
	struct oci_mount *v = arena_calloc(a, c->mounts.n + 1, sizeof *v);

	if (!v)
		return err_set(e, ENOMEM, "add the notify socket");
	if (c->mounts.n)
		memcpy(v, c->mounts.v, c->mounts.n * sizeof *v);
	v[c->mounts.n] = (struct oci_mount){
		.destination = ADAPT_NOTIFY_FOLDER,
		.source = (char *)source,
		.type = "bind",
		.options = { options, sizeof options / sizeof *options },
	};
	c->mounts.v = v;
	c->mounts.n++;
	return 0;
}

/* Less what a standby wants for itself. */
static int leave_private(const struct oci_config *c, struct adaption *ad, struct err *e)
{
	unsigned kinds = 0;
	int r = ad->is_primary ? 0 : annotation_private(&c->annotations, &kinds, e);

	for (int kind = 0; kind < OCI_NS_COUNT; kind++)
		if (kinds & 1U << kind)
			ad->shared.fd[kind] = FD_NONE;
	/* What its hooks do for a network is to be done for this one, which goes with it. */
	ad->is_first |= (kinds & 1U << OCI_NS_NETWORK) != 0;
	return r;
}

static bool joins(const struct oci_config *c, const struct adaption *ad, enum oci_ns kind)
{
	const struct oci_namespace *ns = oci_namespace(c, kind);

	return ns && !ns->path && ad->shared.fd[kind] >= 0;
}

static int join_shared(struct arena *a, struct oci_config *c, const struct adaption *ad,
		       struct err *e)
{
	for (size_t i = 0; i < c->linux_->namespaces.n; i++) {
		struct oci_namespace *ns = &c->linux_->namespaces.v[i];
		int fd = ad->shared.fd[ns->type];
		if (ns->path || fd < 0)
			continue;
		ns->path = arena_printf(a, "/proc/self/fd/%d", fd);
		if (!ns->path)
			return err_set(e, ENOMEM, "join the service's namespaces");
	}
	return 0;
}

/* What belongs to a namespace that is there already is not set again. */
static void leave_namespaces_alone(struct oci_config *c, const struct adaption *ad)
{
	bool any = joins(c, ad, OCI_NS_NETWORK) || joins(c, ad, OCI_NS_IPC) || joins(c, ad, OCI_NS_UTS);

	if (joins(c, ad, OCI_NS_NETWORK))
		c->linux_->net_devices.n = 0;
	if (joins(c, ad, OCI_NS_UTS))
		c->hostname = c->domainname = NULL;
	/* All that may be set are of the network, IPC and UTS namespaces. */
	if (any)
		c->linux_->sysctl.n = 0;
}

/* The service's cgroup above has the limits. */
static int keep_device_rules(struct arena *a, struct oci_config *c, struct err *e)
{
	struct oci_resources *all = c->linux_->resources, *devices;

	if (!all)
		return 0;
	devices = arena_alloc(a, sizeof *devices);
	if (!devices)
		return err_set(e, ENOMEM, "copy the resources");
	devices->devices.v = all->devices.v;
	devices->devices.n = all->devices.n;
	c->linux_->resources = devices;
	return 0;
}

static void leave_out_hooks(struct oci_config *c, bool is_first)
{
	if (!c->hooks)
		return;
	if (!is_first)
		c->hooks->prestart.n = c->hooks->create_runtime.n = 0;
	c->hooks->poststart.n = c->hooks->poststop.n = 0;
}

/* Whose end the stand-in's is to be, and whose mounts it is to show. */
static int check_nesting(const struct oci_config *c, const struct adaption *ad, struct err *e)
{
	if (!ad->nests || (oci_namespace_is_own(c, OCI_NS_PID) && oci_namespace_is_own(c, OCI_NS_MOUNT)))
		return 0;
	return err_msg(e, ENOTSUP, "/linux/namespaces: in a service that an engine created every member needs a PID and "
				   "a mount namespace of its own");
}

int adapt_config(struct arena *a, struct oci_config *c, void *arg, struct err *e)
{
	struct adaption own = *(const struct adaption *)arg, *ad = &own;
	int r = check_nesting(c, ad, e);

	if (r >= 0)
		r = leave_private(c, ad, e);
	if (r < 0)
		return r;
	if (c->process && c->process->terminal)
		return err_msg(e, ENOTSUP, "/process/terminal: a supervised service has no terminal");
	c->linux_->cgroups_path = arena_strdup(a, ad->cgroup);
	if (!c->linux_->cgroups_path)
		return err_set(e, ENOMEM, "name the member's cgroup");
	if (ad->rootfs && c->root)
		c->root->path = (char *)ad->rootfs;
	leave_namespaces_alone(c, ad);
	r = join_shared(a, c, ad, e);
	if (r >= 0 && !ad->own_config)
		r = keep_device_rules(a, c, e);
	leave_out_hooks(c, ad->is_first);
	return r >= 0 && ad->notify_dir ? add_notify(a, c, ad->notify_dir, e) : r;
}
