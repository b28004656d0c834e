/* user: see user.h. Raw system calls: the task has one thread, and glibc's would look for others. */
#include "user.h"

#include <grp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/io.h"
#include "base/sys.h"
#include "oci.h"

static int apply_groups(const struct oci_user *u, struct err *e)
{
	const oci_u32s *gids = &u->additional_gids;

	if (syscall(SYS_setgroups, gids->n, gids->v) == 0)
		return 0;
	/* A rootless user namespace has setgroups "deny": the groups stay the caller's. */
	if (errno == EPERM && !gids->n)
		return 0;
	return err_set(e, errno, "set %zu additional groups", gids->n);
}

int user_apply(const struct oci_user *u, struct err *e)
{
	int r = apply_groups(u, e);

	if (r < 0)
		return r;
	if (syscall(SYS_setresgid, u->gid, u->gid, u->gid) < 0)
		return err_set(e, errno, "become group %u", u->gid);
	if (u->uid && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return err_set(e, errno, "keep capabilities over the change of user");
	if (syscall(SYS_setresuid, u->uid, u->uid, u->uid) < 0)
		return err_set(e, errno, "become user %u", u->uid);
	/* runc's default, and what images expect */
	umask(u->umask.set ? u->umask.v : 0022);
	return 0;
}

int user_parse(const char *text, uint32_t *ret_uid, uint32_t *ret_gid, struct err *e)
{
	const char *colon = strchr(text, ':');
	char uid[16] = "";
	unsigned u, g = 0;
	size_t n = colon ? (size_t)(colon - text) : strlen(text);

	if (n < sizeof uid)
		memcpy(uid, text, n);
	/* (uid_t)-1 means "unchanged" to the system calls. */
	if (n >= sizeof uid || !io_parse_u32(uid, &u) || u == UINT32_MAX ||
	    (colon && (!io_parse_u32(colon + 1, &g) || g == UINT32_MAX)))
		return err_msg(e, EINVAL, "user \"%s\": expected UID[:GID] in decimal", text);
	*ret_uid = u;
	*ret_gid = g;
	return 0;
}
