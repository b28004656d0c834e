/* SPDX-License-Identifier: Apache-2.0 */
/* hostname: see hostname.h. */
#include "ns/hostname.h"

#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "oci.h"

int hostname_apply(const struct oci_config *c, struct err *e)
{
	if (c->hostname && *c->hostname && sethostname(c->hostname, strlen(c->hostname)) < 0)
		return err_set(e, errno, "set hostname \"%s\"", c->hostname);
	if (c->domainname && *c->domainname &&
	    setdomainname(c->domainname, strlen(c->domainname)) < 0)
		return err_set(e, errno, "set domainname \"%s\"", c->domainname);
	return 0;
}
