/* SPDX-License-Identifier: Apache-2.0 */
/* caps: see caps.h. */
#include "process/caps.h"

#include <stdint.h>
#include <sys/capability.h>
#include <sys/prctl.h>

#include "base/err.h"
#include "oci.h"

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
	uint64_t possible = c ? bits(&c->permitted) & bits(&c->inheritable) : 0;

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return err_set(e, errno, "clear the ambient capabilities");
	for (size_t i = 0; c && i < c->ambient.n; i++) {
		int cap = c->ambient.v[i];
		if ((possible >> cap & 1) && cap_set_ambient((cap_value_t)cap, CAP_SET) < 0)
			return err_set(e, errno, "raise ambient capability %d", cap);
	}
	return 0;
}

/*
 * One capset(2), by the system call itself: a filter may be on already, and to prepare libcap's own
 * cap_t for cap_set_proc() asks the kernel first.
 */
static int caps_set(const struct oci_capabilities *c, uint64_t more_permitted, uint64_t more_effective)
{
	uint64_t permitted = more_permitted | (c ? bits(&c->permitted) : 0);
	uint64_t effective = more_effective | (c ? bits(&c->effective) : 0);
	uint64_t inheritable = c ? bits(&c->inheritable) : 0;
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		data[i] = (struct __user_cap_data_struct){ .permitted = (uint32_t)(permitted >> 32 * i),
							   .effective = (uint32_t)(effective >> 32 * i),
							   .inheritable =
								   (uint32_t)(inheritable >> 32 * i) };
	return capset(&head, data);
}

#define ADMIN (1ULL << CAP_SYS_ADMIN)

int caps_apply(const struct oci_capabilities *c, bool keep_admin, struct err *e)
{
	if (caps_set(c, keep_admin ? ADMIN : 0, 0) < 0)
		return err_set(e, errno, "set the capabilities (is each effective one permitted, and "
			       "each one held by the caller?)");
	return raise_ambient(c, e);
}

int caps_raise_admin(const struct oci_capabilities *c, struct err *e)
{
	return caps_set(c, ADMIN, ADMIN) < 0 ? err_set(e, errno, "raise CAP_SYS_ADMIN") : 0;
}

int caps_drop_admin(const struct oci_capabilities *c, struct err *e)
{
	if (caps_set(c, 0, 0) < 0)
		return err_set(e, errno, "drop CAP_SYS_ADMIN again (does the filter allow capset?)");
	return 0;
}

int caps_keep_admin(struct err *e)
{
	return caps_set(NULL, ADMIN, ADMIN) < 0 ? err_set(e, errno, "drop capabilities") : 0;
}
