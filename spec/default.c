/* SPDX-License-Identifier: Apache-2.0 */
/* default: what `hart spec` writes. The text below goes through the decoder like any other config,
 * so it cannot rot; what is wished for is a change of the decoded structs. */
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "json.h"
#include "rows.h"
#include "spec.h"

#define CAPS "[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"]"

static const char text[] =
	"{\"ociVersion\":\"" OCI_VERSION "\","
	"\"process\":{\"terminal\":true,\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"sh\"],"
	"\"env\":[\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\","
	"\"TERM=xterm\"],\"cwd\":\"/\","
	"\"capabilities\":{\"bounding\":" CAPS ",\"effective\":" CAPS ",\"permitted\":" CAPS "},"
	"\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"hard\":1024,\"soft\":1024}],"
	"\"noNewPrivileges\":true},"
	"\"root\":{\"path\":\"rootfs\",\"readonly\":true},"
	"\"hostname\":\"hart\","
	"\"mounts\":["
	"{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
	"{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\","
	"\"options\":[\"nosuid\",\"strictatime\",\"mode=755\",\"size=65536k\"]},"
	"{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\",\"options\":"
	"[\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\",\"mode=0620\",\"gid=5\"]},"
	"{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"mode=1777\",\"size=65536k\"]},"
	"{\"destination\":\"/dev/mqueue\",\"type\":\"mqueue\",\"source\":\"mqueue\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\"]},"
	"{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"ro\"]},"
	"{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\",\"source\":\"cgroup\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"relatime\",\"ro\"]}],"
	"\"linux\":{\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]},"
	"\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"},"
	"{\"type\":\"uts\"},{\"type\":\"mount\"},{\"type\":\"cgroup\"}],"
	"\"maskedPaths\":[\"/proc/acpi\",\"/proc/asound\",\"/proc/kcore\",\"/proc/keys\","
	"\"/proc/latency_stats\",\"/proc/timer_list\",\"/proc/timer_stats\",\"/proc/sched_debug\","
	"\"/sys/firmware\",\"/proc/scsi\"],"
	"\"readonlyPaths\":[\"/proc/bus\",\"/proc/fs\",\"/proc/irq\",\"/proc/sys\","
	"\"/proc/sysrq-trigger\"]}}";

/* A user namespace of one ID; the network stays the caller's, as nobody could set up another. */
static int make_user_namespace(struct arena *a, struct oci_linux *l, uint32_t uid, uint32_t gid)
{
	struct oci_id_mapping *ids = arena_calloc(a, 2, sizeof *ids);

	if (!ids)
		return -ENOMEM;
	ids[0] = (struct oci_id_mapping){ .host_id = uid, .size = 1 };
	ids[1] = (struct oci_id_mapping){ .host_id = gid, .size = 1 };
	l->uid_mappings.v = &ids[0];
	l->gid_mappings.v = &ids[1];
	l->uid_mappings.n = l->gid_mappings.n = 1;
	for (size_t i = 0; i < l->namespaces.n; i++)
		if (l->namespaces.v[i].type == OCI_NS_NETWORK)
			l->namespaces.v[i].type = OCI_NS_USER;
	return 0;
}

/* Drops gid=5, which one mapped ID cannot express; binds /sys, which only the owner of the network
 * namespace may mount. */
static void fit_mounts(struct oci_mount *mounts, size_t n, char **sys_options)
{
	for (size_t i = 0; i < n; i++) {
		oci_strings *options = &mounts[i].options;
		size_t kept = 0;

		for (size_t k = 0; k < options->n; k++)
			if (strncmp(options->v[k], "gid=", 4))
				options->v[kept++] = options->v[k];
		options->n = kept;
		if (strcmp(mounts[i].destination, "/sys"))
			continue;
		mounts[i].type = (char *)"none";
		mounts[i].source = (char *)"/sys";
		sys_options[0] = (char *)"rbind";
		memcpy(sys_options + 1, options->v, options->n * sizeof *options->v);
		options->v = sys_options;
		options->n++;
	}
}

/* The network, and its names, are the caller's. */
static void take_host_network(struct oci_linux *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->namespaces.n; i++)
		if (l->namespaces.v[i].type != OCI_NS_NETWORK)
			l->namespaces.v[kept++] = l->namespaces.v[i];
	l->namespaces.n = kept;
}

static void set_args(struct oci_process *p, char **args)
{
	p->args.v = args;
	for (p->args.n = 0; args[p->args.n]; p->args.n++)
		;
	p->terminal = false;
}

static int set_env(struct arena *a, struct oci_process *p, const struct spec_wish *wish, struct err *e)
{
	char **env = arena_calloc(a, p->env.n + wish->n_env, sizeof *env);
	size_t n = p->env.n;

	if (!env)
		return err_set(e, ENOMEM, "write the default config");
	memcpy(env, p->env.v, n * sizeof *env);
	for (size_t i = 0; i < wish->n_env; i++) {
		size_t name = strcspn(wish->env[i], "="), k = 0;
		if (!name || !wish->env[i][name])
			return err_msg(e, EINVAL, "--env %s: expected NAME=VALUE", wish->env[i]);
		while (k < n && strncmp(env[k], wish->env[i], name + 1) != 0)
			k++;
		env[k] = wish->env[i];
		n += k == n;
	}
	p->env.v = env;
	p->env.n = n;
	return 0;
}

static int make_rootless(struct arena *a, struct oci_config *c, const struct spec_wish *wish, char **sys_options,
			 struct err *e)
{
	if (make_user_namespace(a, c->linux_, wish->uid, wish->gid) < 0)
		return err_set(e, ENOMEM, "write the default config");
	c->linux_->resources = NULL;
	fit_mounts(c->mounts.v, c->mounts.n, sys_options);
	return 0;
}

int spec_write_default(struct buf *out, const struct spec_wish *wish, struct err *e)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct json_out o = { .buf = out, .indent = 4 };
	struct oci_config *c;
	char *sys_options[8];

	int r = spec_load_config(&a, text, sizeof text - 1, &c, NULL, e);
	if (r < 0)
		return r;
	if (wish->rootless)
		r = make_rootless(&a, c, wish, sys_options, e);
	if (r >= 0 && wish->n_env)
		r = set_env(&a, c->process, wish, e);
	if (r < 0)
		return r;
	if (wish->host_network)
		take_host_network(c->linux_);
	if (wish->args)
		set_args(c->process, wish->args);
	if (wish->writable)
		c->root->readonly = false;
	table_encode(table_get(TABLE_CONFIG), c, &o);
	buf_puts(out, "\n");
	if (out->failed)
		return err_set(e, ENOMEM, "write the default config");
	return 0;
}
