/* SPDX-License-Identifier: Apache-2.0 */
/* annotation_kind: see annotation_kind.h. */
#include "annotation_kind.h"

#include <string.h>

#include "annotation.h"
#include "policy_rows.h"

static const struct {
	const char *key;
	enum annotation_kind kind;
	enum annotation_form form;
} kinds[] = {
	{ ANNOTATION_OVERLAY, ANNOTATION_HOST_PATH, FORM_UPPER },
	{ ANNOTATION_OVERLAY_LOWER, ANNOTATION_HOST_PATH, FORM_LAYERS },
	{ ANNOTATION_PRIVATE, ANNOTATION_HARMLESS, FORM_NONE }, /* namespaces of its own: more isolation */
	{ ANNOTATION_KEEP_GROUPS, ANNOTATION_WEAKENS, FORM_NONE },
	{ "org.hart.standby", ANNOTATION_HOST_PATH, FORM_FOLDERS },
	{ "org.hart.standby-mode", ANNOTATION_HARMLESS, FORM_NONE },
	{ "org.hart.restarts", ANNOTATION_HARMLESS, FORM_NONE },
	{ "org.hart.max-failures", ANNOTATION_HARMLESS, FORM_NONE },
	{ "org.hart.window", ANNOTATION_HARMLESS, FORM_NONE },
	{ "org.hart.backoff", ANNOTATION_HARMLESS, FORM_NONE },
	{ "org.hart.success", ANNOTATION_HARMLESS, FORM_NONE },
	{ "org.hart.ready", ANNOTATION_HARMLESS, FORM_NONE },
	{ "org.hart.ready-timeout", ANNOTATION_HARMLESS, FORM_NONE },
	{ "org.hart.watchdog", ANNOTATION_HARMLESS, FORM_NONE },
	{ "org.hart.probe", ANNOTATION_HARMLESS, FORM_NONE }, /* a command runs inside, as exec does */
	{ "org.hart.probe-interval", ANNOTATION_HARMLESS, FORM_NONE },
	{ "org.hart.probe-timeout", ANNOTATION_HARMLESS, FORM_NONE },
	{ "org.hart.probe-retries", ANNOTATION_HARMLESS, FORM_NONE },
	{ "org.hart.probe-start-period", ANNOTATION_HARMLESS, FORM_NONE },
	{ "org.hart.oom", ANNOTATION_HARMLESS, FORM_NONE },
	{ "org.hart.stall", ANNOTATION_HARMLESS, FORM_NONE },
	{ "org.hart.failback", ANNOTATION_HARMLESS, FORM_NONE },
	{ "org.hart.listen", ANNOTATION_HOST_PATH, FORM_SOCKETS },
	{ "org.hart.port", ANNOTATION_HARMLESS, FORM_NONE }, /* those of its own programs */
	{ "org.hart.on-promote", ANNOTATION_HARMLESS, FORM_NONE }, /* a command runs inside */
	{ "org.hart.reclaim", ANNOTATION_HARMLESS, FORM_NONE },
	{ "org.hart.fdstore-max", ANNOTATION_HARMLESS, FORM_NONE },
	{ "org.hart.drain", ANNOTATION_HARMLESS, FORM_NONE },
	{ "org.hart.stop-signal", ANNOTATION_HARMLESS, FORM_NONE },
	{ "org.hart.stop-timeout", ANNOTATION_HARMLESS, FORM_NONE },
	{ "org.hart.fence-timeout", ANNOTATION_HARMLESS, FORM_NONE },
	{ "org.hart.log-file", ANNOTATION_HOST_PATH, FORM_FILE },
	/* The log is in memory as a rule: its size is a matter of the host's. */
	{ "org.hart.log-size", ANNOTATION_WEAKENS, FORM_NONE },
	{ "org.hart.log-keep", ANNOTATION_WEAKENS, FORM_NONE },
	{ "org.hart.journal", ANNOTATION_HOST_PATH, FORM_FILE },
	{ "org.hart.on-event", ANNOTATION_RUNS_OUTSIDE, FORM_NONE },
	{ "org.hart.events-to", ANNOTATION_WEAKENS, FORM_NONE }, /* writes to the host's log */
	{ "org.hart.mlock", ANNOTATION_HARMLESS, FORM_NONE },
};

enum annotation_kind annotation_kind(const char *key, enum annotation_form *ret_form)
{
	*ret_form = FORM_NONE;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (strcmp(key, kinds[i].key) != 0)
			continue;
		*ret_form = kinds[i].form;
		return kinds[i].kind;
	}
	return strncmp(key, POLICY_ANNOTATION_PREFIX, strlen(POLICY_ANNOTATION_PREFIX)) ? ANNOTATION_FOREIGN :
											   ANNOTATION_UNKNOWN;
}

bool annotation_is_policy(const char *key)
{
	size_t n = strlen(POLICY_ANNOTATION_PREFIX);

	for (size_t i = 0; !strncmp(key, POLICY_ANNOTATION_PREFIX, n) && i < POLICY_KEYS; i++)
		if (!strcmp(key + n, policy_rows[i].name))
			return true;
	return false;
}

const char *annotation_next_unknown(const oci_map *annotations, size_t *at)
{
	enum annotation_form form;

	while (*at < annotations->n) {
		const char *key = annotations->v[(*at)++].key;
		if (annotation_kind(key, &form) == ANNOTATION_UNKNOWN)
			return key;
	}
	return NULL;
}
