/* keyring: see keyring.h. */
#include "keyring.h"

#include <linux/keyctl.h>
#include <stdio.h>

#include "base/err.h"
#include "base/procfd.h"
#include "base/sys.h"
#include "id.h"

int keyring_join(const char *id, const char *selinux_label, int procfd, struct err *e)
{
	char name[ID_MAX_BYTES + 8];
	int r = 0;

	snprintf(name, sizeof name, "_ses.%s", id);
	if (selinux_label && procfd >= 0)
		r = procfd_write(procfd, "self/attr/keycreate", selinux_label, e);
	if (r < 0)
		return err_in(e, "label the session keyring");
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name) < 0 && errno != ENOSYS &&
	    errno != EDQUOT && errno != EPERM)
		return err_set(e, errno, "join session keyring %s", name);
	return 0;
}
