/* SPDX-License-Identifier: Apache-2.0 */
/* map: look-ups in decoded documents, see oci.h. */
#include "oci.h"

#include <string.h>

const char *oci_map_get(const oci_map *m, const char *key)
{
	for (size_t i = 0; i < m->n; i++)
		if (!strcmp(m->v[i].key, key))
			return m->v[i].value;
	return NULL;
}

const struct oci_namespace *oci_namespace(const struct oci_config *c, enum oci_ns type)
{
	for (size_t i = 0; c->linux_ && i < c->linux_->namespaces.n; i++)
		if (c->linux_->namespaces.v[i].type == (int)type)
			return &c->linux_->namespaces.v[i];
	return NULL;
}

bool oci_namespace_is_joined(const struct oci_namespace *ns)
{
	return ns->path && *ns->path;
}

bool oci_namespace_is_own(const struct oci_config *c, enum oci_ns type)
{
	const struct oci_namespace *ns = oci_namespace(c, type);

	return ns && !oci_namespace_is_joined(ns);
}
