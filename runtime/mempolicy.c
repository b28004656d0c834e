/* mempolicy: see mempolicy.h. */
#include "mempolicy.h"

#include <stdlib.h>
#include <sys/personality.h>

#include "base/err.h"
#include "base/sys.h"
#include "names.h"
#include "oci.h"

#define MAX_NODES 1024
#define WORD_BITS (8 * sizeof(unsigned long))

/* "0-3,7" into a node mask; false when it is malformed. */
static bool parse_nodes(const char *s, unsigned long mask[MAX_NODES / WORD_BITS])
{
	while (*s) {
		char *end;
		if (*s < '0' || *s > '9')
			return false;
		unsigned long from = strtoul(s, &end, 10), to = from;
		if (*end == '-') {
			s = end + 1;
			if (*s < '0' || *s > '9')
				return false;
			to = strtoul(s, &end, 10);
		}
		if (to < from || to >= MAX_NODES || (*end && *end != ','))
			return false;
		for (; from <= to; from++)
			mask[from / WORD_BITS] |= 1UL << (from % WORD_BITS);
		s = *end ? end + 1 : end;
	}
	return true;
}

int mempolicy_apply(const struct oci_memory_policy *m, struct err *e)
{
	unsigned long mask[MAX_NODES / WORD_BITS] = { 0 };
	bool has_nodes = m->nodes && *m->nodes;
	int mode = m->mode;

	if (has_nodes && !parse_nodes(m->nodes, mask))
		return err_msg(e, EINVAL, "memory policy: nodes \"%s\" are not a list", m->nodes);
	for (size_t i = 0; i < m->flags.n; i++)
		mode |= m->flags.v[i];
	if (syscall(SYS_set_mempolicy, mode, has_nodes ? mask : NULL, has_nodes ? MAX_NODES + 1 : 0) < 0)
		return err_set(e, errno, "set the memory policy to %s on nodes \"%s\"",
			       names_of(NAMES_MEMPOLICY_MODE, m->mode), has_nodes ? m->nodes : "");
	return 0;
}

int personality_apply(const struct oci_personality *p, struct err *e)
{
	if (personality((unsigned long)p->domain) < 0)
		return err_set(e, errno, "set the personality to %s",
			       names_of(NAMES_PERSONALITY, p->domain));
	return 0;
}
