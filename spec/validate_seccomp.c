/* SPDX-License-Identifier: Apache-2.0 */
/* validate_seccomp: the rules of config-linux.md, "Seccomp", see validate.h. */
#include <stdbool.h>

#include "fault.h"
#include "names.h"
#include "validate.h"

static bool has_errno(int action)
{
	return action == OCI_ACT_ERRNO || action == OCI_ACT_TRACE || action < 0;
}

static int check_rule(const struct oci_seccomp_rule *rule, size_t i, struct fault_sink *sink)
{
	struct fault_path at = fault_path("/linux/seccomp/syscalls/%zu", i);
	int r = 0;

	/* A rule that names nothing does nothing: generated profiles have them. */
	if (rule->errno_ret.set && !has_errno(rule->action))
		r = fault_at(sink, fault_path("%s/errnoRet", at.text).text, "not for %s",
			     names_of(NAMES_SECCOMP_ACTION, rule->action));
	return r;
}

static int check_listener(const struct oci_seccomp *s, struct fault_sink *sink)
{
	int r = 0;

	if (s->default_action == OCI_ACT_NOTIFY)
		r = fault_at(sink, "/linux/seccomp/defaultAction",
			     "SCMP_ACT_NOTIFY would stop the runtime itself");
	if (r == 0 && s->listener_metadata && !s->listener_path)
		r = fault_at(sink, "/linux/seccomp/listenerMetadata", "needs listenerPath");
	for (size_t i = 0; i < s->syscalls.n && r == 0 && !s->listener_path; i++)
		if (s->syscalls.v[i].action == OCI_ACT_NOTIFY)
			return fault_at(sink,
					fault_path("/linux/seccomp/syscalls/%zu/action", i).text,
					"SCMP_ACT_NOTIFY needs listenerPath");
	return r;
}

int validate_seccomp(const struct oci_config *c, struct fault_sink *sink)
{
	const struct oci_seccomp *s = c->linux_->seccomp;
	int r = 0;

	if (!s)
		return 0;
	if (s->default_errno_ret.set && !has_errno(s->default_action))
		r = fault_at(sink, "/linux/seccomp/defaultErrnoRet", "not for %s",
			     names_of(NAMES_SECCOMP_ACTION, s->default_action));
	for (size_t i = 0; i < s->syscalls.n && r == 0; i++)
		r = check_rule(&s->syscalls.v[i], i, sink);
	return r == 0 ? check_listener(s, sink) : r;
}
