/* SPDX-License-Identifier: Apache-2.0 */
/* validate: the rules of config.md, see validate.h. */
#include "validate.h"

#include <stdbool.h>
#include <string.h>

#include "annotation.h"
#include "fault.h"
#include "names.h"

/* What sethostname(2) and setdomainname(2) take. */
#define HOST_NAME_BYTES 64

static size_t digits(const char *s)
{
	return strspn(s, "0123456789");
}

/* "1.MINOR.PATCH" with whatever may follow in semantic versions. */
static int check_version(const struct oci_config *c, struct fault_sink *sink)
{
	const char *v = c->oci_version;

	if (!v)
		return 0;
	size_t minor = strncmp(v, "1.", 2) ? 0 : digits(v + 2);
	const char *patch = v + 2 + minor + 1;
	bool ok = minor && v[2 + minor] == '.' && digits(patch) &&
		  strchr("-+", patch[digits(patch)]);
	if (ok)
		return 0;
	return fault_at(sink, "/ociVersion", "\"%s\" is not a version 1.x of the runtime-spec", v);
}

static int check_names(const struct oci_config *c, struct fault_sink *sink)
{
	const struct {
		const char *path, *value;
	} names[] = { { "/hostname", c->hostname }, { "/domainname", c->domainname } };
	int r = 0;

	for (size_t i = 0; i < 2 && r == 0; i++) {
		if (!names[i].value)
			continue;
		if (!oci_namespace(c, OCI_NS_UTS))
			r = fault_at(sink, names[i].path, "needs a uts namespace");
		else if (strlen(names[i].value) > HOST_NAME_BYTES)
			r = fault_at(sink, names[i].path, "longer than %d bytes", HOST_NAME_BYTES);
	}
	return r;
}

static bool has_option(const struct oci_mount *m, const char *option)
{
	for (size_t i = 0; i < m->options.n; i++)
		if (!strcmp(m->options.v[i], option))
			return true;
	return false;
}

static int check_mount(const struct oci_config *c, size_t i, struct fault_sink *sink)
{
	const struct oci_mount *m = &c->mounts.v[i];
	struct fault_path at = fault_path("/mounts/%zu", i);
	int r = 0;

	if (!m->uid_mappings.n != !m->gid_mappings.n)
		r = fault_at(sink, at.text, "uidMappings and gidMappings go together");
	else if ((has_option(m, "idmap") || has_option(m, "ridmap")) && !m->uid_mappings.n &&
		 !oci_namespace(c, OCI_NS_USER))
		r = fault_at(sink, at.text, "idmap needs mappings or a user namespace");
	if (r == 0)
		r = validate_id_mappings(&m->uid_mappings,
					 fault_path("%s/uidMappings", at.text).text, sink);
	if (r == 0)
		r = validate_id_mappings(&m->gid_mappings,
					 fault_path("%s/gidMappings", at.text).text, sink);
	return r;
}

static int check_mounts(const struct oci_config *c, struct fault_sink *sink)
{
	int r = 0;

	for (size_t i = 0; i < c->mounts.n && r == 0; i++)
		r = check_mount(c, i, sink);
	return r;
}

static int check_hook_list(const oci_hook_list *list, const char *name, struct fault_sink *sink)
{
	int r = 0;

	for (size_t i = 0; i < list->n && r == 0; i++) {
		const char *path = list->v[i].path;
		if (path && path[0] != '/')
			r = fault_at(sink, fault_path("/hooks/%s/%zu/path", name, i).text,
				     "\"%s\" is not an absolute path", path);
	}
	return r;
}

static int check_hooks(const struct oci_config *c, struct fault_sink *sink)
{
	const struct oci_hooks *h = c->hooks;
	int r = 0;

	if (!h)
		return 0;
	const struct {
		const char *name;
		const oci_hook_list *list;
	} lists[] = {
		{ "prestart", &h->prestart },
		{ "createRuntime", &h->create_runtime },
		{ "createContainer", &h->create_container },
		{ "startContainer", &h->start_container },
		{ "poststart", &h->poststart },
		{ "poststop", &h->poststop },
	};
	for (size_t i = 0; i < sizeof lists / sizeof *lists && r == 0; i++)
		r = check_hook_list(lists[i].list, lists[i].name, sink);
	return r;
}

static int check_annotations(const struct oci_config *c, struct fault_sink *sink)
{
	int r = 0;

	for (size_t i = 0; i < c->annotations.n && r == 0; i++) {
		const struct oci_pair *p = &c->annotations.v[i];
		const char *why = *p->key ? annotation_fault(p->key, p->value) : "empty key";
		if (why)
			r = fault_at(sink, fault_key("/annotations", p->key).text, "%s", why);
	}
	return r;
}

static int check_process(const struct oci_config *c, struct fault_sink *sink)
{
	return c->process ? validate_process(c->process, "/process", sink) : 0;
}

int validate_config(const struct oci_config *c, struct fault_sink *sink)
{
	static int (*const rules[])(const struct oci_config *c, struct fault_sink *sink) = {
		check_version, check_names,	  check_process,    check_mounts,
		check_hooks,   check_annotations, validate_sysctls, validate_linux,
		validate_seccomp,
	};
	int r = 0;

	for (size_t i = 0; i < sizeof rules / sizeof *rules && r == 0; i++)
		r = rules[i](c, sink);
	return r;
}
