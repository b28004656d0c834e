/* SPDX-License-Identifier: Apache-2.0 */
/* mempolicy: see mempolicy.h. */
#include "process/mempolicy.h"

#include <sys/personality.h>

#include "base/err.h"
#include "base/sys.h"
#include "names.h"
#include "oci.h"
#include "process/bitlist.h"

#define MAX_NODES 1024 /* the greatest MAX_NUMNODES of any architecture */

int mempolicy_apply(const struct oci_memory_policy *m, struct err *e)
{
	unsigned long mask[MAX_NODES / BITLIST_WORD_BITS] = { 0 };
	const char *name = names_of(NAMES_MEMPOLICY_MODE, m->mode);
	bool has_nodes = m->nodes && *m->nodes;
	int mode = m->mode;

	if (has_nodes && bitlist_parse(m->nodes, mask, MAX_NODES, e) < 0)
		return err_in(e, "memory policy %s", name);
	for (size_t i = 0; i < m->flags.n; i++)
		mode |= m->flags.v[i];
	/* The kernel takes one bit less than it is told. */
	if (syscall(SYS_set_mempolicy, mode, has_nodes ? mask : NULL, has_nodes ? MAX_NODES + 1 : 0) < 0)
		return err_set(e, errno, "set the memory policy to %s%s%s", name,
			       has_nodes ? " of nodes " : "", has_nodes ? m->nodes : "");
	return 0;
}

int personality_apply(const struct oci_personality *p, struct err *e)
{
	if (personality((unsigned long)p->domain) < 0)
		return err_set(e, errno, "set the personality to %s",
			       names_of(NAMES_PERSONALITY, p->domain));
	return 0;
}
