/* SPDX-License-Identifier: Apache-2.0 */
/* keyring: see keyring.h. */
#include "process/keyring.h"

#include <limits.h>
#include <linux/keyctl.h>
#include <stdio.h>

#include "base/err.h"
#include "base/procfd.h"
#include "base/sys.h"

int keyring_join(const char *id, const char *selinux_label, int procfd, struct err *e)
{
	char name[NAME_MAX + 1];

	snprintf(name, sizeof name, "_ses.%s", id);
	if (selinux_label && *selinux_label && procfd >= 0 &&
	    procfd_write(procfd, "self/attr/keycreate", selinux_label, e) < 0)
		return err_in(e, "label the session keyring");
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name) < 0 && errno != ENOSYS)
		return err_set(e, errno, "join session keyring %s (--no-new-keyring goes without)", name);
	return 0;
}
