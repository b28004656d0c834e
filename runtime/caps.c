/* caps: see caps.h. */
#include "caps.h"

#include <stdint.h>
#include <sys/capability.h>
#include <sys/prctl.h>

#include "base/err.h"
#include "oci.h"

int caps_last(void)
{
	int low = 0, high = 63;

	/* The kernel refuses numbers that it does not know (PR_CAPBSET_READ). */
	while (low < high) {
		int middle = (low + high + 1) / 2;
		if (prctl(PR_CAPBSET_READ, middle, 0, 0, 0) < 0)
			high = middle - 1;
		else
			low = middle;
	}
	return low;
}

static uint64_t bits(const oci_enums *set)
{
	uint64_t b = 0;

	for (size_t i = 0; i < set->n; i++)
		b |= 1ULL << set->v[i];
	return b;
}

int caps_drop_bounding(const struct oci_capabilities *c, struct err *e)
{
	uint64_t keep = c ? bits(&c->bounding) : 0;

	for (int cap = 0; cap < 64; cap++) {
		if (keep >> cap & 1)
			continue;
		if (cap_drop_bound((cap_value_t)cap) == 0)
			continue;
		if (errno == EINVAL)
			return 0; /* one more than the kernel knows */
		/* Without CAP_SETPCAP what is not there anyway needs no dropping. */
		if (errno == EPERM && cap_get_bound((cap_value_t)cap) == 0)
			continue;
		return err_set(e, errno, "drop capability %d from the bounding set", cap);
	}
	return 0;
}

static int raise_in(cap_t caps, cap_flag_t flag, const oci_enums *set)
{
	cap_value_t values[64];
	int n = 0;

	for (size_t i = 0; i < set->n && n < 64; i++)
		values[n++] = (cap_value_t)set->v[i];
	return n ? cap_set_flag(caps, flag, n, values, CAP_SET) : 0;
}

bool caps_ambient_possible(const struct oci_capabilities *c)
{
	return !(bits(&c->ambient) & ~(bits(&c->permitted) & bits(&c->inheritable)));
}

/*
 * Only what is permitted and inheritable can be ambient. Engines list capabilities there that are not,
 * and runc starts such containers without them, so that is no error.
 */
static int raise_ambient(const struct oci_capabilities *c, struct err *e)
{
	uint64_t possible = bits(&c->permitted) & bits(&c->inheritable);

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return err_set(e, errno, "clear the ambient capabilities");
	for (size_t i = 0; i < c->ambient.n; i++) {
		int cap = c->ambient.v[i];
		if ((possible >> cap & 1) && cap_set_ambient((cap_value_t)cap, CAP_SET) < 0)
			return err_set(e, errno, "raise ambient capability %d", cap);
	}
	return 0;
}

int caps_apply(const struct oci_capabilities *c, struct err *e)
{
	static const struct oci_capabilities none;
	cap_t caps = cap_init();
	int r = 0;

	if (!c)
		c = &none;
	if (!caps)
		return err_set(e, errno, "prepare the capability sets");
	if (raise_in(caps, CAP_PERMITTED, &c->permitted) < 0 ||
	    raise_in(caps, CAP_EFFECTIVE, &c->effective) < 0 ||
	    raise_in(caps, CAP_INHERITABLE, &c->inheritable) < 0)
		r = err_set(e, errno, "prepare the capability sets");
	else if (cap_set_proc(caps) < 0)
		r = err_set(e, errno, "set the capabilities (is each effective one permitted, and "
			    "each one held by the caller?)");
	cap_free(caps);
	return r < 0 ? r : raise_ambient(c, e);
}
