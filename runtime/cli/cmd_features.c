/* cmd_features: the spec's features structure (features.md, features-linux.md), from the tables
 * that decode config.json. It says what is built in, not what this host has. */
#include <seccomp.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "cmd.h"
#include "json.h"
#include "mount_options.h"
#include "names.h"

/* The oldest config.json that is taken. */
#define OCI_VERSION_MIN "1.0.0"

static void put_strings(struct json_out *o, const char *key, const char *const *v)
{
	json_key(o, key);
	json_begin_array(o);
	for (; *v; v++)
		json_string(o, *v);
	json_end_array(o);
}

static void put_names(struct json_out *o, const char *key, enum names_id id)
{
	size_t n;
	const struct name *names = names_get(id, &n);

	json_key(o, key);
	json_begin_array(o);
	for (size_t i = 0; i < n; i++)
		json_string(o, names[i].text);
	json_end_array(o);
}

static void put_bool(struct json_out *o, const char *key, bool v)
{
	json_key(o, key);
	json_bool(o, v);
}

static void put_string(struct json_out *o, const char *key, const char *v)
{
	json_key(o, key);
	json_string(o, v);
}

static void begin(struct json_out *o, const char *key)
{
	json_key(o, key);
	json_begin_object(o);
}

/* {"enabled": true} */
static void put_enabled(struct json_out *o, const char *key)
{
	begin(o, key);
	put_bool(o, "enabled", true);
	json_end_object(o);
}

static void put_mount_options(struct json_out *o)
{
	const char *name;

	json_key(o, "mountOptions");
	json_begin_array(o);
	for (size_t i = 0; (name = mount_option_name(i)); i++)
		json_string(o, name);
	json_end_array(o);
}

static void put_cgroup(struct json_out *o)
{
	begin(o, "cgroup");
	put_bool(o, "v1", false);
	put_bool(o, "v2", true);
	put_bool(o, "systemd", false);
	put_bool(o, "systemdUser", false);
	put_bool(o, "rdma", true);
	json_end_object(o);
}

static void put_seccomp(struct json_out *o)
{
	begin(o, "seccomp");
	put_bool(o, "enabled", true);
	put_names(o, "actions", NAMES_SECCOMP_ACTION);
	put_names(o, "operators", NAMES_SECCOMP_OP);
	put_names(o, "archs", NAMES_SECCOMP_ARCH);
	put_names(o, "knownFlags", NAMES_SECCOMP_FLAG);
	put_names(o, "supportedFlags", NAMES_SECCOMP_FLAG);
	json_end_object(o);
}

static void put_linux(struct json_out *o)
{
	begin(o, "linux");
	put_names(o, "namespaces", NAMES_NAMESPACE);
	put_names(o, "capabilities", NAMES_CAPABILITY);
	put_cgroup(o);
	put_seccomp(o);
	put_enabled(o, "apparmor");
	put_enabled(o, "selinux");
	begin(o, "memoryPolicy");
	put_names(o, "modes", NAMES_MEMPOLICY_MODE);
	put_names(o, "flags", NAMES_MEMPOLICY_FLAG);
	json_end_object(o);
	begin(o, "intelRdt");
	put_bool(o, "enabled", true);
	put_bool(o, "schemata", true);
	put_bool(o, "monitoring", true);
	json_end_object(o);
	begin(o, "mountExtensions");
	put_enabled(o, "idmap");
	json_end_object(o);
	put_enabled(o, "netDevices");
	json_end_object(o);
}

static void put_annotations(struct json_out *o, const char *libseccomp)
{
	begin(o, "annotations");
	put_string(o, "io.github.seccomp.libseccomp.version", libseccomp);
	put_string(o, "org.hart.version", HART_VERSION);
	/* Engines look for it by this name, whatever the runtime. */
	put_string(o, "org.opencontainers.runc.checkpoint.enabled", "false");
	json_end_object(o);
}

static int run_features(struct cli *cli, struct err *e)
{
	static const char *const hooks[] = { "prestart", "createRuntime", "createContainer",
					     "startContainer", "poststart", "poststop", NULL };
	/* A prefix: all of hart's own. */
	static const char *const unsafe[] = { "org.hart.", NULL };
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct json_out o = { .buf = &out, .indent = 4 };
	const struct scmp_version *v = seccomp_version();

	const char *libseccomp = arena_printf(cli->arena, "%u.%u.%u", v->major, v->minor, v->micro);
	if (!libseccomp)
		return err_set(e, ENOMEM, "prepare the output");
	json_begin_object(&o);
	put_string(&o, "ociVersionMin", OCI_VERSION_MIN);
	put_string(&o, "ociVersionMax", OCI_VERSION);
	put_strings(&o, "hooks", hooks);
	put_mount_options(&o);
	put_linux(&o);
	put_annotations(&o, libseccomp);
	put_strings(&o, "potentiallyUnsafeConfigAnnotations", unsafe);
	json_end_object(&o);
	buf_puts(&out, "\n");
	return cli_print(&out, e);
}

const struct command cmd_features = {
	.name = "features",
	.args = "",
	.summary = "print what is built in, as the spec's features structure",
	.max_args = 0,
	.run = run_features,
};
