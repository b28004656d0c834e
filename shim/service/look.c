/* SPDX-License-Identifier: Apache-2.0 */
/* service/look: is a container one that a policy is asked for? */
#include <string.h>

#include "base/err.h"
#include "policy/hostconf.h"
#include "service/api.h"
#include "service/terms.h"

/* A pod's first container does nothing but hold the namespaces: what annotates the pod means the others. */
static bool holds_a_pod(const oci_map *annotations)
{
	static const char *const kinds[] = { "io.kubernetes.cri.container-type", "io.kubernetes.cri-o.ContainerType" };

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		const char *kind = oci_map_get(annotations, kinds[i]);
		if (kind && !strcmp(kind, "sandbox"))
			return true;
	}
	return false;
}

int service_look(struct arena *a, struct oci_config *c, void *arg, struct err *e)
{
	const struct service_look *look = arg;
	struct policy_flags flags;

	if (holds_a_pod(&c->annotations))
		return 0;
	int r = policy_is_asked(NULL, &c->annotations) ? 1 : hostconf_policy(a, c, &flags, e);

	if (r > 0)
		return CREATE_DECLINED;
	return r < 0 ? r : terms_of_plain(look, &c->annotations, e);
}
